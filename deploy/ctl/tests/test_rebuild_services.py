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
from incognita_scoring.corrections import Correction, correct
from incognita_scoring.repository.rescores import Rescores
from incognita_scoring.repository.reviews import Reviews
from incognita_scoring.rescoring.requests import apply_rescore, start_rescore
from incognita_scoring.review_rules import ReviewRule
from incognita_scoring.reviews import Word, decide
from incognita_scoring.rules import Verb
from incognita_scoring.schemas.rescores import NewRescore
from incognita_scoring.second_review import SecondReview
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
    WaveChanged,
)
from incognita_shared.events.envelope import Event
from incognita_shared.events.evidence import ReportCompleted
from incognita_shared.mongo.client import Database
from incognitactl.connections import Connections
from support.delivery import eventually

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCORING = (
    "scores", "score_revisions", "questionnaires", "branches", "waves", "cancelled_visits",
    API_KEYS,
)  # fmt: skip
FINDING = {"code": "outside_geofence", "severity": "major", "detail": "1,200 m away"}
QUESTION = {
    "type": "boolean",
    "label": {"en": "Right?"},
    "scoring": {"method": "expected_value", "expected": True},
}


def questionnaire(version: int) -> Event:
    """The second version expects another answer to the first question, and asks a third one."""
    one = {**QUESTION, "scoring": {"method": "expected_value", "expected": version == 1}}
    third = [{"id": "three", **QUESTION}] if version > 1 else []
    return QuestionnairePublished.model_validate({
        "chain_id": CHAIN, "questionnaire_id": "q", "version": version,
        "definition": {
            "title": {"en": "Pizza"}, "default_language": "en", "languages": ["en"],
            "score": {"pass_mark": 60},
            "sections": [{
                "id": "s", "title": {"en": "S"},
                "questions": [
                    {"id": "one", **one},
                    {"id": "two", "visible_to_client": False, **QUESTION},
                    *third,
                ],
            }],
        },
    })  # fmt: skip


WAVE = WaveChanged.model_validate({
    "chain_id": CHAIN, "wave_id": "wave-1", "programme_id": "programme", "name": "Spring",
    "state": "open", "channel": "delivery", "scenario": "dinner", "questionnaire_id": "q",
    "questionnaire_version": 1, "starts_at": "2026-03-01T00:00:00Z",
    "ends_at": "2026-03-08T00:00:00Z", "version": 1,
})  # fmt: skip
CATALOG: list[Event] = [
    WAVE,
    ChainChanged(chain_id=CHAIN, name="Pizza", languages=("en",), version=1),
    ApiKeyChanged(
        chain_id=CHAIN, key_id="key", secret_sha256="0" * 64, role="reviewer", revoked=False,
        version=1,
    ),
    *(questionnaire(version) for version in (1, 2)),
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


def word(verb: Verb, key_id: str, *, text: str | None = None) -> Word:
    """A reviewer's word about a first report."""
    return Word(verb=verb, key_id=key_id, report_revision=1, text=text)


async def by_two(scores: Reviews) -> None:
    """A report corrected, approved by two, and unapproved; and one approved by the first of two."""
    await scores.save_rule(None, ReviewRule(second_review=SecondReview(major_finding=True)))
    await correct(
        scores, "corrected",
        Correction(key_id="ann", report_revision=1, answers={"two": False}, reason="seen"),
    )  # fmt: skip
    for visit_id, keys in (("corrected", ("ann", "bob")), ("endorsed", ("ann",))):
        for key_id in keys:
            await decide(scores, visit_id, word(Verb.APPROVE, key_id, text="well"))
    await decide(scores, "corrected", word(Verb.UNAPPROVE, "agency", text="wait"))


async def rescored(db: Database) -> None:
    """The wave by the corrected version, which asks for one thing more."""
    job = await start_rescore(
        Rescores(db, CHAIN),
        NewRescore(
            wave_id="wave-1", questionnaire_version=2, reason="mended", for_new_reports=True
        ),
        chain_id=CHAIN, key_id="agency", idempotency_key=None,
    )  # fmt: skip

    async def is_now(state: str) -> bool:
        return bool(await db["rescores"].find_one({"_id": job.rescore_id, "state": state}))

    await eventually(lambda: is_now("previewed"))
    await apply_rescore(Rescores(db, CHAIN), job.rescore_id, key_id="agency")
    await eventually(lambda: is_now("applied"))
    await publish(report("after"))
    await eventually(lambda: db["scores"].find_one({"_id": "after"}))


@pytest.fixture
async def scoring(connections: Connections) -> Connections:
    """Scores of every kind: by rule, by reviewers, corrected, rejected late, called off, by two
    reviewers, corrected by one, scored anew by a corrected version."""
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
            *(report(each, flagged=True) for each in ("waiting", "corrected", "endorsed")),
        )
        await eventually(caught_up(connections, "scoring"))
        scores = Reviews(db, CHAIN)
        for each in visits:
            if each.startswith("rule"):
                continue
            verb = Verb.RETURN if each.startswith("returned") else Verb.APPROVE
            await decide(scores, each, word(verb, "ann", text=f"{verb} it"))
            if each.startswith("late"):
                await decide(scores, each, word(Verb.REJECT, "bob", text="no"))
            else:
                await publish(report(each, 2, good=False))
        await by_two(scores)
        await eventually(caught_up(connections, "scoring"))
        await rescored(db)
        await eventually(caught_up(connections, "scoring"))
        await stop(process)
    return connections


