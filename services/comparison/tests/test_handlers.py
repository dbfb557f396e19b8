"""Counts and sums equal a recomputation, whatever comes twice, late or again."""

import random
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import pytest

from incognita_comparison.handlers import HANDLERS
from incognita_comparison.rules import contribution, revision_of
from incognita_shared.events.comparison import BranchAlerted, StandingChanged
from incognita_shared.events.scoring import ReportRejected, ReportReturned, ReportUnapproved
from incognita_shared.kafka.incoming import NotReady
from incognita_shared.kafka.topics import declared_topics

Story = Any


async def sums_of(story: Story, wave_id: str, branch_id: str) -> Counter[str]:
    """The stored sums by path, without what is zero."""
    found = await story.db["branch_waves"].find_one({"_id": f"{wave_id}:{branch_id}"})
    flat: Counter[str] = Counter()
    for name, value in (found or {}).items():
        if name in ("approved", "n", "sum", "squares"):
            flat[name] = value
        elif name in ("sections", "questions"):
            for key, sums in value.items():
                flat.update({f"{name}.{key}.{field}": count for field, count in sums.items()})
    return Counter({path: value for path, value in flat.items() if value})


async def test_a_score_counts_when_it_is_approved_not_before(story: Story) -> None:
    scored = story.scored("v1", "w", "b", "91.25")
    await story.play(scored)
    assert not await sums_of(story, "w", "b")
    assert story.said == []
    await story.play(story.approved(scored))
    sums = await sums_of(story, "w", "b")
    assert (sums["approved"], sums["n"], sums["sum"], sums["squares"]) == (
        1, 1, 912_500, 912_500**2,
    )  # fmt: skip
    assert sums["questions.rings%2E1.met"] == 1
    assert sums["sections.phone.full"] == 1
    assert sums["sections.courier.not_applicable"] == 1


async def test_each_event_handled_twice_counts_once_and_says_the_same(story: Story) -> None:
    scored = story.scored("v1", "w", "b", "70", critical_failed=("change",))
    approved = story.approved(scored)
    rejected = story.judged(ReportRejected, scored)
    await story.play(scored, approved, times=2)
    assert (await sums_of(story, "w", "b"))["n"] == 1
    assert [type(event) for event in story.said] == [StandingChanged, BranchAlerted]
    await story.play(rejected, times=2)
    assert not await sums_of(story, "w", "b")
    assert [event.seq for event in story.said] == [1, 2, 3]


async def test_an_approval_that_is_taken_back_takes_the_score_out_of_the_sums(
    story: Story,
) -> None:
    await story.approve("other", "w", "b", "50")
    only = await sums_of(story, "w", "b")
    scored = story.scored("v1", "w", "b", "91")
    await story.play(scored, story.approved(scored))
    await story.play(story.judged(ReportUnapproved, scored), times=2)
    assert await sums_of(story, "w", "b") == only
    (last,) = (event for event in story.said if event.seq == 2 and event.visit_id == "v1")
    assert (last.visits, last.mean_score, last.visit_score) == (1, Decimal("50.00"), None)
    again = story.scored("v1", "w", "b", "70", score_revision=2)
    await story.play(again, story.approved(again))
    assert (await sums_of(story, "w", "b"))["n"] == 2


async def test_a_failure_is_told_once_however_often_it_is_scored_anew(story: Story) -> None:
    failed = {"critical_failed": ("change",), "passed": False}
    scores = [("70", failed), ("60", failed), ("90", {}), ("50", failed)]
    for revision, (points, fields) in enumerate(scores, 1):
        scored = story.scored("v1", "w", "b", points, score_revision=revision, **fields)
        await story.play(scored, story.approved(scored))
    alerts = [event for event in story.said if isinstance(event, BranchAlerted)]
    assert [event.visit_score for event in alerts] == [Decimal(70), Decimal(50)]


