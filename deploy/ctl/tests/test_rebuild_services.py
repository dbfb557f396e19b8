"""What the other services can have rebuilt: scoring all, evidence and notification their copies."""

import asyncio
import base64
import random
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.ctl.tests.operating import (
    CHAIN,
    approved,
    contents,
    ends,
    incognitactl,
    is_caught_up,
    kill,
    prepare,
    publish,
    scored,
    service,
    started,
    stop,
)
from incognita_scoring.repository.scores import Scores
from incognita_scoring.reviews import decide
from incognita_scoring.rules import Verb
from incognita_shared.auth import API_KEYS
from incognita_shared.events.assignment import (
    ApiKeyChanged,
    BranchChanged,
    ChainChanged,
    QuestionnairePublished,
    VisitAccepted,
    VisitCancelled,
    VisitOffered,
    VisitReturned,
)
from incognita_shared.events.envelope import Event
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.mongo.client import Database
from incognitactl.connections import Connections
from support.delivery import eventually

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCORING = ("scores", "score_revisions", "questionnaires", "branches", "cancelled_visits", API_KEYS)
FINDING = {"code": "outside_geofence", "severity": "major", "detail": "1,200 m away"}
QUESTION = {
    "type": "boolean",
    "label": {"en": "Right?"},
    "scoring": {"method": "expected_value", "expected": True},
}
CATALOG: list[Event] = [
    ChainChanged(chain_id=CHAIN, name="Pizza", languages=("en",), version=1),
    ApiKeyChanged(
        chain_id=CHAIN, key_id="key", secret_sha256="0" * 64, role="reviewer", revoked=False,
        version=1,
    ),
    QuestionnairePublished.model_validate({
        "chain_id": CHAIN, "questionnaire_id": "q", "version": 1,
        "definition": {
            "title": {"en": "Pizza"}, "default_language": "en", "languages": ["en"],
            "score": {"pass_mark": 60},
            "sections": [{
                "id": "s", "title": {"en": "S"},
                "questions": [
                    {"id": "one", **QUESTION},
                    {"id": "two", "visible_to_client": False, **QUESTION},
                ],
            }],
        },
    }),
    BranchChanged.model_validate({
        "chain_id": CHAIN, "branch_id": "branch-1", "store_id": "S1", "name": "Branch",
        "address": "1 Main St", "city": "Westland", "region": "MI", "country": "US",
        "postal_code": "48185", "ownership": "franchise", "franchisee_id": "f1",
        "time_zone": "America/Detroit", "position": None, "geofence_m": 200, "closed": False,
        "version": 3,
    }),
]  # fmt: skip


def about(visit_id: str, seq: int) -> dict[str, Any]:
    """What all events of a visit say."""
    return {
        "chain_id": CHAIN, "visit_id": visit_id, "branch_id": "branch-1", "wave_id": "wave-1",
        "seq": seq,
    }  # fmt: skip


def report(visit_id: str, revision: int = 1, *, good: bool = True, flagged: bool = False) -> Event:
    """A completed report; a flagged one waits for a reviewer."""
    return ReportCompleted.model_validate({
        **about(visit_id, revision), "report_revision": revision, "programme_id": "programme",
        "shopper_id": "shopper", "questionnaire_id": "q", "questionnaire_version": 1,
        "channel": "delivery", "scenario": "dinner", "answers": {"one": True, "two": good},
        "items": (), "findings": (FINDING,) if flagged else (), "started_at": NOON,
        "ended_at": NOON + timedelta(minutes=40), "submitted_at": NOON + timedelta(hours=2),
    })  # fmt: skip


def caught_up(connections: Connections, name: str) -> Callable[[], Any]:
    """Whether the service has read and said all."""
    return lambda: is_caught_up(connections, name)


