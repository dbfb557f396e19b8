"""Projections rebuilt from the topics are what they were, whoever is killed on the way."""

import asyncio

from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from deploy.ctl.tests.comparing import (
    COMPARISON,
    COMPARISON_EVENTS,
    INDEXED,
    SCORING_EVENTS,
    comparison,
    play,
    spoil,
)
from deploy.ctl.tests.operating import (
    approved,
    contents,
    ends,
    incognitactl,
    publish,
    scored,
)
from incognita_shared.settings import kafka_name
from incognitactl.connections import Connections
from support.delivery import read_all


async def test_a_rebuilt_comparison_is_what_it_was_and_says_nothing(compared: Connections) -> None:
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON, "checkpoints", without=("epoch", "lsid", "owner"))
    said = await ends(compared, COMPARISON_EVENTS)
    indexes = {name: await db[name].index_information() for name in INDEXED}
    assert len(before["results"]) == 60
    await spoil(compared)
    status, text = await incognitactl("rebuild", "comparison", "--by", "ann")
    assert status == 0, text
    after = await contents(db, *COMPARISON, "checkpoints", without=("epoch", "lsid", "owner"))
    assert after == before
    assert {name: await db[name].index_information() for name in INDEXED} == indexes
    assert await ends(compared, COMPARISON_EVENTS) == said
    account = await db["rebuilds"].find_one({})
    assert account is not None
    assert (account["by"], account["outcome"]) == ("ann", "done")
    assert f"{db.name}_rebuild" not in await db.client.list_database_names()
    await play(compared, scored("new", branch_id="branch-1"), approved("new", branch_id="branch-1"))
    assert await db["results"].count_documents({}) == 61
    assert sum((await ends(compared, COMPARISON_EVENTS)).values()) == sum(said.values()) + 1


async def test_one_projection_is_rebuilt_and_the_others_left_alone(compared: Connections) -> None:
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON)
    await spoil(compared)
    spoilt = await contents(db, *COMPARISON)
    status, text = await incognitactl("rebuild", "comparison", "--projection", "branches")
    assert status == 0, text
    after = await contents(db, *COMPARISON)
    assert after["branches"] == before["branches"]
    assert after["results"] == spoilt["results"]


async def test_a_running_service_is_not_rebuilt(compared: Connections) -> None:
    async with comparison(compared):
        await asyncio.sleep(3)
        status, text = await incognitactl("rebuild", "comparison")
    assert status == 2
    assert "comparison is running" in text
    assert await compared.databases["comparison"]["rebuilds"].count_documents({}) == 0


async def test_what_does_not_follow_from_topics_is_refused_with_the_reason(
    connections: Connections,
) -> None:
    for arguments, why in (
        (["assignment"], "restore it from a backup"),
        (["evidence", "--projection", "reports"], "said first here"),
        (["notification", "--projection", "deliveries"], "what was sent to whom"),
        (["comparison", "--projection", "moons"], "not moons"),
    ):
        status, text = await incognitactl("rebuild", *arguments)
        assert status == 2
        assert why in text


async def test_a_topic_that_has_lost_its_first_records_is_refused(compared: Connections) -> None:
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON)
    found = await ends(compared, SCORING_EVENTS)
    cut = max(found, key=lambda number: found[number])
    admin = AIOKafkaAdminClient(**compared.kafka.connection())
    await admin.start()
    partition = TopicPartition(kafka_name(SCORING_EVENTS), cut)
    await admin.delete_records({partition: RecordsToDelete(before_offset=2)})
    await admin.close()
    status, text = await incognitactl("rebuild", "comparison")
    assert status == 2
    assert f"{SCORING_EVENTS}:{cut} begins at 2" in text
    assert await contents(db, *COMPARISON) == before
    status, text = await incognitactl("rebuild", "comparison", "--from-what-is-left")
    assert status == 0
    assert "will not be there any more" in text
    after = await contents(db, *COMPARISON)
    assert len(after["results"]) == len(before["results"]) - 1
    assert after["results"].items() <= before["results"].items()


async def test_a_lost_database_is_left_to_the_service_itself(compared: Connections) -> None:
    """It reads everything again and says it again with the same ids, which readers know."""
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON)
    said = {
        dict(each.headers)["ce_id"] for each in await read_all(compared.kafka, COMPARISON_EVENTS)
    }
    await db.client.drop_database(db.name)
    status, text = await incognitactl("rebuild", "comparison")
    assert status == 2
    assert "there is no checkpoint" in text
    await play(compared)
    assert await contents(db, *COMPARISON) == before
    again = await read_all(compared.kafka, COMPARISON_EVENTS)
    assert len(again) == 2 * len(said)
    assert {dict(each.headers)["ce_id"] for each in again} == said


async def test_parked_visits_and_dead_letters_stay_what_they_are(compared: Connections) -> None:
    """The service has not handled them, so the rebuilt projection does not have them either."""
    db = compared.databases["comparison"]
    before = await contents(db, *COMPARISON)
    last = (await ends(compared, SCORING_EVENTS))[0]
    await publish(*(scored("parked", branch_id=f"branch-{number}") for number in range(1)))
    found = await ends(compared, SCORING_EVENTS)
    (record,) = [
        each for each in await read_all(compared.kafka, SCORING_EVENTS) if b'"parked"' in each.value
    ]
    source = f"{SCORING_EVENTS}:{record.partition}"
    await db["parked_records"].insert_one(
        {"_id": f"{source}:{record.offset:015d}", "source": source, "offset": record.offset}
    )
    await db["checkpoints"].update_one({"_id": source}, {"$set": {"next": record.offset + 1}})
    assert found != last
    status, text = await incognitactl("rebuild", "comparison")
    assert status == 0, text
    assert await contents(db, *COMPARISON) == before
    assert await db["parked_records"].count_documents({}) == 1
