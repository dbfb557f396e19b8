"""Start one server and wait until it answers a real write and read; stop it by its record."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from incognita_local import ports as port_numbers
from incognita_local.errors import LocalError, NotReadyError
from incognita_local.processes import Process, last_lines
from incognita_local.progress import Display
from incognita_local.records import StateDirectory

PORT_ATTEMPTS = 3


class Server(Protocol):
    """What the launcher has to know of a server."""

    name: str
    title: str
    port_names: tuple[str, ...]
    start_timeout_s: float
    stop_timeout_s: float
    directory: Path

    def prepare(self, ports: Mapping[str, int]) -> None: ...
    def argv(self, ports: Mapping[str, int]) -> list[str]: ...
    def extra_env(self) -> dict[str, str]: ...
    def variables(self, ports: Mapping[str, int]) -> dict[str, str]: ...
    def url(self, ports: Mapping[str, int]) -> str: ...
    def probe(self, ports: Mapping[str, int]) -> None: ...


@dataclass(frozen=True)
class Started:
    """A running server; `ours` is False when it ran before we came."""

    server: Server
    ports: Mapping[str, int]
    ours: bool


class PortTakenError(Exception):
    """The server died and its port belongs to somebody else."""


def start(server: Server, state: StateDirectory, display: Display) -> Started:
    """Raises LocalError with the end of the log when it dies or does not become ready."""
    recorded = state.process(server.name)
    if recorded and recorded.alive and (kept := state.ports(server.name)):
        log = state.log(server.name)
        wait_ready(server, log, kept, lambda: recorded.alive and display.goes_on(server.title))
        return Started(server, kept, ours=False)
    if recorded:
        display.say(f"{server.title}: pid {recorded.pid} of the last run is gone, starting anew")
        state.forget(server.name)
    for _ in range(PORT_ATTEMPTS):
        chosen = _choose_ports(server, state, display)
        try:
            _launch(server, state, chosen, display)
        except PortTakenError:
            continue
        return Started(server, chosen, ours=True)
    raise LocalError(f"{server.title}: a port was taken under it {PORT_ATTEMPTS} times; try again")


def _choose_ports(server: Server, state: StateDirectory, display: Display) -> dict[str, int]:
    kept, used = state.ports(server.name), state.all_ports()
    chosen: dict[str, int] = {}
    for name in server.port_names:
        port = kept.get(name)
        if port is None or not port_numbers.is_free(port):
            fresh = port_numbers.choose(avoid=used | set(chosen.values()))
            if port is not None:
                taken = f"port {port} is taken by another program"
                display.say(f"{server.title}: {taken}, using {fresh}")
            port = fresh
        chosen[name] = port
    state.remember(server.name, chosen, server.url(chosen))
    return chosen


def _launch(
    server: Server, state: StateDirectory, ports: Mapping[str, int], display: Display
) -> None:
    server.prepare(ports)
    log = state.log(server.name)
    process = Process(server.name, server.argv(ports), server.extra_env(), log)
    process.start()
    try:
        if process.id is not None:
            state.record(server.name, process.id)
        wait_ready(server, log, ports, lambda: process.alive and display.goes_on(server.title))
    except BaseException:
        died = not process.alive
        process.stop(server.stop_timeout_s)
        state.forget(server.name)
        if died and any(port_numbers.answers(port) for port in ports.values()):
            raise PortTakenError from None
        raise
    process.release()


def wait_ready(
    server: Server, log: Path, ports: Mapping[str, int], alive: Callable[[], bool]
) -> None:
    """Returns once the probe passes. Raises LocalError when it dies or the time is over."""
    deadline = time.monotonic() + server.start_timeout_s
    reason = "it does not listen yet"
    while alive():
        if port_numbers.answers(ports["client"]):
            try:
                return server.probe(ports)
            except NotReadyError as error:
                reason = str(error)
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    what = f"is not ready after {server.start_timeout_s:.0f} s ({reason})"
    if not alive():
        what = "ended while it started"
    raise LocalError(f"{server.title} {what}. The end of {log}:\n{last_lines(log)}")


def stop(name: str, state: StateDirectory, timeout_s: float) -> str:
    """Stop a recorded server. Returns 'stopped', 'killed' or 'not running'."""
    recorded = state.process(name)
    running = recorded is not None and recorded.alive
    outcome = "not running"
    if recorded and running:
        outcome = "stopped" if recorded.stop(timeout_s) else "killed"
    state.forget(name)
    return outcome
