"""Logs as JSON lines on standard error, each with the trace it belongs to, and without secrets."""

import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from opentelemetry import trace
from pythonjsonlogger.orjson import OrjsonFormatter

_LONGEST_INTEGER_BITS = 63  # what a JSON line can hold
_QUIET = ("httpx", "httpcore", "urllib3", "pymongo", "aiokafka", "asyncio")
_SECRETS = re.compile(
    r"(?P<key>\binc_[0-9A-Za-z]+_)[\w\-]+"
    r"|(?P<signing>\bwhsec_)[\w+/=\-]+"
    r"|(?P<signature>(?:X-Amz-(?:Signature|Credential|Security-Token))=)[^&\s\"']+"
    r"|(?P<header>authorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic)\s+)?)[^\s,;\"'}]+"
    r"|(?P<address>\b[a-z][a-z0-9+.\-]*://[^\s:/@]+:)[^\s@/]+(?=@)",
    re.IGNORECASE,
)


def configure_logs(service: str, level: int | str = logging.INFO) -> None:
    """Send all logs of the process, and warnings, to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(service))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)


def without_secrets(text: str) -> str:
    """``text`` with API keys, signing secrets, signatures and passwords cut out."""
    return _SECRETS.sub(_cut, text)


def _cut(found: re.Match[str]) -> str:
    kept = next(part for part in found.groups() if part is not None)
    return f"{kept}***"


class _Lines(OrjsonFormatter):
    def __init__(self, service: str) -> None:
        super().__init__("%(message)s")
        self._service = service

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        log_data.pop("color_message", None)  # uvicorn's own, for terminals
        return {name: _clean_field(name, value) for name, value in log_data.items()}

    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        log_data["time"] = datetime.fromtimestamp(record.created, UTC).isoformat(
            "T", "milliseconds"
        )
        log_data["level"] = record.levelname.lower()
        log_data["service"] = self._service
        log_data["logger"] = record.name
        super().add_fields(log_data, record, message_dict)
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            log_data["trace_id"] = f"{context.trace_id:032x}"
            log_data["span_id"] = f"{context.span_id:016x}"


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        # A lone surrogate, from a file name for example, would make the line unwritable.
        return without_secrets(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_clean(str(name)): _clean_field(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    if value is None or isinstance(value, float | bool):
        return value
    if isinstance(value, int) and value.bit_length() <= _LONGEST_INTEGER_BITS:
        return value
    return _clean(str(value))


def _clean_field(name: str, value: Any) -> Any:
    return "***" if name.lower() == "authorization" else _clean(value)