async def test_an_old_score_that_comes_again_later_opens_nothing_anew(story: Story) -> None:
    scored = story.scored("v1", "w", "b", "70")
    approved = story.approved(scored)
    await story.play(scored, approved)
    await story.play(story.judged(ReportRejected, scored))
    said = len(story.said)
    await story.play(scored, approved)
    assert not await sums_of(story, "w", "b")
    assert len(story.said) == said


async def test_an_approval_says_where_the_branch_stands_now(story: Story) -> None:
    await story.approve("v1", "w", "b", "90")
    await story.approve("v2", "w", "b", "85.5")
    await story.approve("v3", "other", "b", "10")
    changed = [event for event in story.said if isinstance(event, StandingChanged)]
    assert [(e.visit_id, e.visits, e.mean_score, e.visit_score) for e in changed] == [
        ("v1", 1, Decimal("90.00"), Decimal("90.00")),
        ("v2", 2, Decimal("87.75"), Decimal("85.50")),
        ("v3", 1, Decimal("10.00"), Decimal("10.00")),
    ]


@pytest.mark.parametrize(
    ("passed", "critical", "alerted"),
    [(True, (), False), (None, (), False), (False, (), True), (True, ("change",), True)],
)
async def test_a_branch_is_alerted_when_it_fails_the_mark_or_a_critical_item(
    story: Story, passed: bool | None, critical: tuple[str, ...], alerted: bool
) -> None:
    scored = story.scored("v1", "w", "b", "79", passed=passed, critical_failed=critical)
    await story.play(scored, story.approved(scored))
    alerts = [event for event in story.said if isinstance(event, BranchAlerted)]
    assert len(alerts) == alerted
    if alerted:
        assert alerts[0].critical_failed == critical
        assert alerts[0].visit_score == Decimal("79")


async def test_a_later_revision_that_is_approved_takes_the_place_of_the_former(
    story: Story,
) -> None:
    first = story.scored("v1", "w", "b", "50")
    await story.play(first, story.approved(first))
    second = story.scored("v1", "w", "b", "95", score_revision=2, report_revision=2)
    await story.play(second)
    assert (await sums_of(story, "w", "b"))["sum"] == 500_000
    await story.play(story.approved(second))
    expected = Counter(contribution(revision_of(second)))
    assert await sums_of(story, "w", "b") == Counter({k: v for k, v in expected.items() if v})


@pytest.mark.parametrize("kind", [ReportReturned, ReportRejected])
async def test_a_report_taken_back_after_approval_no_longer_counts(
    story: Story, kind: type[Any]
) -> None:
    scored = story.scored("v1", "w", "b", "50")
    await story.play(scored, story.approved(scored), story.judged(kind, scored))
    assert not await sums_of(story, "w", "b")
    last = story.said[-1]
    assert (last.visits, last.mean_score, last.visit_score) == (0, None, None)


async def test_a_report_that_never_counted_is_taken_back_in_silence(story: Story) -> None:
    scored = story.scored("v1", "w", "b", "50")
    await story.play(scored, story.judged(ReportRejected, scored))
    assert story.said == []
    assert await story.db["branch_waves"].count_documents({}) == 0


async def test_an_approval_waits_for_its_score(story: Story) -> None:
    scored = story.scored("v1", "w", "b", "50")
    with pytest.raises(NotReady, match="no score of v1"):
        await story.play(story.approved(scored))
    await story.play(scored)
    with pytest.raises(NotReady, match="score revision 2"):
        await story.play(story.approved(scored, score_revision=2))
    assert not await sums_of(story, "w", "b")


async def test_a_visit_without_any_score_is_approved_and_moves_no_mean(story: Story) -> None:
    await story.approve("v1", "w", "b", None)
    sums = await sums_of(story, "w", "b")
    assert (sums["approved"], sums["n"]) == (1, 0)
    (changed,) = (event for event in story.said if isinstance(event, StandingChanged))
    assert (changed.visits, changed.mean_score, changed.visit_score) == (0, None, None)


