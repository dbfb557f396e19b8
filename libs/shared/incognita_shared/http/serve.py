"""Running the app and the service's other loops in one process, to an orderly end."""

import asyncio
import contextlib
import gc
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from incognita_shared.health import Health
from incognita_shared.settings import HttpSettings, SettingsError
from incognita_shared.shutdown import stop_on_signals
from incognita_shared.waiting import first_of

Background = Callable[[asyncio.Event], Awaitable[None]]
GRACE_S = 10.0
_log = logging.getLogger(__name__)


class BackgroundEnded(Exception):
    """A loop that should run until it is told to stop has ended by itself."""


async def serve(
    app: FastAPI, settings: HttpSettings, *, background: Sequence[Background] = ()
) -> None:
    """Serve until SIGTERM or SIGINT; each of ``background`` gets an event that tells it to stop.

    On a signal: not ready any more, no new connections, requests finish, then the loops are told to
    stop and have 10 s for it. Raises ``BackgroundEnded`` when a loop ends unasked, after the same
    orderly end of the rest.
    """
    listener = _listen(settings)
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector need not look at it again
    server = _Server(_configuration(app, settings))
    stop, ended = asyncio.Event(), asyncio.Event()
    loops = [asyncio.create_task(_run(part, stop, ended), name=_name(part)) for part in background]
    with stop_on_signals() as asked, contextlib.closing(listener):
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="http")
        serving.add_done_callback(lambda _: ended.set())
        await first_of(asked, ended)
        health: Health = app.state.health
        health.stop()
        server.should_exit = True
        await asyncio.wait({serving}, timeout=GRACE_S + 5)
        stop.set()
        await _finish(loops)
    failed = [task for task in loops if not task.cancelled() and task.exception()]
    if failed:
        raise BackgroundEnded(failed[0].get_name()) from failed[0].exception()
    if serving.done():
        serving.result()


class _Server(uvicorn.Server):
    """Leaves the signals to ``serve``: uvicorn would raise them again before telemetry is out."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _configuration(app: FastAPI, settings: HttpSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(GRACE_S),
    )


def _listen(settings: HttpSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    address = (settings.host, settings.port)
    try:
        listener = socket.create_server(address, family=family, backlog=2_048)
    except OSError as error:
        raise SettingsError(
            f"HTTP_HOST, HTTP_PORT: can't listen on {settings.host}:{settings.port}: "
            f"{error.strerror or error}"
        ) from None
    host, port = listener.getsockname()[:2]
    _log.info("listening", extra={"url": f"http://{host}:{port}"})
    return listener


async def _run(part: Background, stop: asyncio.Event, ended: asyncio.Event) -> None:
    name = _name(part)
    try:
        await part(stop)
    except Exception:
        _log.exception("%s failed", name)
        raise
    finally:
        ended.set()
    if not stop.is_set():
        raise BackgroundEnded(f"{name} ended without being asked")


def _name(part: Background) -> str:
    return str(getattr(part, "__qualname__", type(part).__qualname__))


async def _finish(loops: Sequence[asyncio.Task[None]]) -> None:
    if not loops:
        return
    _, late = await asyncio.wait(loops, timeout=GRACE_S)
    for task in late:
        _log.warning("%s did not stop within %.0f s", task.get_name(), GRACE_S)
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=5)
