"""Every report is judged anew: files by what they are, answers by each other and by the clock."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from incognita_evidence.visit import Visit
from incognita_shared.clock import now
from incognita_shared.questionnaire.model import Questionnaire
from support.forms import answers, form, question, section

Make = Callable[..., Any]
SOUND: dict[str, Any] = {
    "seated": "2008-10-22T14:30:00+00:00", "served": "2008-10-22T14:40:00+00:00",
    "paid": False,
}  # fmt: skip
MINUTES = {"/": [{"-": [{"seconds": [answers("served")]}, {"seconds": [answers("seated")]}]}, 60]}


@pytest.fixture(scope="module")
def questionnaire() -> Questionnaire:
    return form(
        section(
            "table",
            question("seated", "moment"),
            question(
                "served",
                "moment",
                scoring={
                    "method": "timed_standard",
                    "standard": {"start_question_id": "seated", "maximum_s": 900},
                },
            ),
            question("minutes", "calculated", calculation=MINUTES),
            question("counter", "photo", required=False, maximum=3),
            question("where", "position", required=False),
            question("paid"),
            question("change", "integer", relevant=answers("paid")),
        ),
        section(
            "staff",
            question("badge", "photo"),
            question("name", "text", required=False),
            repeat={"maximum": 4},
        ),
    )


@pytest.fixture
async def visit(accept: Callable[[Visit], Awaitable[Visit]], make_visit: Make) -> Visit:
    return await accept(make_visit(evidence=()))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def missing(answer: Any) -> list[tuple[str, int, int]]:
    assert answer.status_code == 200, answer.text
    told = answer.json()["missing"]
    return [(each["question_id"], each["needed"], each["present"]) for each in told]


async def test_a_report_waits_for_the_very_files_that_its_answer_names(
    visit: Visit, submit: Make, uploaded: Make, photo: Make, shopper: Any, said: Make,
    said_bodies: Make,
) -> None:  # fmt: skip
    named = [sha256(photo("DSCN0010")), sha256(photo("DSCN0012"))]
    given = {"answers": SOUND | {"counter": named}}
    assert missing(await submit(visit, **given)) == [("counter", 2, 0)]
    other = await uploaded(visit, photo("DSCN0021"), question_id="counter")
    elsewhere = await uploaded(visit, photo("DSCN0010"), question_id="badge")
    for item_id in (other, elsewhere):
        verified = await shopper.post(f"/v1/visits/{visit.id}/uploads/{item_id}:verify")
        assert verified.status_code == 200
    assert missing(await submit(visit, **given)) == [("counter", 2, 0)]
    first = await uploaded(visit, photo("DSCN0010"), question_id="counter")
    await shopper.post(f"/v1/visits/{visit.id}/uploads/{first}:verify")
    assert missing(await submit(visit, **given)) == [("counter", 2, 1)]
    assert "report.completed" not in dict(await said(visit))
    second = await uploaded(visit, photo("DSCN0012"), question_id="counter")
    await shopper.post(f"/v1/visits/{visit.id}/uploads/{second}:verify")
    (event,) = await said_bodies(visit, "report.completed")
    assert event["answers"]["counter"] == named


async def test_files_of_each_repetition_must_be_there(
    visit: Visit, submit: Make, uploaded: Make, photo: Make, said_bodies: Make
) -> None:
    files = [photo("DSCN0010"), photo("DSCN0012")]
    staff = [{"badge": [sha256(each)], "name": "Ayşe"} for each in files]
    given = {"answers": SOUND | {"staff": staff}}
    await uploaded(visit, files[0], question_id="badge")
    assert missing(await submit(visit, **given)) == [("badge", 2, 1)]
    await uploaded(visit, files[1], question_id="badge")
    assert missing(await submit(visit, **given)) == []
    (event,) = await said_bodies(visit, "report.completed")
    assert event["answers"]["staff"] == staff


async def test_one_file_for_two_repetitions_is_brought_once(
    visit: Visit, submit: Make, uploaded: Make, photo: Make
) -> None:
    staff = [{"badge": [sha256(photo())]}] * 2
    assert missing(await submit(visit, answers=SOUND | {"staff": staff})) == [("badge", 1, 0)]
    await uploaded(visit, photo(), question_id="badge")
    assert missing(await submit(visit, answers=SOUND | {"staff": staff})) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"staff": [{"badge": ["0" * 64]}, {}]}, "answers.staff[1].badge"),
        ({"staff": [{"badge": ["0" * 64], "x": 1}]}, "answers.staff[0].x"),
        ({"staff": [{"badge": ["0" * 64]}] * 5}, "answers.staff"),
        ({"staff": {"badge": ["0" * 64]}}, "answers.staff"),
        ({"staff": [1]}, "answers.staff"),
        ({"badge": ["0" * 64]}, "answers.badge"),
        ({"counter": ["photo.jpg"]}, "answers.counter"),
        ({"counter": [f"{n:064x}" for n in range(4)]}, "answers.counter"),
        ({"where": {"latitude": 91, "longitude": 0}}, "answers.where"),
        ({"where": "43.46745 11.88513"}, "answers.where"),
    ],
)
async def test_an_answer_that_is_no_answer_is_refused_at_its_place(
    visit: Visit, submit: Make, changes: dict[str, Any], field: str
) -> None:
    answer = await submit(visit, answers=SOUND | changes)
    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"minutes": 10}, []),
        ({"minutes": 2}, [("calculation_differs", "minutes")]),
        ({"change": 5}, [("irrelevant_answer", "change")]),
        ({"where": {"latitude": 43.46745, "longitude": 11.88513, "accuracy_m": 8.5}}, []),
        ({"where": {"latitude": 43.46745, "longitude": 11.88513}, "minutes": "10.0"}, []),
        ({"served": "2008-10-22T14:49:00+00:00"}, [("future_time", "served")]),
    ],
)
async def test_what_contradicts_itself_is_found_and_the_report_taken(
    visit: Visit, submit: Make, said_bodies: Make, changes: dict[str, Any],
    expected: list[tuple[str, str]],
) -> None:  # fmt: skip
    assert missing(await submit(visit, answers=SOUND | changes)) == []
    (event,) = await said_bodies(visit, "report.completed")
    assert [(each["code"], each["question_id"]) for each in event["findings"]] == expected
    assert {name: event["answers"][name] for name in changes} == changes
    grave = [each for each in event["findings"] if each["severity"] != "info"]
    assert bool(await said_bodies(visit, "report.flagged")) is bool(grave)


async def test_a_report_from_the_future_is_judged_by_its_receipt(
    visit: Visit, submit: Make, said_bodies: Make
) -> None:
    soon = now() + timedelta(hours=2)
    times = {"seated": (now() - timedelta(hours=1)).isoformat(), "served": soon.isoformat()}
    await submit(visit, answers=SOUND | times, ended_at=(soon + timedelta(hours=1)).isoformat())
    (event,) = await said_bodies(visit, "report.completed")
    assert [(each["code"], each["question_id"]) for each in event["findings"]] == [
        ("future_time", None),
        ("future_time", "served"),
    ]
