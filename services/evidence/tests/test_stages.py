"""A hostel stay in four stages: each handed in by itself, in any order, any number of times."""

import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from incognita_evidence.schemas.given import ReportSubmission
from incognita_evidence.submissions import Given
from incognita_evidence.submissions import submit as hand_in
from incognita_evidence.visit import Visit
from incognita_shared.events.assignment import VisitOffered, VisitReturned
from incognita_shared.ids import new_id
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.values import Channel, EvidenceKind, EvidenceRequirement, StageTerms
from support.forms import answers, asked, form, question, section, stage

Make = Callable[..., Any]
CHECK_IN = datetime.fromisoformat("2026-05-04T13:00:00+02:00")
DAY = timedelta(days=1)
STAGES = ("booking", "arrival", "stay", "check_out")
CHANNELS = {"booking": "phone", "arrival": "visit", "stay": "visit", "check_out": "visit"}
BEGINS = {"booking": -3, "arrival": 0, "stay": 0, "check_out": 1}
"""Days from the check-in."""
GIVEN: dict[str, dict[str, Any]] = {
    "booking": {"answered": True, "breakfast": True},
    "arrival": {"greeted": True, "lift": True},
    "stay": {"staff": [{"polite": True}, {"polite": False, "why": "Rude."}], "clean": True},
    "check_out": {"billed_at": "2026-05-05T10:00:00+02:00", "left_at": "2026-05-05T10:04:00+02:00"},
}
WHOLE = {name: answer for given in GIVEN.values() for name, answer in given.items()}
STAY = form(
    section("call", asked("answered"), question("breakfast"), stage_id="booking"),
    section(
        "desk",
        asked("greeted"),
        asked("lift", relevant={"==": [{"var": "branch.lift"}, True]}),
        question("offered", relevant={"==": [answers("breakfast"), False]}),
        stage_id="arrival",
    ),
    section(
        "staff",
        asked("polite"),
        question("why", "text", relevant={"==": [answers("polite"), False]}),
        stage_id="stay",
        repeat={"minimum": 1, "maximum": 5},
    ),
    section(
        "room",
        asked("clean", evidence=[{"kind": "photo", "when": {"==": [{"var": "value"}, False]}}]),
        stage_id="stay",
    ),
    section(
        "bill",
        question("billed_at", "moment"),
        question(
            "left_at",
            "moment",
            scoring={
                "method": "timed_standard",
                "standard": {"start_question_id": "billed_at", "maximum_s": 300},
            },
        ),
        stage_id="check_out",
    ),
    stages=[stage(each, CHANNELS[each]) for each in STAGES],
)


@pytest.fixture(scope="module")
def questionnaire() -> Questionnaire:
    return STAY


@pytest.fixture
def offered(offered: Make) -> Callable[..., VisitOffered]:
    """With the stages' terms."""

    def make(visit: Visit, *, seq: int = 1) -> VisitOffered:
        event: VisitOffered = offered(visit, seq=seq)
        terms = event.terms.model_copy(update={"stages": visit.stages})
        return event.model_copy(update={"terms": terms})

    return make


def terms() -> tuple[StageTerms, ...]:
    begins = {each: CHECK_IN + days * DAY for each, days in BEGINS.items()}
    return tuple(
        StageTerms(
            stage_id=each,
            channel=Channel(CHANNELS[each]),
            opens_at=begins[each] - timedelta(hours=4),
            due_at=begins[each] + timedelta(hours=12),
        )
        for each in STAGES
    )


@pytest.fixture
async def visit(accept: Callable[[Visit], Awaitable[Visit]], make_visit: Make) -> Visit:
    return await accept(make_visit(evidence=(), stages=terms(), branch={"lift": True}))


