"""Errors that a client can act on, as problem details (RFC 9457)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, ClassVar

PROBLEM_JSON = "application/problem+json"
_FIELD_LENGTH, _CAUSE_LENGTH, _MOST_ERRORS = 200, 300, 100


class Problem(Exception):
    """An answer other than success.

    ``errors`` names each bad field: ``{"field", "cause", …}``; ``allowed`` the moves that are
    possible instead; ``extras`` are further members of the answer.
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "unexpected"
    default_retry_after_s: ClassVar[int | None] = None

    def __init__(
        self,
        detail: str,
        *,
        errors: Iterable[Mapping[str, Any]] = (),
        allowed: Iterable[str] | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after_s: int | None = None,
        **extras: Any,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = [dict(error) for error in errors]
        self.allowed = None if allowed is None else list(allowed)
        self.extras = extras
        self.headers = dict(headers or {})
        wait_s = retry_after_s if retry_after_s is not None else self.default_retry_after_s
        if wait_s is not None:
            self.headers.setdefault("Retry-After", str(wait_s))

    @property
    def title(self) -> str:
        """The status in words."""
        return HTTPStatus(self.status).phrase

    @property
    def type(self) -> str:
        """A URI that stays the same for the same kind of problem."""
        return f"urn:incognita:problem:{self.slug}"

    def content(self) -> dict[str, Any]:
        """The members of the answer; long texts are cut, and only the first 100 errors given."""
        members: dict[str, Any] = {
            **self.extras,
            "type": self.type,
            "title": self.title,
            "status": self.status,
            "detail": self.detail[:1_000],
        }
        if self.errors:
            members["errors"] = [_cut(error) for error in self.errors[:_MOST_ERRORS]]
        if self.allowed is not None:
            members["allowed"] = self.allowed
        return members


def _cut(error: Mapping[str, Any]) -> dict[str, Any]:
    cut = dict(error)
    for name, length in (("field", _FIELD_LENGTH), ("cause", _CAUSE_LENGTH)):
        if isinstance(cut.get(name), str):
            cut[name] = cut[name][:length]
    return cut


class BadRequest(Problem):
    """The request can't be read at all: not JSON, for example."""

    status = 400
    slug = "bad-request"


class Unauthorized(Problem):
    """No key, an unknown or a revoked one."""

    status = 401
    slug = "unauthorized"

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail, **members)
        self.headers.setdefault("WWW-Authenticate", 'Bearer realm="incognita"')


class Forbidden(Problem):
    """The key is good, its role may not do this."""

    status = 403
    slug = "forbidden"


class NotFound(Problem):
    """There is no such thing, or it is not the caller's."""

    status = 404
    slug = "not-found"


class MethodNotAllowed(Problem):
    """The path exists, not with this method."""

    status = 405
    slug = "method-not-allowed"


class Conflict(Problem):
    """The state does not allow it; ``allowed`` names what it does allow."""

    status = 409
    slug = "conflict"


class NotYet(Problem):
    """It will be possible soon: try again after ``Retry-After`` seconds."""

    status = 409
    slug = "not-yet"
    default_retry_after_s = 1


class TooLarge(Problem):
    """More bytes than the limit."""

    status = 413
    slug = "too-large"


class UnsupportedMedia(Problem):
    """A content type that this path does not take."""

    status = 415
    slug = "unsupported-media-type"


class Invalid(Problem):
    """Wrong shape or value; ``errors`` names each field."""

    status = 422
    slug = "invalid"


class Unavailable(Problem):
    """A store is down for the moment: the same request may succeed later."""

    status = 503
    slug = "unavailable"
    default_retry_after_s = 2


class Overloaded(Unavailable):
    """More requests at once than the process takes; nothing of this one was done."""

    slug = "overloaded"
    default_retry_after_s = 1

    def __init__(self, detail: str = "Too many requests at once; try again in a moment") -> None:
        super().__init__(detail)


def field_error(field: str, cause: str, **more: Any) -> dict[str, Any]:
    """One entry of ``errors``: a JSON path within the body, or ``query.…``, ``path.…``."""
    return {"field": field, "cause": cause, **more}
