from typing import Any

import pytest

from incognita_shared.auth import (
    API_KEYS,
    ApiKeys,
    Role,
    new_api_key,
    on_api_key_changed,
    secret_sha256,
)
from incognita_shared.clock import now
from incognita_shared.events.assignment import ApiKeyChanged
from incognita_shared.events.envelope import Envelope
from incognita_shared.kafka.incoming import Received
from incognita_shared.mongo.client import Database, ensure_collections
from incognita_shared.mongo.work import Work
from incognita_shared.problems import Unauthorized


def _changed(key_id: str, version: int, **changes: Any) -> ApiKeyChanged:
    state: dict[str, Any] = {
        "chain_id": "chain",
        "key_id": key_id,
        "secret_sha256": secret_sha256("secret"),
        "role": "branch_manager",
        "branch_ids": ("b1", "b2"),
        "revoked": False,
        "version": version,
    }
    return ApiKeyChanged(**(state | changes))


async def _take_in(database: Database, *events: ApiKeyChanged) -> None:
    """As the consumer does: all in one transaction, through the real ``Work``."""
    await ensure_collections(database, [API_KEYS])
    async with database.client.start_session() as session:

        async def handle(inner: Any) -> None:
            work = Work("scoring", database, inner)
            for event in events:
                envelope = Envelope("e", "t", "s", now(), event.subject, "t", event.key, b"")
                await on_api_key_changed(Received(event, envelope), work)
            await work.flush()

        await session.with_transaction(handle)


def test_a_new_key_holds_256_random_bits_and_reads_back() -> None:
    key_id, secret, text = new_api_key()
    assert text == f"inc_{key_id}_{secret}"
    assert len(secret) == 43
    assert new_api_key()[1] != secret


async def test_a_key_says_who_calls(database: Database) -> None:
    await _take_in(database, _changed("k1", 1))
    caller = await ApiKeys(database).principal_of("inc_k1_secret")
    assert (caller.role, caller.chain, caller.branch_ids) == (
        Role.BRANCH_MANAGER,
        "chain",
        ("b1", "b2"),
    )


async def test_a_secret_may_hold_underscores(database: Database) -> None:
    await _take_in(database, _changed("k1", 1, secret_sha256=secret_sha256("a_b_-c")))
    assert (await ApiKeys(database).principal_of("inc_k1_a_b_-c")).key_id == "k1"


@pytest.mark.parametrize(
    "token",
    ["inc_k1_wrong", "inc_k2_secret", "inc_k1", "inc_k1_", "inc__secret", "k1_secret", "", "é",
     "inc_k1_secret" + "x" * 300, "inc_\ud800_\ud800", "inc_operator_secret"],
)  # fmt: skip
async def test_any_other_key_is_refused_in_the_same_words(database: Database, token: str) -> None:
    await _take_in(database, _changed("k1", 1))
    with pytest.raises(Unauthorized, match="unknown, wrong or revoked") as caught:
        await ApiKeys(database).principal_of(token)
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_operators_key_comes_from_the_environment(database: Database) -> None:
    keys = ApiKeys(database, secret_sha256("op"))
    caller = await keys.principal_of("inc_operator_op")
    assert (caller.role, caller.chain_id) == (Role.OPERATOR, None)
    with pytest.raises(Unauthorized):
        await keys.principal_of("inc_operator_other")


async def test_no_event_makes_an_operator(database: Database) -> None:
    await _take_in(
        database, _changed("operator", 1, role="operator"), _changed("k1", 1, role="operator")
    )
    for token in ("inc_operator_secret", "inc_k1_secret"):
        with pytest.raises(Unauthorized):
            await ApiKeys(database).principal_of(token)


@pytest.mark.parametrize("used_meanwhile", [False, True])
async def test_a_revocation_acts_within_two_seconds(
    database: Database, monkeypatch: pytest.MonkeyPatch, used_meanwhile: bool
) -> None:
    seconds = _clock(monkeypatch)
    await _take_in(database, _changed("k1", 1), _changed("k2", 1))
    keys = ApiKeys(database)
    await keys.principal_of("inc_k1_secret")
    if used_meanwhile:
        seconds[0] += 1.9
        await keys.principal_of("inc_k2_secret")
        await keys.principal_of("inc_k1_secret")
    await _take_in(database, _changed("k1", 2, revoked=True))
    seconds[0] += 2.1
    with pytest.raises(Unauthorized):
        await keys.principal_of("inc_k1_secret")
    await keys.principal_of("inc_k2_secret")


async def test_keys_in_use_are_asked_about_together(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = _clock(monkeypatch)
    names = [f"k{number}" for number in range(20)]
    await _take_in(database, *(_changed(name, 1) for name in names))
    keys = ApiKeys(database)
    asked: list[str] = []
    monkeypatch.setattr(keys, "_read", _counted(keys._read, asked))
    for _ in range(5):
        for name in names:
            await keys.principal_of(f"inc_{name}_secret")
        seconds[0] += 1.5
    assert asked == names


async def test_a_changed_key_is_read_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = _clock(monkeypatch)
    await _take_in(database, _changed("k1", 1, branch_ids=("b1",)))
    keys = ApiKeys(database)
    await keys.principal_of("inc_k1_secret")
    await _take_in(database, _changed("k1", 2, branch_ids=("b2",)))
    seconds[0] += 1.5
    assert (await keys.principal_of("inc_k1_secret")).branch_ids == ("b2",)


def _clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds = [1_000.0]
    monkeypatch.setattr("incognita_shared.auth.time.monotonic", lambda: seconds[0])
    return seconds


def _counted(read: Any, asked: list[str]) -> Any:
    async def counted(key_id: str) -> Any:
        asked.append(key_id)
        return await read(key_id)

    return counted


async def test_the_same_event_twice_changes_nothing(database: Database) -> None:
    await _take_in(database, _changed("k1", 1))
    once = await database[API_KEYS].find().to_list()
    await _take_in(database, _changed("k1", 1), _changed("k1", 1))
    assert await database[API_KEYS].find().to_list() == once
    assert once[0]["_id"] == "k1"
    assert "key_id" not in once[0]


async def test_an_older_state_that_comes_late_changes_nothing(database: Database) -> None:
    await _take_in(database, _changed("k1", 3, revoked=True), _changed("k1", 2))
    await _take_in(database, _changed("k1", 2))
    assert (await database[API_KEYS].find_one({"_id": "k1"}) or {})["version"] == 3
    with pytest.raises(Unauthorized):
        await ApiKeys(database).principal_of("inc_k1_secret")


async def test_a_value_that_looks_like_an_expression_is_kept_as_it_is(database: Database) -> None:
    await _take_in(database, _changed("k1", 1, branch_ids=("$version",), franchisee_id="$$ROOT"))
    stored = await database[API_KEYS].find_one({"_id": "k1"}) or {}
    assert (stored["branch_ids"], stored["franchisee_id"]) == (["$version"], "$$ROOT")