async def test_events_of_one_batch_see_each_other_and_read_nothing_twice(story: Story) -> None:
    first, second = (story.scored(f"v{n}", "w", "b", score) for n, score in enumerate(("90", "80")))
    await story.play_together(
        first, second, story.approved(first), story.approved(second),
        story.judged(ReportRejected, first),
    )  # fmt: skip
    assert [(event.visit_id, event.visits, event.mean_score) for event in story.said] == [
        ("v0", 1, Decimal("90.00")), ("v1", 2, Decimal("85.00")), ("v0", 1, Decimal("80.00")),
    ]  # fmt: skip
    assert await sums_of(story, "w", "b") == Counter(contribution(revision_of(second)))


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_history_the_sums_equal_a_recomputation(story: Story, seed: int) -> None:
    dice = random.Random(seed)
    counted: dict[str, Any] = {}
    latest: dict[str, Any] = {}
    for _ in range(60):
        visit = f"v{dice.randrange(8)}"
        branch = f"b{int(visit[1:]) % 3}"
        move = dice.choice(("score", "approve", "approve", "reject", "return"))
        if move == "score" or visit not in latest:
            revision = latest[visit].score_revision + 1 if visit in latest else 1
            score = dice.choice((None, f"{dice.uniform(0, 100):.4f}"))
            latest[visit] = story.scored(visit, "w", branch, score, score_revision=revision)
            await story.play(latest[visit], times=dice.choice((1, 2)))
        elif move == "approve":
            await story.play(story.approved(latest[visit]), times=dice.choice((1, 2)))
            counted[visit] = latest[visit]
        else:
            kind = ReportRejected if move == "reject" else ReportReturned
            await story.play(story.judged(kind, latest[visit]), times=dice.choice((1, 2)))
            counted.pop(visit, None)
    expected: dict[str, Counter[str]] = defaultdict(Counter)
    for scored in counted.values():
        expected[scored.branch_id].update(contribution(revision_of(scored)))
    for branch in ("b0", "b1", "b2"):
        wanted = {path: value for path, value in expected[branch].items() if value}
        assert await sums_of(story, "w", branch) == Counter(wanted)
    for visit in latest:
        said = [event.seq for event in story.said if event.visit_id == visit]
        assert said == list(range(1, len(said) + 1))


async def test_an_older_version_of_a_branch_or_wave_changes_nothing(story: Story) -> None:
    for version, name in ((2, "new"), (1, "old"), (2, "new")):
        await story.branch("b", name=name, version=version)
        await story.wave("w", name=name, version=version)
    assert (await story.db["branches"].find_one({"_id": "b"}))["name"] == "new"
    assert (await story.db["waves"].find_one({"_id": "w"}))["name"] == "new"


async def test_a_questionnaire_is_kept_with_its_texts_and_what_the_client_may_see(
    story: Story,
) -> None:
    await story.questionnaire()
    kept = await story.db["questionnaires"].find_one({"_id": "q:1"})
    assert [one["id"] for one in kept["sections"]] == ["phone", "courier"]
    assert {one["id"]: one["visible_to_client"] for one in kept["questions"]} == {
        "rings.1": True,
        "secret": False,
        "change": True,
    }


async def test_every_query_of_a_request_uses_an_index(story: Story) -> None:
    await story.approve("v1", "w", "b", "50")
    for collection, where in (
        ("branch_waves", {"chain_id": "c", "wave_id": "w"}),
        ("branch_waves", {"chain_id": "c", "branch_id": "b"}),
        ("branches", {"chain_id": "c"}),
        ("results", {"chain_id": "c", "wave_id": "w", "counted": {"$gte": 1}}),
        ("waves", {"chain_id": "c", "programme_id": "p"}),
    ):
        plan = await story.db[collection].find(where).explain()
        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])


def test_all_that_is_declared_for_this_service_is_handled() -> None:
    declared = {
        event
        for topic in declared_topics()
        if topic.topic in ("scoring.events.v1", "assignment.catalog.v1")
        for event in topic.events
    }
    handled = {f"{event.noun}.{event.verb}.v{event.major}" for event in HANDLERS}
    # appeals change no result: what an upheld one changes is approved as a new score
    assert declared - handled == {"chain.changed.v1", "appeal.opened.v1", "appeal.decided.v1"}
