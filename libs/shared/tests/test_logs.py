import io
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from incognita_shared.ids import new_id
from incognita_shared.logs import configure_logs, without_secrets
from incognita_shared.settings import TelemetrySettings
from incognita_shared.telemetry import start_telemetry, tracer, visit_context


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    output = io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", output)
    configure_logs("scoring")
    yield output
    logging.captureWarnings(False)
    root.handlers[:], root.level = before


def _last(output: io.StringIO) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(output.getvalue().splitlines()[-1])
    return line


def test_a_line_is_json_with_its_service_logger_and_extras(lines: io.StringIO) -> None:
    logging.getLogger("here").warning("%d records", 3, extra={"topic": "t", "big": 2**70})
    line = _last(lines)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "warning",
        "service": "scoring",
        "logger": "here",
        "message": "3 records",
        "topic": "t",
        "big": str(2**70),
    }


def test_a_line_written_within_a_span_carries_the_visits_trace(lines: io.StringIO) -> None:
    visit_id = new_id()
    with (
        start_telemetry("scoring", TelemetrySettings(traces_dir=None)),
        tracer().start_as_current_span("work", context=visit_context(visit_id)),
    ):
        logging.getLogger("here").info("within")
    line = _last(lines)
    assert line["trace_id"] == visit_id
    assert len(line["span_id"]) == 16


def test_an_exception_stays_on_one_line_and_loses_its_secrets(lines: io.StringIO) -> None:
    try:
        int("mongodb://user:hidden@host/ and inc_0a1b_hidden-_hidden")
    except ValueError:
        logging.getLogger("here").exception("failed")
    assert len(lines.getvalue().splitlines()) == 1
    assert "ValueError" in _last(lines)["exc_info"]
    assert "hidden" not in lines.getvalue()


def test_warnings_become_lines(lines: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("careful", stacklevel=1)
    assert "careful" in _last(lines)["message"]


def test_text_that_is_not_utf_8_can_be_logged(lines: io.StringIO) -> None:
    logging.getLogger("here").info("file %s", "\ud800")
    assert _last(lines)["message"] == "file \\ud800"


@pytest.mark.parametrize(
    "text",
    [
        "key inc_operator_hidden",
        "whsec_aGlkZGVuaGlkZGVu+/=hidden",
        "http://s/b?X-Amz-Signature=hidden&a=1",
        "X-Amz-Credential=hidden",
        "Authorization: Bearer hidden",
        "{'authorization': 'Basic hidden'}",
        "AUTHORIZATION=hidden",
        "amqp+ssl://user:hidden@host",
    ],
)
def test_secrets_are_cut_out(text: str) -> None:
    cut = without_secrets(text)
    assert "hidden" not in cut
    assert "***" in cut


def test_a_secret_in_an_extra_field_is_cut_out_too(lines: io.StringIO) -> None:
    extra = {
        "headers": {"Authorization": "hidden", "x": ["inc_ab_hidden"]},
        "authorization": "hidden",
    }
    logging.getLogger("here").info("request", extra=extra)
    assert "hidden" not in lines.getvalue()


def test_what_is_no_secret_stays() -> None:
    text = "incident include_all https://host/path?a=b user@host 12:30:00"
    assert without_secrets(text) == text
