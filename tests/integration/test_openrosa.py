"""A report by ODK Collect and one by the app: the same record, the same score, the same pay."""

from typing import Any

import httpx

from incognita_demo.photos import Media
from incognita_shared.values import Position
from tests.collect.client import Collect
from tests.phone import Phone
from tests.stage import Stage
from tests.system import eventually

NOT_APPLICABLE = "OK"
ITEM = ("kind", "question_id", "state", "content_type", "found_type", "cause")


async def test_the_same_report_by_json_and_by_openrosa_is_the_same_record_and_score(
    stage: Stage,
) -> None:
    app, odk = stage.next_visit(), stage.next_visit()
    body = app.report(answers={"remarks": "  Sıcak, güzel. "})
    await app.accept()
    for media in (app.photo(), app.recording()):
        await app.upload(media)
    await app.submit(body)
    await _send(stage, odk, body)
    for phone in (app, odk):
        await stage.reaches(phone, "approved")
    records = [await stage.ask("evidence", f"GET /v1/reports/{it.visit_id}") for it in (app, odk)]
    assert records[0]["answers"] == records[1]["answers"] == body["answers"]
    assert records[0]["findings"] == records[1]["findings"] == []
    for item in (item for record in records for item in record["items"]):
        assert [link["what"] for link in item["custody"]][:2] == ["declared", "stored"]
    assert _items(records[0]) == _items(records[1])
    for field in ("started_at", "ended_at", "missing_evidence_reasons", "report_revision"):
        assert records[0][field] == records[1][field], field
    scores = [await stage.ask("scoring", f"GET /v1/scores/{it.visit_id}") for it in (app, odk)]
    for field in ("score", "passed", "sections", "questions", "critical_failed"):
        assert scores[0][field] == scores[1][field], field
    assert len(await stage.payouts(odk)) == 1


async def test_a_forged_a_smuggled_and_a_missing_answer_wait_for_a_reviewer(stage: Stage) -> None:
    phone = stage.next_visit()
    body = phone.report(answers={"rings": 99, "looks": None})
    await _send(stage, phone, body, smuggled="100", photo=False)
    review = await stage.waits_for_review(phone)
    assert review["report_revision"] == 1
    report = await stage.ask("evidence", f"GET /v1/reports/{phone.visit_id}")
    found = {(each["code"], each["question_id"]) for each in report["findings"]}
    assert found >= {
        ("invalid_answer", "rings"),
        ("missing_answer", "looks"),
        ("unknown_answer", "smuggled"),
        ("missing_item", "temperature"),
    }


async def _send(
    stage: Stage, phone: Phone, body: dict[str, Any], *, photo: bool = True, **smuggled: str
) -> None:
    """The report of ``body``, filled in and sent by Collect, in two requests."""
    await phone.accept()
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        collect = Collect(http, f"{stage.system.urls['evidence']}/openrosa/{phone.key}")

        async def listed() -> bool:
            await collect.update()
            return phone.visit_id in collect.forms

        assert await eventually(listed, "the form is listed")
        media = {"voice.ogg": phone.recording()}
        texts = _texts(body["answers"]) | {"ms_agreed_audio_1": "voice.ogg"}
        if photo:
            media["pizza.jpg"] = phone.photo()
            texts["ms_evidence_0_1_temperature"] = "pizza.jpg"
        instance = collect.forms[phone.visit_id].fill(
            texts | {"ms_position": _geopoint(phone.place)},
            started_at=body["started_at"],
            ended_at=body["ended_at"],
            media={name: _part(each) for name, each in media.items()},
            **smuggled,
        )
        for name in media:
            await collect.post(instance, [name])


def _texts(answers: dict[str, Any]) -> dict[str, str]:
    texts = {}
    for name, answer in answers.items():
        if answer is None:
            if name == "offered_drink":
                texts[f"ms_na_{name}"] = NOT_APPLICABLE
        elif isinstance(answer, bool):
            texts[name] = "yes" if answer else "no"
        else:
            texts[name] = str(answer)
    return texts


def _geopoint(place: Position) -> str:
    return f"{place.latitude} {place.longitude} 0.0 {place.accuracy_m or 0.0}"


def _part(media: Media) -> tuple[str, bytes]:
    return media.content_type, media.data


def _items(record: dict[str, Any]) -> list[tuple[Any, ...]]:
    return sorted(tuple(map(str, (item[name] for name in ITEM))) for item in record["items"])
