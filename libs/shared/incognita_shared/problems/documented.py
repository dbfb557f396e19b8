"""How problems appear in OpenAPI documents."""

from collections.abc import Mapping
from typing import Any

from incognita_shared.problems import kinds
from incognita_shared.problems.kinds import PROBLEM_JSON, Problem

_SCHEMA_NAME = "Problem"
_KINDS: Mapping[int, type[Problem]] = {
    kind.status: kind
    for kind in (
        Problem, kinds.BadRequest, kinds.Unauthorized, kinds.Forbidden,
        kinds.NotFound, kinds.Conflict, kinds.TooLarge, kinds.UnsupportedMedia,
        kinds.Invalid, kinds.Unavailable,
    )
}  # fmt: skip
_EXAMPLES: Mapping[int, Problem] = {
    400: kinds.BadRequest("The body is not valid JSON: unexpected character (line 1, column 8)"),
    401: kinds.Unauthorized("The API key is unknown, wrong or revoked"),
    403: kinds.Forbidden("The role shopper may not do this"),
    404: kinds.NotFound("There is no such visit"),
    409: kinds.Conflict("The visit is cancelled", allowed=[]),
    413: kinds.TooLarge("The body is larger than 1000000 bytes"),
    415: kinds.UnsupportedMedia("Send `Content-Type: application/json`"),
    422: kinds.Invalid(
        "1 field has a wrong shape or value",
        errors=[kinds.field_error("query.limit", "Input should be less than or equal to 500")],
    ),
    500: Problem("Something went wrong on our side; the trace id leads to what it was"),
    503: kinds.Unavailable("The database does not answer right now; try again"),
}

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": _SCHEMA_NAME,
    "description": "Problem details by RFC 9457",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "`urn:incognita:problem:…`, stable"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What was wrong this time"},
        "errors": {
            "type": "array",
            "description": "Each field that is wrong, and why",
            "items": {
                "type": "object",
                "required": ["field", "cause"],
                "properties": {"field": {"type": "string"}, "cause": {"type": "string"}},
            },
        },
        "allowed": {
            "type": "array",
            "description": "The moves that the state does allow",
            "items": {"type": "string"},
        },
        "trace_id": {"type": "string", "description": "Under which it can be looked up"},
    },
}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """``responses=`` of a route: problems that it may answer beyond those that every route may."""
    return {status: _response(status) for status in statuses}


def _response(status: int) -> dict[str, Any]:
    kind = _KINDS[status]
    reference = {"$ref": f"#/components/schemas/{_SCHEMA_NAME}"}
    content: dict[str, Any] = {"schema": reference, "example": _EXAMPLES[status].content()}
    description = (kind.__doc__ or "").strip().splitlines()[0]
    if kind is Problem:
        description = "A fault on our side."
    return {"description": description, "content": {PROBLEM_JSON: content}}