@pytest.fixture
async def scoring(connections: Connections) -> Connections:
    """Scores of every kind: by rule, by reviewers, corrected, rejected late, called off."""
    db = connections.databases["scoring"]
    visits = [f"{name}-{number}" for number in range(5) for name in ("rule", "returned", "late")]
    await prepare(connections, ["scoring"])
    async with service("scoring") as process:
        await publish(
            *CATALOG,
            VisitCancelled(**about("called-off", 2), reason="closed", cancelled_at=NOON),
        )
        await eventually(caught_up(connections, "scoring"))
        await publish(
            report("called-off"),
            *(report(each, flagged=not each.startswith("rule")) for each in visits),
            report("waiting", flagged=True),
        )
        await eventually(caught_up(connections, "scoring"))
        scores = Scores(db, CHAIN)
        for each in visits:
            if each.startswith("rule"):
                continue
            verb = Verb.RETURN if each.startswith("returned") else Verb.APPROVE
            await decide(scores, each, verb, key_id="ann", report_revision=1, text=f"{verb} it")
            if each.startswith("late"):
                await decide(scores, each, Verb.REJECT, key_id="bob", report_revision=1, text="no")
            else:
                await publish(report(each, 2, good=False))
        await eventually(caught_up(connections, "scoring"))
        await stop(process)
    return connections


async def scores_of(db: Database) -> dict[str, Any]:
    """All that scoring keeps; ``relay_bucket`` only says who published last."""
    return await contents(db, *SCORING, without=("relay_bucket",))


async def test_rebuilt_scores_are_what_they_were_with_who_decided(scoring: Connections) -> None:
    db = scoring.databases["scoring"]
    before = await scores_of(db)
    said = await ends(scoring, "scoring.events.v1")
    assert (len(before["scores"]), len(before["score_revisions"])) == (17, 22)
    await db["scores"].update_many({}, {"$set": {"score": "1", "passed": None, "seq": 99}})
    await db["scores"].update_many({}, {"$set": {"state": "waiting"}})
    await db["scores"].delete_many({"_id": {"$regex": "^rule"}})
    await db["score_revisions"].delete_many({"report_revision": 1})
    await db["questionnaires"].delete_many({})
    await db["cancelled_visits"].delete_many({})
    status, text = await incognitactl("rebuild", "scoring")
    assert status == 0, text
    assert await scores_of(db) == before
    async with service("scoring") as process:  # goes on, and says nothing again
        await eventually(caught_up(scoring, "scoring"))
        await publish(report("new"))

        async def is_scored() -> bool:
            return bool(await db["scores"].find_one({"_id": "new", "state": "approved"}))

        await eventually(is_scored)
        await eventually(caught_up(scoring, "scoring"))
        await stop(process)
    assert sum((await ends(scoring, "scoring.events.v1")).values()) == sum(said.values()) + 2


async def test_a_lost_scoring_database_comes_back_but_for_who_decided(
    scoring: Connections,
) -> None:
    db = scoring.databases["scoring"]
    before = await scores_of(db)
    said = await ends(scoring, "scoring.events.v1")
    await db.client.drop_database(db.name)
    status, text = await incognitactl("rebuild", "scoring")
    assert status == 1
    assert "who decided about visit" in text
    status, text = await incognitactl("rebuild", "scoring", "--without-reviewers")
    assert status == 0, text
    after = await scores_of(db)
    for each in (*before["scores"].values(), *after["scores"].values()):
        for decision in each["decisions"]:
            decision["key_id"] = None
            if decision["verb"] == "approve":
                decision["text"] = None
    assert after == before
    async with service("scoring") as process:  # reads the reports again, and scores none twice
        await eventually(caught_up(scoring, "scoring"))
        await stop(process)
    assert await ends(scoring, "scoring.events.v1") == said
    assert len((await scores_of(db))["scores"]) == 17


async def test_a_score_comes_back_as_it_was_said_whatever_engine_made_it(
    connections: Connections,
) -> None:
    await prepare(connections, ["scoring"])
    older = {"score": "42.5", "passed": False, "engine_version": "0", "questionnaire_id": "q"}
    await publish(
        *CATALOG, report("one"), scored("one", **older), approved("one", score="42.5")
    )  # fmt: skip
    status, text = await incognitactl("rebuild", "scoring")
    assert status == 0, text
    found = await contents(connections.databases["scoring"], "scores", "score_revisions")
    for each in (found["scores"]["one"], found["score_revisions"]["one:1"]):
        assert (each["score"], each["passed"], each["engine_version"]) == ("42.5", False, "0")
    assert found["scores"]["one"]["state"] == "approved"


