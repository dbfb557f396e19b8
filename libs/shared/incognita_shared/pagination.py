"""Lists in pages: the cursor is the last sort key, so that no page is slow and none is skipped."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel, Field

from incognita_shared.problems import Invalid, field_error

T = TypeVar("T")
_LONGEST = 1_024
_SAFE_INTEGER = 2**53

Limit = Annotated[int, Query(ge=1, le=500, description="How many items at most")]
Cursor = Annotated[
    str | None,
    Query(max_length=_LONGEST, description="`next_cursor` of the page before"),
]


class Page(BaseModel, Generic[T]):
    """Some items, and where the next ones start; no ``next_cursor`` on the last page."""

    items: list[T]
    next_cursor: Annotated[
        str | None, Field(description="Give it as `cursor` to get the next page")
    ] = None


def encode_cursor(*key: Any) -> str:
    """The sort key of a page's last item, as text that clients pass back unread."""
    return base64.urlsafe_b64encode(orjson.dumps(list(key))).rstrip(b"=").decode()


def decode_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The sort key within ``cursor``: one value of each of ``kinds`` (``str`` unless given).

    None for no cursor; raises ``Invalid`` for one that was not made by ``encode_cursor``.
    """
    if not cursor:
        return None
    expected = kinds or (str,)
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise _not_a_cursor() from None
    if not isinstance(key, list) or len(key) != len(expected):
        raise _not_a_cursor()
    if not all(_fits(value, kind) for value, kind in zip(key, expected, strict=True)):
        raise _not_a_cursor()
    return tuple(key)


def _fits(value: Any, kind: type) -> bool:
    if type(value) is int:
        return kind in (int, float) and abs(value) <= _SAFE_INTEGER
    return type(value) is kind


def _not_a_cursor() -> Invalid:
    cause = "not a cursor of this list: pass `next_cursor` of the page before, unchanged"
    return Invalid("The cursor can't be read", errors=[field_error("query.cursor", cause)])


def page_of(
    documents: Sequence[dict[str, Any]],
    limit: int,
    *,
    item: Callable[[dict[str, Any]], T],
    key: Callable[[dict[str, Any]], tuple[Any, ...]] = lambda document: (document["_id"],),
) -> Page[T]:
    """A page from up to ``limit + 1`` documents; the one too many only says that there are more."""
    shown = documents[:limit]
    more = len(documents) > limit
    return Page(
        items=[item(document) for document in shown],
        next_cursor=encode_cursor(*key(shown[-1])) if more and shown else None,
    )
