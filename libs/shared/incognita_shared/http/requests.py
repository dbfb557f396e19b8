"""What surrounds every request: its trace, its log line, and an answer whatever happens."""

import logging
import re
import time
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import quote

from opentelemetry import trace
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from incognita_shared.http.bodies import ClientGone
from incognita_shared.http.faults import problem_of, problem_response
from incognita_shared.telemetry import link_of, trace_headers, visit_context
from incognita_shared.telemetry.attributes import CLIENT_TRACEPARENT, VISIT_ID

_VISIT_PATH = re.compile(r"/(?:visits|reports|reviews|scores)/([0-9a-f]{32})(?=[/:]|$)")
_FAILED = 400
_SERVER_ERROR = 500
_SLOW_S = 1.0
_log = logging.getLogger("incognita.request")


def is_untraced(scope: MutableMapping[str, Any]) -> bool:
    """Health checks and documentation would drown what matters."""
    path: str = scope.get("path", "")
    return path.startswith(("/health", "/docs", "/openapi.json"))


def on_the_visits_trace(scope: Scope) -> Scope:
    """``scope``, made part of the visit's own trace if its path names a visit.

    The trace that the client is in is kept aside, for a link.
    """
    found = _VISIT_PATH.search(scope["path"]) if scope["type"] == "http" else None
    if found is None:
        return scope
    visit_id = found.group(1)
    kept, sent = [], {}
    for name, value in scope["headers"]:
        if name in (b"traceparent", b"tracestate"):
            sent[name.decode("latin-1")] = value.decode("latin-1")
        else:
            kept.append((name, value))
    own = trace_headers(visit_context(visit_id))
    kept += [(name.encode(), value.encode()) for name, value in own.items()]
    aside = {"visit_id": visit_id, "client_trace": sent}
    return {**scope, "headers": kept, "incognita": aside}


def key_out_of_path(scope: Scope, below: str) -> Scope:
    """``scope``, with the key of a path ``<below>/<key>/…`` in its header instead.

    For clients that can send none. Whatever logs or traces the address then does not see the key,
    nor the query, in which phones say who they are.
    """
    if scope["type"] != "http" or not scope["path"].startswith(f"{below}/"):
        return scope
    key, slash, rest = scope["path"][len(below) + 1 :].partition("/")
    path = f"{below}{slash}{rest}"
    headers = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
    headers.append((b"authorization", f"Bearer {key}".encode()))
    seen = {"path": path, "raw_path": quote(path).encode(), "query_string": b""}
    return {**scope, **seen, "headers": headers}


class Requests:
    """Logs a request once, and turns whatever is raised into a problem.

    A request that went well and whose trace is not kept has no line either: it is in the metrics.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        _describe_span(scope)
        started = time.perf_counter()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except (ClientDisconnect, ClientGone):
            _log.info("client closed the connection", extra={"route": route_of(scope)})
        except Exception as error:
            if status:  # too late for another answer: let the server close the connection
                raise
            await _answer(error, scope, receive, noting)
        finally:
            took_s = time.perf_counter() - started
            if status and not is_untraced(scope) and _is_told(status, took_s):
                _log_request(scope, status, took_s)


async def _answer(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    problem = problem_of(error)
    response = problem_response(problem)
    if response.status_code >= _SERVER_ERROR:
        trace.get_current_span().record_exception(error)
        unexpected = response.status_code == _SERVER_ERROR
        _log.log(
            logging.ERROR if unexpected else logging.WARNING,
            "request failed: %s",
            type(error).__name__,
            exc_info=error if unexpected else None,
            extra={"cause": str(error)[:300]},
        )
    await response(scope, receive, send)


def _describe_span(scope: Scope) -> None:
    aside = scope.get("incognita")
    span = trace.get_current_span()
    if aside is None or not span.is_recording():
        return
    span.set_attribute(VISIT_ID, aside["visit_id"])
    sent = aside["client_trace"]
    link = link_of(sent)
    if link is not None:
        span.set_attribute(CLIENT_TRACEPARENT, sent["traceparent"])
        span.add_link(link.context)


def route_of(scope: Scope) -> str:
    """The route's template, never the address itself, which may hold what must not be logged."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    template = getattr(context, "path_format", None)
    return template or getattr(scope.get("route"), "path_format", None) or "(no route)"


def _is_told(status: int, duration_s: float) -> bool:
    context = trace.get_current_span().get_span_context()
    kept = context.trace_flags.sampled or not context.is_valid
    return kept or status >= _FAILED or duration_s > _SLOW_S


def _log_request(scope: Scope, status: int, duration_s: float) -> None:
    route = route_of(scope)
    _log.info(
        "%s %s %d",
        scope["method"],
        route,
        status,
        extra={
            "method": scope["method"],
            "route": route,
            "status": status,
            "duration_ms": round(duration_s * 1_000, 1),
        },
    )
