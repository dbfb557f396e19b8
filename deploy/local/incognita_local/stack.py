"""The three servers together: started side by side, stopped by whoever started them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType

from incognita_local import elsewhere, programs
from incognita_local.cache import Cache
from incognita_local.errors import LocalError
from incognita_local.launch import Started, start, stop
from incognita_local.progress import Display
from incognita_local.records import StateDirectory, locked

STOP_TIMEOUT_S = {"kafka": 20.0, "mongo": 20.0, "minio": 10.0}


def default_state() -> Path:
    """$INCOGNITA_STATE, else .local/ in the checkout this package lies in, else in ./"""
    if named := os.environ.get("INCOGNITA_STATE"):
        return Path(named)
    for folder in Path(__file__).resolve().parents:
        if (folder / "requirements.lock").exists():
            return folder / ".local"
    return Path.cwd() / ".local"


class Servers:
    """`with Servers(directory) as env:` gives the variables by which services find the servers.

    Keys: KAFKA_BOOTSTRAP_SERVERS, MONGO_URI, S3_ENDPOINT, S3_ACCESS_KEY, S3_SECRET_KEY.
    A server named in the environment is used and never started or stopped; one that runs
    already is used and left running; on exit only those started here are stopped.
    Entering raises LocalError with a message for the reader; then nothing stays running.
    """

    def __init__(
        self,
        state_dir: Path | str | None = None,
        *,
        display: Display | None = None,
        cache: Cache | None = None,
    ) -> None:
        self.state = StateDirectory(Path(state_dir or default_state()).resolve())
        self._display = display or Display()
        self._cache = cache or Cache()
        self._started: list[Started] = []

    def start(self) -> dict[str, str]:
        """Start what is missing; returns the environment variables."""
        variables = elsewhere.named_in_environment()
        here = [name for name in programs.SERVERS if name not in variables]
        found = {key: value for part in variables.values() for key, value in part.items()}
        if not here:
            return found
        self._require_room()
        self.state.create()
        with locked(self.state.lock), self._display:
            for started in self._start_all(here):
                found |= started.server.variables(started.ports)
        return found

    def _require_room(self) -> None:
        if programs.missing(self._cache):
            programs.require_disk(self._cache.root, programs.FIRST_TIME_BYTES, "the first start")
        programs.require_disk(self.state.path, programs.LATER_BYTES, "the servers' data")

    def _start_all(self, names: Iterable[str]) -> list[Started]:
        with ThreadPoolExecutor() as pool:
            work = [pool.submit(self._start_one, name) for name in names]
            try:
                done, _ = wait(work, return_when=FIRST_EXCEPTION)
                return [started.result() for started in done]
            except BaseException:
                self._display.cancelled.set()
                pool.shutdown(cancel_futures=True)
                self.stop()
                raise

    def _start_one(self, name: str) -> Started:
        recorded = self.state.process(name)
        if recorded and recorded.alive:  # its program may have left the cache meanwhile
            server = programs.described(name, self.state)
        else:
            server = programs.SERVERS[name](self.state, self._cache, self._display)
        task = self._display.task(server.title, expected_s=6.0)
        task.update(0.1, "starting")
        started = start(server, self.state, self._display)
        if started.ours:
            self._started.append(started)
        task.done(f"{'ready' if started.ours else 'runs already'} at {server.url(started.ports)}")
        return started

    def stop(self) -> None:
        """Stop the servers that this object started."""
        with ThreadPoolExecutor() as pool:
            for one in self._started:
                name = one.server.name
                pool.submit(stop, name, self.state, STOP_TIMEOUT_S[name])
        self._started.clear()

    def __enter__(self) -> dict[str, str]:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def stop_all(state: StateDirectory) -> dict[str, str]:
    """Stop every recorded server. Server name → 'stopped', 'killed' or 'not running'."""
    if not state.path.exists():
        return dict.fromkeys(STOP_TIMEOUT_S, "not running")
    with locked(state.lock), ThreadPoolExecutor() as pool:
        work = {
            name: pool.submit(stop, name, state, timeout_s)
            for name, timeout_s in STOP_TIMEOUT_S.items()
        }
        return {name: outcome.result() for name, outcome in work.items()}


def variables(state: StateDirectory) -> dict[str, str]:
    """The environment variables of the running servers. Raises LocalError when one is down."""
    found: dict[str, str] = {}
    for name in programs.SERVERS:
        values = {key: os.environ.get(key, "") for key in elsewhere.VARIABLES[name]}
        if not all(values.values()):
            process = state.process(name)
            if process is None or not process.alive:
                raise LocalError(f"{name} does not run; start it: python -m incognita_local up")
            values = programs.described(name, state).variables(state.ports(name))
        found |= values
    return found
