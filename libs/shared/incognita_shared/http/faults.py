"""What a client is told when something goes wrong: always a problem, never a traceback."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from bson.errors import BSONError
from fastapi.exceptions import RequestValidationError
from opentelemetry import trace
from pydantic import ValidationError
from pymongo.errors import (
    ConnectionFailure,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    PyMongoError,
    WTimeoutError,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from incognita_shared.problems import (
    PROBLEM_JSON,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
    field_error,
)

_BY_STATUS: Mapping[int, type[Problem]] = {
    kind.status: kind
    for kind in (
        BadRequest, Unauthorized, Forbidden, NotFound, MethodNotAllowed, Conflict, TooLarge,
        UnsupportedMedia, Invalid, Unavailable,
    )
}  # fmt: skip
_TOO_LARGE_CODES = frozenset({10334, 17419, 17420})


class _OtherStatus(Problem):
    """A status that has no class of its own."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self._status = status

    def content(self) -> dict[str, Any]:
        phrase = HTTPStatus(self._status).phrase
        type_ = f"urn:incognita:problem:http-{self._status}"
        return {**super().content(), "type": type_, "title": phrase, "status": self._status}


def problem_of(error: Exception) -> Problem:
    """The problem that ``error`` is for the client; of unknown ones nothing but the trace id."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error.errors())
    if isinstance(error, HTTPException):
        return _http_problem(error)
    if isinstance(error, PyMongoError | BSONError | OverflowError):
        return _store_problem(error)
    return Problem("Something went wrong on our side; the trace id leads to what it was")


def _http_problem(error: HTTPException) -> Problem:
    detail = str(error.detail)
    kind = _BY_STATUS.get(error.status_code)
    problem = kind(detail) if kind else _OtherStatus(error.status_code, detail)
    problem.headers.update(error.headers or {})
    return problem


def invalid_body(error: ValidationError) -> Problem:
    """What a client is told whose body has a wrong shape or value."""
    faults = error.errors(include_url=False, include_context=False)
    return _invalid([{**fault, "loc": ("body", *fault["loc"])} for fault in faults])


def _invalid(faults: Sequence[Mapping[str, Any]]) -> Problem:
    if any(fault["type"] == "json_invalid" for fault in faults):
        return BadRequest("The body is not valid JSON")
    errors = [field_error(field_path(fault["loc"]), str(fault["msg"])) for fault in faults[:100]]
    what = "field has" if len(faults) == 1 else "fields have"
    return Invalid(f"{len(faults)} {what} a wrong shape or value", errors=errors)


def field_path(location: Sequence[Any]) -> str:
    """``("body", "terms", "evidence", 0, "kind")`` → ``terms.evidence[0].kind``."""
    where, *steps = location or ("body",)
    path = "" if where == "body" else str(where)
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}" if path else str(step)
    return path or "body"


def _store_problem(error: Exception) -> Problem:
    if isinstance(error, ConnectionFailure | ExecutionTimeout | WTimeoutError) or (
        isinstance(error, PyMongoError) and error.has_error_label("TransientTransactionError")
    ):
        return Unavailable("The database does not answer right now; try again")
    if isinstance(error, DuplicateKeyError):
        return Conflict("It exists already, or was made by another request at the same moment")
    if isinstance(error, DocumentTooLarge) or getattr(error, "code", None) in _TOO_LARGE_CODES:
        return TooLarge("With this it would grow beyond what can be stored")
    if isinstance(error, BSONError | OverflowError) and _is_encoding(error):
        return Invalid("It holds a value that can't be stored, such as a number over 64 bits")
    return Problem("Something went wrong on our side; the trace id leads to what it was")


def _is_encoding(error: Exception) -> bool:
    return isinstance(error, BSONError) or "8-byte" in str(error)


def problem_response(problem: Problem) -> Response:
    """The answer; one of ours (5xx) also carries the trace id to look it up by."""
    content = problem.content()
    if content["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            content["trace_id"] = f"{context.trace_id:032x}"
    # ASCII only: whatever text is quoted, lone surrogates too, the answer can be encoded.
    body = json.dumps(content, ensure_ascii=True, default=str).encode()
    return Response(
        body, status_code=content["status"], headers=problem.headers, media_type=PROBLEM_JSON
    )
