"""Wrong input of every kind: the right status, a cause that names the place, nothing changed."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from incognita_demo.api import Api
from incognita_shared.ids import new_id
from tests.phone import Phone
from tests.stage import Stage
from tests.system import System, eventually, problem

HEADER = "store_id,address,city,country,time_zone\n"
GOOD_ROW = "S-1,1 Main Street,Westland,US,America/Detroit\n"
CSV, GEOJSON, JSON = "text/csv", "application/geo+json", "application/json"
UNREADABLE, UNPROCESSABLE = httpx.codes.BAD_REQUEST, httpx.codes.UNPROCESSABLE_ENTITY


@dataclass
class Quiet:
    """A stage on which nothing moves: one visit is accepted, one is cancelled."""

    stage: Stage
    accepted: Phone
    cancelled: Phone


@pytest.fixture(scope="module")
async def quiet(system: System, api: Api) -> AsyncIterator[Quiet]:
    async with Stage.opened(system, api, stores=3) as stage:
        accepted, cancelled = stage.next_visit(), stage.next_visit()
        await accepted.accept()
        await cancelled.accept()
        await stage.ask(
            "assignment",
            f"POST /v1/visits/{cancelled.visit_id}:cancel",
            {"reason": "The branch is being rebuilt."},
        )

        async def heard() -> bool:
            path = f"GET /v1/visits/{cancelled.visit_id}/report"
            view = await system.ask("evidence", path, key=cancelled.key)
            return bool(view.json().get("visit_state") == "cancelled")

        await eventually(heard, "evidence knows of the cancellation")
        yield Quiet(stage, accepted, cancelled)


@pytest.fixture
async def unchanged(quiet: Quiet) -> AsyncIterator[None]:
    """After the test every count and every document shown is as it was before."""
    before = await quiet.stage.counts()
    yield
    assert await quiet.stage.counts() == before


async def send(
    stage: Stage, content: bytes, kind: str, *, to: str = "/v1/branches:import"
) -> httpx.Response:
    return await stage.system.ask(
        "assignment",
        f"POST {to}",
        key=stage.keys.agency,
        content=content,
        headers={"Content-Type": kind},
    )


FILES = {
    "bad encoding": (
        CSV,
        (HEADER + GOOD_ROW).encode() + "S-2,2 Rue Lévêque,Québec,CA,\n".encode("latin-1"),
        "row 2", "UTF-8",
    ),
    "UTF-16 without a mark": (CSV, (HEADER + GOOD_ROW).encode("utf-16-le"), "header", "NUL"),
    "a missing column": (CSV, b"store_id,city\nS-1,Westland\n", "address", "column"),
    "no column that is known": (CSV, b"a,b\n1,2\n", "store_id", "column"),
    "a column twice": (CSV, b"store_id,store_id,address,city\n1,1,a,b\n", "store_id", "keep one"),
    "10 million characters in a cell": (
        CSV,
        (HEADER + GOOD_ROW + f"S-2,{'x' * 10_000_000},Westland,US,America/Detroit\n").encode(),
        "row 2", "characters",
    ),
    "a quotation mark left open": (
        CSV, (HEADER + GOOD_ROW + 'S-2,"2 Main Street,Westland,US,x\n').encode(), "row 2", "quot",
    ),
    "nothing": (CSV, b"", "", "empty"),
    "GeoJSON that is no JSON": (GEOJSON, b"{", "", ""),
    "GeoJSON of another shape": (GEOJSON, b'{"type": "Feature"}', "", ""),
    "GeoJSON cut off": (GEOJSON, b'{"type": "FeatureCollection", "features": [{"type":', "", ""),
}  # fmt: skip


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_cannot_be_read_is_refused_as_a_whole(quiet: Quiet, name: str) -> None:
    kind, content, field, cause = FILES[name]
    found = problem(await send(quiet.stage, content, kind), UNPROCESSABLE)
    assert found["errors"], found
    said = " ".join(f"{error['field']} {error['cause']}" for error in found["errors"])
    assert field in said
    assert cause.lower() in said.lower()
    assert len(found["detail"]) < 1_000


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("S-9,,Westland,US,America/Detroit", "address"),
        ("S-9,1 Main Street,,US,America/Detroit", "city"),
        (",1 Main Street,Westland,US,America/Detroit", "store_id"),
        ("S-9,1 Main Street,Westland,US,Mars/Olympus", "time_zone"),
        ("S-9,1 Main Street,Westland,US", "row"),
        ("S-9,1 Main Street,Westland,US,America/Detroit,more,cells", "row"),
        (f"S-9,{'x' * 100_000},Westland,US,America/Detroit", "address"),
        ("S-9,1 Main\x00Street,Westland,US,America/Detroit", "address"),
    ],
)
async def test_a_bad_row_is_rejected_with_its_number_and_field(
    quiet: Quiet, row: str, field: str
) -> None:
    answer = await send(quiet.stage, (HEADER + row + "\n").encode(), CSV)
    assert answer.status_code == 200, answer.text[:1_000]
    report = answer.json()
    assert (report["rejected"], report["created"], report["updated"]) == (1, 0, 0)
    assert {"row": 1, "field": field}.items() <= report["problems"][0].items()
    assert report["problems"][0]["cause"]


BODIES: dict[str, tuple[bytes, int]] = {
    "no JSON": (b"{name:", UNREADABLE),
    "cut off": (b'{"name": "x', UNREADABLE),
    "no UTF-8": (b'{"name": "\xff\xfe"}', UNREADABLE),
    "empty": (b"", UNPROCESSABLE),
    "null": (b"null", UNPROCESSABLE),
    "a list": (b"[]", UNPROCESSABLE),
    "a number": (b"7", UNPROCESSABLE),
    "not a number": (b'{"name": NaN, "purpose": "x"}', UNREADABLE),
    "a missing field": (b'{"purpose": "x"}', UNPROCESSABLE),
    "another type": (b'{"name": 5, "purpose": "x"}', UNPROCESSABLE),
    "an unknown field": (b'{"name": "x", "purpose": "y", "owner": "z"}', UNPROCESSABLE),
    "too long a text": (json.dumps({"name": "x" * 50_000, "purpose": "y"}).encode(), UNPROCESSABLE),
    "a NUL": (b'{"name": "a\\u0000b", "purpose": "y"}', UNPROCESSABLE),
    "half a surrogate pair": (b'{"name": "\\ud800", "purpose": "y"}', UNREADABLE),
    "deep nesting": (b'{"name":' + b"[" * 5_000 + b"]" * 5_000 + b"}", UNREADABLE),
    "a huge number": (b'{"name": 1' + b"0" * 5_000 + b', "purpose": "y"}', UNREADABLE),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", BODIES)
async def test_json_of_the_wrong_shape_is_refused(quiet: Quiet, name: str) -> None:
    content, status = BODIES[name]
    answer = await send(quiet.stage, content, JSON, to="/v1/programmes")
    assert answer.status_code in {UNREADABLE, UNPROCESSABLE}
    found = problem(answer, answer.status_code)
    assert answer.status_code == status, found
    if status == UNPROCESSABLE:
        assert all(error["cause"] for error in found["errors"])
        assert found["errors"][0]["field"]


@pytest.mark.usefixtures("unchanged")
async def test_ten_megabytes_of_json_are_too_large(quiet: Quiet) -> None:
    content = b'{"name": "' + b"x" * 10_000_000 + b'", "purpose": "y"}'
    problem(await send(quiet.stage, content, JSON, to="/v1/programmes"), 413)


@pytest.mark.usefixtures("unchanged")
async def test_another_media_type_is_refused(quiet: Quiet) -> None:
    problem(await send(quiet.stage, b"<name/>", "application/xml", to="/v1/programmes"), 415)
    problem(await send(quiet.stage, b"<name/>", "application/xml"), 415)


ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown question": ({"colour_of_the_door": "red"}, "answers.colour_of_the_door"),
    "a wrong type": ({"greeted": "perhaps"}, "answers.greeted"),
    "out of range": ({"rings": 99}, "answers.rings"),
    "no such choice": ({"temperature": "frozen"}, "answers.temperature"),
    "a required one left out": ({"greeted": None}, "answers.greeted"),
    "a moment that is none": ({"ordered_at": "noon"}, "answers.ordered_at"),
}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", ANSWERS)
async def test_a_wrong_answer_is_named_and_nothing_is_kept(quiet: Quiet, name: str) -> None:
    phone, (answers, field) = quiet.accepted, ANSWERS[name]
    path = f"/v1/visits/{phone.visit_id}/report"
    before = await phone.call("evidence", f"GET {path}")
    answer = await quiet.stage.system.ask(
        "evidence",
        f"POST {path}:submit",
        key=phone.key,
        json=phone.report(answers=answers),
        headers={"Idempotency-Key": new_id()},
    )
    found = problem(answer, UNPROCESSABLE)
    assert [error["field"] for error in found["errors"]] == [field]
    assert found["errors"][0]["cause"]
    assert await phone.call("evidence", f"GET {path}") == before


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ended_at": "2026-05-04T12:00:00"}, "ended_at"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"position": {"latitude": 91, "longitude": 0}}, "position.latitude"),
        ({"answers": []}, "answers"),
        ({"mood": "good"}, "mood"),
    ],
)
async def test_a_report_of_the_wrong_shape_names_the_field(
    quiet: Quiet, changes: dict[str, Any], field: str
) -> None:
    phone = quiet.accepted
    answer = await quiet.stage.system.ask(
        "evidence",
        f"POST /v1/visits/{phone.visit_id}/report:submit",
        key=phone.key,
        json={**phone.report(), **changes},
        headers={"Idempotency-Key": new_id()},
    )
    found = problem(answer, UNPROCESSABLE)
    assert field in {error["field"].removeprefix("body.") for error in found["errors"]}


@pytest.mark.usefixtures("unchanged")
async def test_a_report_for_a_cancelled_visit_is_refused(quiet: Quiet) -> None:
    phone = quiet.cancelled
    for request, body in (
        ("report:submit", phone.report()),
        ("uploads", {"kind": "photo", "sha256": "0" * 64, "size_bytes": 9,
                     "content_type": "image/jpeg"}),
    ):  # fmt: skip
        answer = await quiet.stage.system.ask(
            "evidence",
            f"POST /v1/visits/{phone.visit_id}/{request}",
            key=phone.key,
            json=body,
            headers={"Idempotency-Key": new_id()},
        )
        assert problem(answer, httpx.codes.CONFLICT)["state"] == "cancelled"


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("name", ["0" * 32, new_id(), "x", "..%2f..", "%00", "é" * 40, "A" * 5_000])
async def test_a_visit_that_does_not_exist_is_not_found(quiet: Quiet, name: str) -> None:
    phone, system = quiet.accepted, quiet.stage.system
    for service, request, body in (
        ("assignment", f"GET /v1/visits/{name}", None),
        ("assignment", f"POST /v1/visits/{name}:accept", None),
        ("evidence", f"GET /v1/visits/{name}/report", None),
        ("evidence", f"POST /v1/visits/{name}/report:submit", phone.report()),
    ):
        answer = await system.ask(
            service, request, key=phone.key, json=body, headers={"Idempotency-Key": new_id()}
        )
        assert answer.status_code in {UNREADABLE, httpx.codes.NOT_FOUND, UNPROCESSABLE}, request
        problem(answer, answer.status_code)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("key", [None, "nonsense", "inc_operator_wrong", "inc_0_0", "inc_é_ü"])
async def test_without_a_good_key_nobody_gets_in(quiet: Quiet, key: str | None) -> None:
    headers = {} if key is None else {"Authorization": f"Bearer {key}".encode()}
    for service, path in (
        ("assignment", "/v1/visits"),
        ("evidence", "/v1/reports"),
        ("scoring", "/v1/scores"),
        ("comparison", "/v1/trend"),
        ("notification", "/v1/subscriptions"),
    ):
        answer = await quiet.stage.system.ask(service, f"GET {path}", key=None, headers=headers)
        problem(answer, httpx.codes.UNAUTHORIZED)
        assert answer.headers["www-authenticate"].startswith("Bearer")
