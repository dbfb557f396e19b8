"""Errors that a client can act on, as problem details (RFC 9457)."""

from incognita_shared.problems.documented import PROBLEM_SCHEMA, problem_responses
from incognita_shared.problems.kinds import (
    PROBLEM_JSON,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    NotYet,
    Overloaded,
    Problem,
    TooLarge,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
    field_error,
)

__all__ = [
    "PROBLEM_JSON",
    "PROBLEM_SCHEMA",
    "BadRequest",
    "Conflict",
    "Forbidden",
    "Invalid",
    "MethodNotAllowed",
    "NotFound",
    "NotYet",
    "Overloaded",
    "Problem",
    "TooLarge",
    "Unauthorized",
    "Unavailable",
    "UnsupportedMedia",
    "field_error",
    "problem_responses",
]