@pytest.fixture
def hand(submit: Make) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Hand in one stage with its sound answers, or with changes."""

    async def run(visit: Visit, each: str, key: str = "", **changes: Any) -> dict[str, Any]:
        answer = await submit(visit, key or f"key-{each}", **body(each, **changes))
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    return run


def body(each: str, *, hours: float = 0, **changes: Any) -> dict[str, Any]:
    begins = CHECK_IN + BEGINS[each] * DAY + timedelta(hours=hours)
    return {
        "stage_id": each,
        "answers": GIVEN[each],
        "started_at": begins.isoformat(),
        "ended_at": (begins + timedelta(minutes=20)).isoformat(),
    } | changes


def codes(event: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(each["code"], each["question_id"]) for each in event["findings"]]


ORDERS = [order for n, order in enumerate(itertools.permutations(STAGES)) if n % 4 == 0]


@pytest.mark.parametrize("order", ORDERS, ids=" ".join)
async def test_stages_may_be_handed_in_in_any_order(
    visit: Visit, hand: Make, said: Make, said_bodies: Make, order: tuple[str, ...]
) -> None:
    for number, each in enumerate(order):
        assert await said(visit) == []
        told = await hand(visit, each)
        to_come = [one for one in STAGES if one not in order[: number + 1]]
        assert (told["missing_stages"], told["missing"]) == (to_come, [])
        assert told["state"] == ("incomplete" if to_come else "completed")
    (event,) = await said_bodies(visit, "report.completed")
    assert event["answers"] == WHOLE
    assert {each["stage_id"] for each in event["stages"]} == set(STAGES)
    assert event["findings"] == []
    assert event["started_at"].startswith("2026-05-01")
    assert event["ended_at"].startswith("2026-05-05")
    assert event["today"] == "2026-05-05"
    assert await said(visit) == [("report.completed", 1)]


async def test_a_stage_that_is_sent_again_changes_nothing(
    visit: Visit, hand: Make, said: Make, shopper: Any
) -> None:
    first = await hand(visit, "booking")
    await hand(visit, "arrival")
    before = (await shopper.get(f"/v1/visits/{visit.id}/report")).json()
    assert await hand(visit, "booking") == first
    assert (await shopper.get(f"/v1/visits/{visit.id}/report")).json() == before
    await hand(visit, "stay")
    last = await hand(visit, "check_out")
    assert await hand(visit, "booking") == first
    assert await hand(visit, "check_out") == last
    assert (await hand(visit, "arrival", "another-key"))["state"] == "completed"
    assert await said(visit) == [("report.completed", 1)]


async def test_a_stage_can_be_corrected_until_the_last_is_there(
    visit: Visit, hand: Make, submit: Make, said_bodies: Make
) -> None:
    await hand(visit, "booking", answers={"answered": False, "breakfast": True})
    await hand(visit, "booking", "key-2")
    for each in STAGES[1:]:
        await hand(visit, each)
    (event,) = await said_bodies(visit, "report.completed")
    assert event["answers"]["answered"] is True
    late = await submit(visit, "key-3", **body("booking", answers={"answered": False}))
    assert late.status_code == 409


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"answered": True}, "answers.breakfast"),
        ({"answered": "yes", "breakfast": True}, "answers.answered"),
        (GIVEN["booking"] | {"greeted": True}, "answers.greeted"),
        (GIVEN["booking"] | {"staff": [{"polite": True}]}, "answers.staff"),
        (GIVEN["booking"] | {"x": 1}, "answers.x"),
    ],
)
async def test_a_stage_is_refused_for_its_own_mistakes(
    visit: Visit, submit: Make, given: dict[str, Any], field: str
) -> None:
    answer = await submit(visit, **body("booking", answers=given))
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


async def test_a_stage_that_nobody_knows_is_refused_by_name(visit: Visit, submit: Make) -> None:
    answer = await submit(visit, **body("booking") | {"stage_id": "brunch"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "stage_id")
    assert "booking, arrival" in answer.text


async def test_a_rule_of_one_stage_asks_the_answers_of_another(
    visit: Visit, hand: Make, submit: Make
) -> None:
    await hand(visit, "booking", answers={"answered": True, "breakfast": False})
    answer = await submit(visit, **body("arrival"))
    assert [each["field"] for each in answer.json()["errors"]] == ["answers.offered"]
    given = GIVEN["arrival"] | {"offered": True}
    assert (await hand(visit, "arrival", answers=given))["state"] == "incomplete"


async def test_drafts_between_stages_leave_what_was_handed_in(
    visit: Visit, hand: Make, shopper: Any, said_bodies: Make
) -> None:
    url = f"/v1/visits/{visit.id}/report"
    await hand(visit, "booking")
    draft = {"answered": False, "greeted": True}
    saved = await shopper.put(f"{url}/answers", json={"answers": draft})
    assert (saved.status_code, saved.json()["state"]) == (200, "incomplete")
    report = (await shopper.get(url)).json()
    assert report["answers"] == GIVEN["booking"] | {"greeted": True}
    assert report["missing_stages"] == ["arrival", "stay", "check_out"]
    await shopper.put(f"{url}/answers", json={"answers": {}})
    assert (await shopper.get(url)).json()["answers"] == GIVEN["booking"]
    for each in STAGES[1:]:
        await hand(visit, each)
    (event,) = await said_bodies(visit, "report.completed")
    assert event["answers"] == WHOLE
    assert (await shopper.put(f"{url}/answers", json={"answers": {}})).status_code == 409


async def test_a_stage_outside_of_its_window_is_found(
    visit: Visit, hand: Make, said_bodies: Make
) -> None:
    await hand(visit, "booking", hours=-5)
    await hand(visit, "arrival", hours=13)
    await hand(visit, "stay")
    await hand(visit, "check_out")
    (event,) = await said_bodies(visit, "report.completed")
    assert codes(event) == [("early_stage", None), ("late_stage", None)]
    assert "stage booking" in event["findings"][0]["detail"]
    assert "stage arrival" in event["findings"][1]["detail"]
    (flagged,) = await said_bodies(visit, "report.flagged")
    assert len(flagged["findings"]) == 2


async def test_a_stage_by_phone_has_no_place_and_each_item_the_age_of_its_stage(
    accept: Make, make_visit: Make, published: Any, hand: Make, uploaded: Make, photo: Make,
    said_bodies: Make, db: Any,
) -> None:  # fmt: skip
    definition = STAY.model_dump(mode="json")
    rule = {"kind": "photo", "maximum_age_s": 3600}
    for number, place in ((0, 0), (3, 0)):
        definition["sections"][number]["questions"][place]["evidence"] = [rule]
    await db["questionnaires"].insert_one(
        {"_id": "counter:2", "chain_id": "chain-a", "definition": definition}
    )
    visit = await accept(
        make_visit(evidence=(), stages=terms(), branch={"lift": True}, questionnaire_version=2)
    )
    home = {"latitude": 41.0, "longitude": 29.0}
    for name, question_id, each, where in (
        ("DSCN0010", "answered", "booking", home),
        ("DSCN0012", "clean", "stay", visit.position.model_dump()),
    ):
        begins = CHECK_IN + BEGINS[each] * DAY
        data = b"\xff\xd8\xff\xe0" + photo(name)[-5_000:]
        await uploaded(
            visit, data, question_id=question_id, captured_at=begins.isoformat(), position=where
        )
    for each in ("arrival", "stay", "check_out", "booking"):
        at_home = {"position": home} if each == "booking" else {}
        told = await hand(visit, each, **at_home)
    assert told["state"] == "completed"
    (event,) = await said_bodies(visit, "report.completed")
    assert [each["code"] for each in event["findings"]] == []


async def test_the_whole_visit_can_be_handed_in_at_once(
    visit: Visit, submit: Make, said_bodies: Make
) -> None:
    whole = {
        "answers": WHOLE,
        "started_at": (CHECK_IN - 3 * DAY).isoformat(),
        "ended_at": (CHECK_IN + DAY).isoformat(),
    }
    answer = await submit(visit, **whole)
    assert (answer.json()["state"], answer.json()["missing_stages"]) == ("completed", [])
    (event,) = await said_bodies(visit, "report.completed")
    assert [each["stage_id"] for each in event["stages"]] == list(STAGES)
    assert event["findings"] == []
    assert (await submit(visit, **whole)).json() == answer.json()


async def test_a_visit_that_was_handed_in_whole_and_wholly_late_is_found_so(
    visit: Visit, submit: Make, said_bodies: Make
) -> None:
    late = {"started_at": CHECK_IN + 3 * DAY, "ended_at": CHECK_IN + 4 * DAY}
    await submit(visit, answers=WHOLE, **{name: at.isoformat() for name, at in late.items()})
    (event,) = await said_bodies(visit, "report.completed")
    assert codes(event) == [("late_stage", None)] * 4


async def test_evidence_is_missing_as_soon_as_its_stage_is_there(
    accept: Make, make_visit: Make, hand: Make, uploaded: Make, photo: Make, said: Make,
    shopper: Any,
) -> None:  # fmt: skip
    receipt = EvidenceRequirement(kind=EvidenceKind.RECEIPT)
    visit = await accept(make_visit(evidence=(receipt,), stages=terms(), branch={"lift": True}))
    assert (await hand(visit, "booking"))["missing"] == []
    dirty = GIVEN["stay"] | {"clean": False}
    told = await hand(visit, "stay", answers=dirty)
    assert [(each["kind"], each["question_id"]) for each in told["missing"]] == [("photo", "clean")]
    await hand(visit, "arrival")
    told = await hand(visit, "check_out")
    kinds = [(each["kind"], each["question_id"]) for each in told["missing"]]
    assert (kinds, told["missing_stages"]) == ([("receipt", None), ("photo", "clean")], [])
    for data, fields in (
        (photo("DSCN0010"), {"question_id": "clean"}),
        (photo("DSCN0012"), {"kind": "receipt"}),
    ):
        item_id = await uploaded(visit, data, **fields)
        await shopper.post(f"/v1/visits/{visit.id}/uploads/{item_id}:verify")
    assert "report.completed" in dict(await said(visit))


@pytest.mark.parametrize("drafts", [True, False])
async def test_a_correction_after_a_return_keeps_the_other_stages(
    visit: Visit, hand: Make, handle: Make, shopper: Any, said_bodies: Make, *, drafts: bool
) -> None:
    for each in STAGES:
        await hand(visit, each)
    await handle(
        VisitReturned(
            chain_id="chain-a", visit_id=visit.id, branch_id="branch-1", wave_id="wave-1", seq=3,
            report_revision=1, reason="Why rude?", question_ids=("why",), due_at=visit.due_at,
        )
    )  # fmt: skip
    corrected = {"staff": [{"polite": True}], "clean": True}
    if drafts:
        url = f"/v1/visits/{visit.id}/report/answers"
        assert (await shopper.put(url, json={"answers": corrected})).status_code == 200
    told = await hand(visit, "stay", "key-again", answers=corrected)
    assert (told["state"], told["report_revision"]) == ("completed", 2)
    first, second = await said_bodies(visit, "report.completed")
    assert first["answers"] == WHOLE
    assert second["answers"] == WHOLE | corrected
    assert {each["stage_id"] for each in second["stages"]} == set(STAGES)
    assert second["findings"] == []


async def test_a_question_is_shown_by_the_branchs_attribute_of_the_offer(
    accept: Make, make_visit: Make, hand: Make, submit: Make
) -> None:
    without = await accept(make_visit(evidence=(), stages=terms()))
    await hand(without, "arrival", answers={"greeted": True})
    lift = await accept(make_visit(evidence=(), stages=terms(), branch={"lift": True}))
    answer = await submit(lift, **body("arrival", answers={"greeted": True}))
    assert [each["field"] for each in answer.json()["errors"]] == ["answers.lift"]


@pytest.fixture
def by_phone(app: Any) -> Callable[..., Awaitable[Any]]:
    """Hand in a stage as a form app's is: taken whatever it says."""

    async def run(visit: Visit, each: str, **changes: Any) -> Any:
        fields = body(each, position=visit.position, **changes)
        content = ReportSubmission.model_validate(fields)
        given = Given.of(content, new_id(), tolerant=True)
        return await hand_in(visit, given, desk=app.state.desk(visit.chain_id))

    return run


