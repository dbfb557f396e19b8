"""A visit in two stages with a group that repeats: a form for each stage, one report in the end."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from incognita_evidence.visit import Visit
from incognita_shared.events.assignment import QuestionnairePublished
from incognita_shared.questionnaire.model import Questionnaire
from tests.collect.client import Collect, Refused
from tests.collect.form import Instance

Make = Callable[..., Visit]
Accept = Callable[[Visit], Awaitable[Visit]]
TIMES = {
    "started_at": "2008-10-22T16:28:00.000+02:00",
    "ended_at": "2008-10-22T16:48:00.000+02:00",
}


def question(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "type": kind, "label": {"en": name}, **more}


@pytest.fixture
def published() -> QuestionnairePublished:
    """A call to book, then a stay in which several people are met."""
    definition = {
        "title": {"en": "Hostel"},
        "default_language": "en",
        "languages": ["en"],
        "stages": [
            {"id": "booking", "title": {"en": "Booking"}, "channel": "phone"},
            {"id": "stay", "title": {"en": "Stay"}, "channel": "visit"},
        ],
        "sections": [
            {
                "id": "call",
                "title": {"en": "Call"},
                "stage_id": "booking",
                "questions": [question("rings", "integer"), question("told_price", "boolean")],
            },
            {
                "id": "staff",
                "title": {"en": "Staff"},
                "stage_id": "stay",
                "repeat": {"minimum": 0, "maximum": 5},
                "questions": [
                    question("greeted", "boolean"),
                    question("badge", "photo", required=False),
                ],
            },
            {
                "id": "desk",
                "title": {"en": "Desk"},
                "stage_id": "stay",
                "questions": [
                    question(
                        "same_price",
                        "boolean",
                        relevant={"==": [{"var": "answers.told_price"}, True]},
                    ),
                    question("bar", "boolean", relevant={"==": [{"var": "branch.bar"}, True]}),
                ],
            },
        ],
    }
    return QuestionnairePublished(
        chain_id="chain-a",
        questionnaire_id="counter",
        version=1,
        definition=Questionnaire.model_validate(definition),
    )


def stay(phone: Collect, visit: Visit, photo: bytes, **changes: Any) -> Instance:
    return phone.forms[f"{visit.id}.stay"].fill(
        {
            "staff": [{"greeted": "yes", "badge": "badge.jpg"}, {"greeted": "no"}],
            "same_price": "yes",
            "ms_agreed_photo_1": "hall.jpg",
            **changes,
        },
        media={"badge.jpg": ("image/jpeg", photo), "hall.jpg": ("image/jpeg", photo + b"\0")},
        **TIMES,
    )


async def test_each_stage_is_sent_by_itself_and_the_report_is_whole_with_the_last(
    phone: Collect, make_visit: Make, accept: Accept, photo: Any, said: Any, db: Any
) -> None:
    visit = await accept(make_visit(branch={"bar": False}))
    await phone.update()
    assert set(phone.forms) == {f"{visit.id}.booking", f"{visit.id}.stay"}
    before = phone.forms[f"{visit.id}.stay"]
    assert "ms_position" in before.names()
    assert "ms_position" not in phone.forms[f"{visit.id}.booking"].names()
    booking = phone.forms[f"{visit.id}.booking"].fill({"rings": "2", "told_price": "yes"}, **TIMES)
    await phone.send(booking)
    assert await said(visit) == []
    await phone.update()
    assert set(phone.forms) == {f"{visit.id}.stay"}
    assert phone.forms[f"{visit.id}.stay"] is not before  # it knows by now what was told
    whole = stay(phone, visit, photo())
    for _ in range(2):
        await phone.send(whole)
    await phone.send(booking)
    report = await db["reports"].find_one({"_id": visit.id})
    assert report["state"] == "completed"
    assert [stage["stage_id"] for stage in report["stages"]] == ["booking", "stay"]
    [first, second] = report["answers"]["staff"]
    assert (first["greeted"], second) == (True, {"greeted": False})
    [badge] = [item for item in report["items"] if item["question_id"] == "badge"]
    assert first["badge"] == [badge["sha256"]]
    assert report["answers"]["rings"] == 2
    assert "bar" not in report["answers"]
    codes = [each["code"] for each in report["findings"] if each["severity"] != "info"]
    assert set(codes) <= {"duplicate_in_chain", "position_missing"}
    assert [name for name, _ in await said(visit)].count("report.completed") == 1


async def test_a_stage_that_there_is_not_is_no_form(
    phone: Collect, make_visit: Make, accept: Accept
) -> None:
    visit = await accept(make_visit())
    await phone.update()
    instance = phone.forms[f"{visit.id}.booking"].fill({"rings": "2"}, **TIMES)
    instance.xml = instance.xml.replace(b".booking", b".checkout")
    with pytest.raises(Refused, match="404"):
        await phone.send(instance)


async def test_an_answer_of_another_stage_is_found_in_the_end(
    phone: Collect, make_visit: Make, accept: Accept, photo: Any, db: Any
) -> None:
    visit = await accept(make_visit())
    await phone.update()
    booking = phone.forms[f"{visit.id}.booking"].fill(
        {"rings": "2", "told_price": "no"}, same_price="yes", **TIMES
    )
    await phone.send(booking)
    await phone.update()
    instance = stay(phone, visit, photo())
    await phone.send(instance)
    report = await db["reports"].find_one({"_id": visit.id})
    assert ("irrelevant_answer", "same_price") in {
        (each["code"], each["question_id"]) for each in report["findings"]
    }


async def test_each_stage_is_read_as_it_came_and_the_last_filling_of_it_counts(
    phone: Collect, make_visit: Make, accept: Accept, photo: Any, client_as: Any
) -> None:
    visit = await accept(make_visit())
    await phone.update()
    form = phone.forms[f"{visit.id}.booking"]
    for rings in ("2", "3"):
        await phone.send(form.fill({"rings": rings, "told_price": "no"}, **TIMES))
    await phone.post(stay(phone, visit, photo()), [])
    reviewer = await client_as("reviewer")
    answer = (await reviewer.get(f"/v1/reports/{visit.id}/arrivals")).json()
    assert [(each["stage_id"], each["state"]) for each in answer["arrivals"]] == [
        ("booking", "replaced"), ("booking", "counts"), ("stay", "waiting"),
    ]  # fmt: skip
