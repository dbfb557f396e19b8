"""What scoring makes of the events it hears, whatever comes twice, late or early."""

from decimal import Decimal

import pytest

from incognita_scoring.engine import ENGINE_VERSION
from incognita_scoring.handlers import HANDLERS
from incognita_scoring.repository.scores import Scores
from incognita_scoring.rules import ReviewState
from incognita_scoring.score import DecidedBy
from incognita_shared.events.scoring import ReportApproved, VisitScored
from incognita_shared.kafka.incoming import NotReady
from incognita_shared.kafka.topics import declared_topics


async def test_a_clean_report_is_scored_and_approved_by_rule(db, handle, published, report):
    completed = report()
    scored, approved = await handle(published, completed)
    assert isinstance(scored, VisitScored)
    assert isinstance(approved, ReportApproved)
    assert (scored.seq, approved.seq) == (1, 2)
    assert (scored.score, scored.passed, scored.score_revision) == (100, True, 1)
    assert (scored.engine_version, scored.questionnaire_version) == (ENGINE_VERSION, 3)
    assert scored.visited_at == completed.started_at
    assert scored.shopper_id == "shopper-secret"
    assert (approved.score, approved.approved_by, approved.score_revision) == (100, "rule", 1)
    score = await Scores(db, completed.chain_id).get_score(completed.visit_id)
    assert (score.state, score.seq) == (ReviewState.APPROVED, 2)
    assert [each.by for each in score.decisions] == [DecidedBy.RULE]


@pytest.mark.parametrize("severity", ["minor", "major"])
async def test_a_report_with_a_finding_waits(db, handle, published, report, finding, severity):
    completed = report(findings=(finding("info"), finding(severity)))
    said = await handle(published, completed)
    assert [type(event) for event in said] == [VisitScored]
    score = await Scores(db, completed.chain_id).get_score(completed.visit_id)
    assert (score.state, score.seq, score.decisions) == (ReviewState.WAITING, 1, ())


async def test_a_finding_for_information_does_not_ask_for_a_reviewer(
    handle, published, report, finding
):
    said = await handle(published, report(findings=(finding("info"),)))
    assert [type(event) for event in said] == [VisitScored, ReportApproved]


async def test_a_score_in_doubt_waits(db, handle, published, report):
    completed = report(answers={"greeting": "forged", "change": True, "agency": True})
    await handle(published, completed)
    score = await Scores(db, completed.chain_id).get_score(completed.visit_id)
    assert score.state is ReviewState.WAITING
    assert score.doubts == ("greeting: The answer must be true or false.",)


async def test_an_event_that_comes_twice_is_scored_once(db, handle, published, report, pending):
    completed = report()
    said = await handle(published, completed, times=2)
    assert len(said) == 2
    assert await pending(completed.visit_id) == []
    assert await db["score_revisions"].count_documents({}) == 1


async def test_a_report_waits_for_its_questionnaire(db, handle, published, report):
    completed = report()
    with pytest.raises(NotReady, match="questionnaire pizza:3"):
        await handle(completed)
    assert await db["scores"].count_documents({}) == 0
    assert len(await handle(published, completed)) == 2


async def test_another_chains_questionnaire_is_not_used(handle, published, report):
    foreign = published.model_copy(update={"chain_id": "d" * 32})
    with pytest.raises(NotReady):
        await handle(foreign, report())


async def test_a_questionnaire_version_never_changes(db, handle, published, report):
    changed = published.definition.model_copy(update={"title": {"en": "Other"}})
    await handle(published, published.model_copy(update={"definition": changed}))
    completed = report()
    await handle(completed)
    scores = Scores(db, completed.chain_id)
    kept = await scores.find_questionnaire(await scores.get_score(completed.visit_id))
    assert kept.title == {"en": "Pizza"}


async def test_a_corrected_report_makes_a_new_revision_and_keeps_the_old_one(
    db, handle, published, report, finding, pending
):
    first = report(findings=(finding("major"),))
    await handle(published, first)
    wrong = {"greeting": False, "change": False, "agency": True}
    second = report(first.visit_id, report_revision=2, answers=wrong)
    assert await handle(second, times=2) == []
    scored, approved = await pending(first.visit_id)
    assert [(type(event), event.seq) for event in (scored, approved)] == [
        (VisitScored, 2),
        (ReportApproved, 3),
    ]
    assert (scored.score, scored.report_revision, scored.score_revision) == (Decimal("33.33"), 2, 2)
    assert scored.critical_failed == ("change",)
    scores = Scores(db, first.chain_id)
    before, after = await scores.list_revisions(first.visit_id)
    assert (before.score, before.answers, before.reason) == (100, first.answers, "report completed")
    assert (after.score, after.answers, after.reason) == (scored.score, wrong, "report corrected")
    assert (await scores.get_score(first.visit_id)).score_revision == 2


async def test_an_older_report_that_comes_late_changes_nothing(handle, published, report, pending):
    newer = report(report_revision=2)
    await handle(published, newer)
    assert await handle(report(newer.visit_id)) == []
    assert await pending(newer.visit_id) == []


async def test_answers_of_any_kind_are_kept(db, handle, published, report):
    odd = {"$where": 1, "a.b": {"": None}, "nul\0": 10**30, "greeting": None, "deep": [[[1.5]]]}
    completed = report(answers=odd)
    await handle(published, completed)
    (revision,) = await Scores(db, completed.chain_id).list_revisions(completed.visit_id)
    assert revision.answers == odd


async def test_a_branch_keeps_its_newest_franchisee(db, handle, branch):
    await handle(branch("b1", franchisee_id="f2", version=2), times=2)
    await handle(branch("b1", franchisee_id="f1", version=1))
    scores = Scores(db, branch("b1").chain_id)
    assert await scores.list_branches_of("f2") == ["b1"]
    assert await scores.list_branches_of("f1") == []


def test_every_topic_that_is_read_names_this_consumer():
    consumed = {event.topic for event in HANDLERS}
    declared = {one.topic for one in declared_topics() if "scoring" in one.consumers}
    assert consumed <= declared
