"""The key in the address is nowhere to be found afterwards."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from incognita_evidence.main import build_app
from incognita_evidence.visit import Visit
from incognita_shared.health import Health
from incognita_shared.logs import without_secrets
from incognita_shared.settings import TelemetrySettings
from incognita_shared.telemetry import flush, start_telemetry
from tests.collect.client import Collect
from tests.collect.form import Instance


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Path]:
    """Where all spans go."""
    with start_telemetry("evidence", TelemetrySettings(traces_dir=tmp_path)):
        yield tmp_path


@pytest.fixture
def app(traces: Path, app: FastAPI, db: Any, store: Any) -> FastAPI:
    """The same app, traced."""
    settings = replace(app.state.settings, telemetry=TelemetrySettings(traces_dir=traces))
    return build_app(settings, db=db, health=Health(), store=store, wake=lambda: None)


def written(directory: Path) -> str:
    return "".join(path.read_text() for path in directory.glob("*.jsonl"))


async def test_neither_logs_nor_traces_nor_answers_hold_the_key(
    phone: Collect,
    make_visit: Callable[..., Visit],
    accept: Callable[[Visit], Awaitable[Visit]],
    filled: Callable[..., Awaitable[Instance]],
    traces: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    visit = await accept(make_visit())
    await phone.send(await filled(visit))
    secret = phone.server.split("_", 2)[2]
    refused = [
        await phone.http.get(f"{phone.server}/nothing"),
        await phone.http.get(f"{phone.server}/forms/x.xml/x"),
        await phone.http.put(f"{phone.server}/formList"),
        await phone.http.post(f"{phone.server}/submission", content=b"x"),
        await phone.http.get(f"{phone.server}x/formList"),
    ]
    assert {answer.status_code for answer in refused} == {400, 403, 404, 405}
    assert not any(secret in f"{answer.text}{answer.headers}" for answer in refused)
    await asyncio.to_thread(flush)
    spans = await asyncio.to_thread(written, traces)
    assert re.search(r"/openrosa/submission", spans)
    assert visit.id in spans
    assert secret not in spans
    assert "deviceID" not in spans  # by which a shopper's phone would be known again
    ours = [one for one in caplog.records if not one.name.startswith(("httpx", "httpcore"))]
    assert any("/openrosa/formList" in one.getMessage() for one in ours)
    assert not any(word in str(vars(one)) for one in ours for word in (secret, "deviceID"))


async def test_a_fault_of_ours_is_told_without_the_key(
    phone: Collect, app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    app.state.phone_desk = None
    answer = await phone.http.get(f"{phone.server}/formList")
    assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    secret = phone.server.split("_", 2)[2]
    assert secret not in answer.text
    assert not any(secret in str(one.exc_info) for one in caplog.records)


def test_a_key_that_slips_into_a_text_is_masked_there() -> None:
    text = "GET http://evidence/openrosa/inc_0123abcd_s-e_c-r_e-t/formList"
    assert without_secrets(text) == "GET http://evidence/openrosa/inc_0123abcd_***/formList"
