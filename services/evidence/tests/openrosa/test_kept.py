"""What phones sent stays in the bucket, whatever counts of it; what was in passing does not."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from incognita_evidence.rules.orphans import Patience
from incognita_evidence.visit import Visit
from incognita_shared.ids import new_id
from incognita_shared.objects import ObjectStore
from tests.collect.client import Collect
from tests.collect.form import Instance

AT_ONCE = Patience(before=timedelta(0), hidden=timedelta(0))


async def test_forms_and_files_of_phones_stay_also_where_they_do_not_count(
    phone: Collect, make_visit: Callable[..., Visit], accept: Callable[[Visit], Awaitable[Visit]],
    filled: Callable[..., Awaitable[Instance]], sweep: Callable[[Patience], Awaitable[None]],
    store: ObjectStore, db: Any,
) -> None:  # fmt: skip
    visit = await accept(make_visit())
    instance = await filled(visit)
    await phone.send(instance)
    other = await phone.post(replace(instance, xml=instance.xml.replace(b">2<", b">3<")), ["1.jpg"])
    assert other.status_code == 201
    arrival = await db["arrivals"].find_one({})
    assert len(arrival["versions"]) == 2
    sent = {*arrival["versions"], *(file["sha256"] for file in arrival["files"])}
    assert len(sent) == 3
    incoming = f"{visit.chain_id}/incoming/{new_id()}"
    await store.run(
        "PutObject", incoming, lambda client: client._put_object(store.bucket, incoming, b"1", {})
    )
    await db["reports"].update_one({"_id": visit.id}, {"$set": {"items.0.state": "refused"}})
    for _ in range(3):
        await sweep(AT_ONCE)
    for digest in sent:
        assert await store.head(f"{visit.chain_id}/{visit.id}/{digest}") is not None
    assert await store.head(incoming) is None


async def test_a_file_that_was_removed_and_sent_again_goes_again(
    phone: Collect, make_visit: Callable[..., Visit], accept: Callable[[Visit], Awaitable[Visit]],
    filled: Callable[..., Awaitable[Instance]], sweep: Callable[[Patience], Awaitable[None]],
    store: ObjectStore, db: Any,
) -> None:  # fmt: skip
    visit = await accept(make_visit())
    instance = await filled(visit)
    await phone.send(instance)
    (item,) = (await db["reports"].find_one({"_id": visit.id}))["items"]
    await db["reports"].update_one({"_id": visit.id}, {"$set": {"items.0.state": "removed"}})
    assert (await phone.post(instance, ["1.jpg"])).status_code == 201
    for _ in range(2):
        await sweep(AT_ONCE)
    assert await store.head(item["object_key"]) is None
    xml = (await db["arrivals"].find_one({}))["xml_sha256"]
    assert await store.head(f"{visit.chain_id}/{visit.id}/{xml}") is not None