async def scores_of(db: Database) -> dict[str, Any]:
    """All that scoring keeps; ``relay_bucket`` only says who published last."""
    return await contents(db, *SCORING, without=("relay_bucket",))


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Each field of each document that is not what it was; a failure shows all of them."""
    return [
        f"{collection} {name} {field}: {old.get(field)!r} is now {new.get(field)!r}"
        for collection in sorted({*before, *after})
        for name in sorted({*before[collection], *after[collection]})
        for old, new in [(before[collection].get(name) or {}, after[collection].get(name) or {})]
        for field in sorted({*old, *new})
        if old.get(field) != new.get(field)
    ]


async def test_rebuilt_scores_are_what_they_were_with_who_decided(scoring: Connections) -> None:
    db = scoring.databases["scoring"]
    before = await scores_of(db)
    said = await ends(scoring, "scoring.events.v1")
    assert (len(before["scores"]), len(before["score_revisions"])) == (20, 45)
    await db["scores"].update_many({}, {"$set": {"score": "1", "passed": None, "seq": 99}})
    await db["scores"].update_many({}, {"$set": {"state": "waiting"}})
    await db["scores"].delete_many({"_id": {"$regex": "^rule"}})
    await db["score_revisions"].delete_many({"report_revision": 1, "author": "rule"})
    await db["questionnaires"].delete_many({})
    await db["cancelled_visits"].delete_many({})
    status, text = await incognitactl("rebuild", "scoring")
    assert status == 0, text
    assert differences(before, await scores_of(db)) == []
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
    for found in (before, after):
        for collection in ("scores", "score_revisions"):
            by_people = ("corrected", "endorsed")  # of which no topic tells what they did
            kept = {name: each for name, each in found[collection].items()
                    if not name.startswith(by_people)}  # fmt: skip
            found[collection] = kept
        for decision in (each for score in found["scores"].values() for each in score["decisions"]):
            if decision["by"] == "reviewer":
                decision["key_id"] = None
                decision["reason_code"] = None
                decision["text"] = None if decision["verb"] == "approve" else decision["text"]
    assert differences(before, after) == []
    async with service("scoring") as process:  # reads the reports again, and scores none twice
        await eventually(caught_up(scoring, "scoring"))
        await stop(process)
    assert await ends(scoring, "scoring.events.v1") == said
    assert len((await scores_of(db))["scores"]) == 20


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
    await db["score_revisions"].delete_many({"author": "rule"})
    await db["scores"].update_many({}, {"$set": {"score": "1"}})
    for _ in range(4):
        tool = await started("rebuild", "scoring")
        if rng.random() < 0.8:
            await eventually(lambda: db["rebuilds"].count_documents({"_id": "now"}))
        await asyncio.sleep(rng.uniform(0, 0.8))
        await kill(tool)
    status, text = await incognitactl("rebuild", "scoring")
    assert status == 0, text
    assert differences(before, await scores_of(db)) == []
    assert await ends(scoring, "scoring.events.v1") == said


async def test_scores_are_not_rebuilt_before_all_is_said(scoring: Connections) -> None:
    db = scoring.databases["scoring"]
    await decide(Reviews(db, CHAIN), "waiting", word(Verb.RETURN, "ann", text="blurred"))
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
