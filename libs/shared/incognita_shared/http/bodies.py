"""Request bodies before the app sees them: their size, their content type, their JSON."""

import json
import re
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from incognita_shared.problems import BadRequest, Invalid, TooLarge, UnsupportedMedia, field_error

_DEEPEST = 64
_BIG_NUMBER = re.compile(rb"\d{19}")
_INT64 = range(-(2**63), 2**63)


class JsonBodies:
    """Lets only sound JSON of at most ``limit_bytes`` in, except on ``streamed_paths``.

    A step of a path may be any: ``/v1/things/{thing_id}:import``.

    Refused are: what is not UTF-8 JSON (400, with lone surrogates), NUL characters, numbers over
    64 bits and nesting over 64 levels (422), which no store could keep; other types (415).
    """

    def __init__(self, app: ASGIApp, *, limit_bytes: int, streamed_paths: frozenset[str]) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        steps = (re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) for path in streamed_paths)
        self._streamed_paths = re.compile("|".join(steps) or r"(?!)")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if "\x00" in scope["path"] or b"%00" in scope.get("query_string", b""):
            raise BadRequest("The address holds a NUL character")
        if self._streamed_paths.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > self._limit_bytes:
            raise self._too_large()
        if declared == "0" and "transfer-encoding" not in headers:
            await self._app(scope, receive, send)
            return
        body = await self._read(receive)
        if body:
            check_type(headers.get("content-type", ""))
            sound_json(body)
        await self._app(scope, _replayed(body, receive), send)

    async def _read(self, receive: Receive) -> bytes:
        chunks: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self._limit_bytes:
                raise self._too_large()
            more = message.get("more_body", False)
        return b"".join(chunks)

    def _too_large(self) -> TooLarge:
        return TooLarge(f"The body is larger than {self._limit_bytes} bytes")


class ClientGone(Exception):
    """The client closed the connection before the request was there."""


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def check_type(content_type: str) -> None:
    """Raises UnsupportedMedia for anything but JSON."""
    media = content_type.partition(";")[0].strip().lower()
    if media != "application/json" and not (
        media.startswith("application/") and media.endswith("+json")
    ):
        raise UnsupportedMedia(
            "Send `Content-Type: application/json`", headers={"Accept": "application/json"}
        )


def sound_json(body: bytes) -> Any:
    """The content of ``body``; raises the problem that it is, if it is one."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(
            f"The body is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    # Most bodies can't hold any of the three, which a look at the bytes shows.
    suspicious = b"\\u0000" in body or _BIG_NUMBER.search(body)
    if suspicious or body.count(b"[") + body.count(b"{") > _DEEPEST:
        _check_values(_parsed_like_the_app(body))
    return content


def _parsed_like_the_app(body: bytes) -> Any:
    try:
        return json.loads(body)  # keeps long whole numbers, which orjson makes floats of
    except ValueError:
        raise Invalid("A number in the body has too many digits") from None


def _check_values(content: Any) -> None:
    pending: list[tuple[Any, str, int]] = [(content, "", 0)]
    while pending:
        value, path, depth = pending.pop()
        if depth > _DEEPEST:
            raise _unkeepable(path, f"nested more than {_DEEPEST} levels deep")
        if isinstance(value, dict):
            for key, inner in value.items():
                if "\x00" in key:
                    raise _unkeepable(path, "a name holds a NUL character")
                pending.append((inner, f"{path}.{key}" if path else key, depth + 1))
        elif isinstance(value, list):
            pending.extend((inner, f"{path}[{at}]", depth + 1) for at, inner in enumerate(value))
        elif isinstance(value, str) and "\x00" in value:
            raise _unkeepable(path, "holds a NUL character")
        elif isinstance(value, int) and value not in _INT64:
            raise _unkeepable(path, "a number over 64 bits")


def _unkeepable(path: str, cause: str) -> Invalid:
    return Invalid("A value can't be stored", errors=[field_error(path or "body", cause)])