@pytest.mark.parametrize("seed", [1])
async def test_kill_9_of_a_rebuild_of_scores_leaves_what_a_rerun_finishes(
    scoring: Connections, seed: int
) -> None:
    rng = random.Random(seed)
    db = scoring.databases["scoring"]
    before = await scores_of(db)
    said = await ends(scoring, "scoring.events.v1")
    await db["score_revisions"].delete_many({})
    await db["scores"].update_many({}, {"$set": {"score": "1"}})
    for _ in range(4):
        tool = await started("rebuild", "scoring")
        if rng.random() < 0.8:
            await eventually(lambda: db["rebuilds"].count_documents({"_id": "now"}))
        await asyncio.sleep(rng.uniform(0, 0.8))
        await kill(tool)
    status, text = await incognitactl("rebuild", "scoring")
    assert status == 0, text
    assert await scores_of(db) == before
    assert await ends(scoring, "scoring.events.v1") == said


async def test_scores_are_not_rebuilt_before_all_is_said(scoring: Connections) -> None:
    db = scoring.databases["scoring"]
    await decide(
        Scores(db, CHAIN), "waiting", Verb.APPROVE, key_id="ann", report_revision=1, text=None
    )
    status, text = await incognitactl("rebuild", "scoring")
    assert status == 2
    assert "has not said yet" in text


async def test_evidence_has_its_visits_again_and_its_reports_untouched(
    connections: Connections,
) -> None:
    db = connections.databases["evidence"]
    await prepare(connections, ["evidence"])
    offered = VisitOffered.model_validate({
        **about("one", 1), "programme_id": "programme", "shopper_id": "shopper",
        "questionnaire_id": "q", "questionnaire_version": 1, "channel": "delivery",
        "scenario": "dinner", "time_zone": "America/Detroit", "position": None,
        "geofence_m": 200, "offered_at": NOON,
        "terms": {
            "fee": {"amount": "12.00", "currency": "USD"},
            "purchase_budget": {"amount": "20.00", "currency": "USD"}, "paid_by": "agency",
            "paid_days_after_approval": 14, "goods": "kept", "evidence": [],
            "opens_at": NOON, "expires_at": NOON, "due_at": NOON,
        },
    })  # fmt: skip
    returned = VisitReturned(
        **about("one", 3), report_revision=1, reason="blurred", due_at=NOON + timedelta(days=3)
    )
    async with service("evidence") as process:
        await publish(
            *CATALOG,
            offered,
            VisitAccepted(**about("one", 2), accepted_at=NOON),
            returned,
            offered.model_copy(update={"visit_id": "two"}),
        )
        await eventually(caught_up(connections, "evidence"))
        await stop(process)
    await db["reports"].insert_one({"_id": "one", "state": "completed", "revision": 1})
    names = ("visits", "questionnaires", API_KEYS, "reports", "media")
    before = await contents(db, *names)
    assert before["visits"]["one"]["state"] == "returned"
    await db["visits"].update_many({}, {"$set": {"state": "?", "last_seq": 99}})
    await db["questionnaires"].delete_many({})
    status, text = await incognitactl("rebuild", "evidence")
    assert status == 0, text
    assert "reports left as it is: said first here" in text
    assert await contents(db, *names) == before


async def test_notification_has_its_copies_again_and_its_deliveries_untouched(
    connections: Connections,
) -> None:
    db = connections.databases["notification"]
    await prepare(connections, ["notification"])
    key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    async with service("notification", NOTIFICATION_SECRET_KEY=key) as process:
        await publish(*CATALOG)
        await eventually(caught_up(connections, "notification"))
        await stop(process)
    await db["deliveries"].insert_one({"_id": "sent"})
    names = ("chains", "branches", API_KEYS, "deliveries", "subscriptions")
    before = await contents(db, *names)
    assert before["chains"]
    await db["chains"].delete_many({})
    await db["branches"].update_many({}, {"$set": {"city": "?", "version": 99}})
    status, text = await incognitactl("rebuild", "notification")
    assert status == 0, text
    assert await contents(db, *names) == before
