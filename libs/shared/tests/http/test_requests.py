"""What surrounds a request: its trace, its log line, its answer when all goes wrong."""

import asyncio
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from incognita_shared.http.requests import key_out_of_path
from incognita_shared.ids import root_span_id
from incognita_shared.telemetry import flush
from incognita_shared.telemetry.tree import load_spans

VISIT = "0123456789abcdef0123456789abcdef"
AGENCY = {"Authorization": "Bearer inc_k1_secret"}


async def test_a_fault_of_ours_tells_no_more_than_its_trace(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await client.get("/v1/broken")
    assert answer.status_code == 500
    assert len(answer.json()["trace_id"]) == 32
    assert "secret" not in answer.text
    assert "the secret cause" in caplog.text


async def test_each_request_is_one_log_line_without_the_address_or_the_key(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "incognita.request")
    path = f"/v1/visits/{VISIT}:accept?X-Amz-Signature=hidden"
    await client.post(path, json={"name": "a"}, headers=AGENCY)
    await client.get("/health/live")
    lines = [one for one in caplog.records if one.name == "incognita.request"]
    assert [one.getMessage() for one in lines] == ["POST /v1/visits/{visit_id}:accept 200"]
    assert VISIT not in str(vars(lines[0]))
    assert "hidden" not in str(vars(lines[0]))


async def test_of_requests_whose_trace_is_not_kept_only_failed_ones_are_logged(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "incognita.request")
    unsampled = {"traceparent": f"00-{'b' * 32}-{'c' * 16}-00"}
    await client.get("/v1/visits?limit=1", headers=unsampled)
    await client.get("/v1/visits?limit=1000", headers=unsampled)
    lines = [one.getMessage() for one in caplog.records if one.name == "incognita.request"]
    assert lines == ["GET /v1/visits 422"]


async def test_a_request_about_a_visit_is_on_the_visits_trace(
    client: httpx.AsyncClient, traces: Path
) -> None:
    own = {"traceparent": f"00-{'b' * 32}-{'c' * 16}-01", **AGENCY}
    await client.post(f"/v1/visits/{VISIT}:accept", json={"name": "a"}, headers=own)
    await client.get("/v1/visits?limit=1", headers=own)
    await client.get("/health/live", headers=own)
    await asyncio.to_thread(flush)
    [about_visit] = [span for span in load_spans(traces, VISIT) if span.trace_id == VISIT]
    assert about_visit.parent_id == root_span_id(VISIT)
    assert about_visit.name == "POST /v1/visits/{visit_id}:accept"
    assert about_visit.attributes["incognita.visit.id"] == VISIT
    assert about_visit.attributes["incognita.client.traceparent"] == own["traceparent"]
    assert about_visit.attributes["http.response.status_code"] == 200
    assert about_visit.links == (("b" * 32, "c" * 16),)
    others = [span for span in load_spans(traces, "b" * 32) if span is not about_visit]
    assert [one.name for one in others if one.trace_id != VISIT] == ["GET /v1/visits"]


@pytest.mark.parametrize(
    ("path", "seen", "key"),
    [
        ("/openrosa/inc_1_secret/formList", "/openrosa/formList", b"Bearer inc_1_secret"),
        ("/openrosa/inc_1_secret", "/openrosa", b"Bearer inc_1_secret"),
        ("/openrosa//formList", "/openrosa/formList", b"Bearer "),
        ("/openrosa/\u043a/x y", "/openrosa/x y", "Bearer \u043a".encode()),
    ],
)
def test_a_key_in_the_path_becomes_one_in_the_header_in_place_of_any_other(
    path: str, seen: str, key: bytes
) -> None:
    scope = {"type": "http", "path": path, "headers": [(b"authorization", b"Bearer other")]}
    scope["query_string"] = b"deviceID=collect%3A1"
    moved = key_out_of_path(scope, "/openrosa")
    assert (moved["path"], moved["raw_path"]) == (seen, quote(seen).encode())
    assert moved["headers"] == [(b"authorization", key)]
    assert moved["query_string"] == b""


@pytest.mark.parametrize("path", ["/openrosa", "/openrosas/a/b", "/v1/openrosa/a/b"])
def test_other_paths_keep_what_they_have(path: str) -> None:
    scope = {"type": "http", "path": path, "headers": [(b"authorization", b"Bearer own")]}
    assert key_out_of_path(scope, "/openrosa") is scope