async def test_a_phones_stage_is_taken_with_its_mistakes_and_they_are_found(
    visit: Visit, by_phone: Make, said_bodies: Make
) -> None:
    await by_phone(visit, "booking", answers={"answered": "yes", "smuggled": 1})
    await by_phone(visit, "arrival")
    await by_phone(visit, "stay", answers={"staff": [{"polite": True, "why": "?"}]})
    assert (await by_phone(visit, "check_out")).state == "completed"
    (event,) = await said_bodies(visit, "report.completed")
    assert set(codes(event)) == {
        ("invalid_answer", "answered"),
        ("missing_answer", "breakfast"),
        ("unknown_answer", "smuggled"),
        ("irrelevant_answer", "staff[0].why"),
        ("missing_answer", "clean"),
    }


async def test_a_phones_stage_cannot_change_anothers_answers_and_the_try_is_found(
    visit: Visit, hand: Make, by_phone: Make, said_bodies: Make
) -> None:
    await hand(visit, "stay")
    smuggled = GIVEN["booking"] | {"clean": False, "staff": [{"polite": True}]}
    await by_phone(visit, "booking", answers=smuggled | {"greeted": False})
    await by_phone(visit, "booking", answers=smuggled)
    await by_phone(visit, "arrival")
    await by_phone(visit, "check_out")
    (event,) = await said_bodies(visit, "report.completed")
    assert {name: event["answers"][name] for name in WHOLE} == WHOLE
    assert codes(event) == [
        ("unknown_answer", "booking:clean"),
        ("unknown_answer", "booking:staff"),
    ]


async def test_mistakes_of_a_phones_stage_do_not_stop_the_next_one_from_the_web(
    visit: Visit, by_phone: Make, submit: Make, hand: Make, said_bodies: Make
) -> None:
    await by_phone(visit, "booking", answers={"answered": "yes", "smuggled": 1})
    for each in ("arrival", "stay", "check_out"):
        assert (await submit(visit, f"empty-{each}", **body(each, answers={}))).status_code == 422
        last = await hand(visit, each)
    assert last["state"] == "completed"
    (event,) = await said_bodies(visit, "report.completed")
    assert ("invalid_answer", "answered") in codes(event)


async def test_a_time_in_the_future_of_the_report_is_found(
    visit: Visit, by_phone: Make, said_bodies: Make
) -> None:
    late = GIVEN["check_out"] | {"left_at": "2026-05-05T19:00:00+02:00"}
    for each in ("check_out", "stay", "arrival", "booking"):
        await by_phone(visit, each, answers=late if each == "check_out" else GIVEN[each])
    (event,) = await said_bodies(visit, "report.completed")
    assert codes(event) == [("future_time", "left_at")]
