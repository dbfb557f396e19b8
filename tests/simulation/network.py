"""Calls of a process to a server: each takes its time, and a fault may strike at each."""

import asyncio
from collections.abc import Callable, Generator
from enum import Enum, auto
from typing import Any, Protocol

from tests.simulation.chance import Chance
from tests.simulation.loop import PROCESS, Process, SimulatedLoop


class Fate(Enum):
    """What may become of a call, other than an answer."""

    CRASH_BEFORE = auto()
    CRASH_AFTER = auto()
    LOST_REQUEST = auto()
    LOST_ANSWER = auto()
    LATE = auto()
    """The client has given up when the server gets to it."""
    SLOW = auto()


class Faults(Protocol):
    """Who decides."""

    def fate_of(self, process: Process, server: str, what: str) -> Fate | None:
        """What is to become of this call; None for an ordinary answer."""

    def crash(self, process: Process) -> None:
        """End the process now."""


class Server(Protocol):
    """What serves."""

    name: str
    cut: float | None
    """While a server dies under a request of several steps: the share that it still does."""


Serve = Callable[[], Any]
PATIENCE_S = 20.0  # of a client whose request the server can't get to: the socket's time-out


class Answer(asyncio.Future[Any]):
    """What a caller waits for."""

    def __init__(self, loop: SimulatedLoop, lost: Callable[[], Exception]) -> None:
        super().__init__(loop=loop)
        self.lost = lost
        self.is_blocked = False

    def give_up(self) -> None:
        """Enough waited."""
        if not self.done():
            self.set_exception(self.lost())


class Network:
    """Between the processes and one server."""

    def __init__(self, loop: SimulatedLoop, chance: Chance, faults: Faults, server: Server) -> None:
        self._loop = loop
        self._chance = chance
        self._faults = faults
        self._server = server

    async def call(self, what: str, serve: Serve, *, lost: Callable[[], Exception]) -> Any:
        """The server's answer. Raises what the server raises, or ``lost()`` without an answer.

        ``serve`` may be a generator: it yields while it has to wait for somebody, a callable that
        takes a callback for the end of that wait.
        """
        process = PROCESS.get()
        if not process.alive:
            await asyncio.Future()
        fate = self._faults.fate_of(process, self._server.name, what)
        answer = Answer(self._loop, lost)
        if fate is None:
            self._loop.in_world(self._delay(), self._serve, serve, answer, 0.0)
        elif await self._ill_fated(fate, process, serve, answer):
            raise lost()
        return await answer

    def _delay(self) -> float:
        draw = self._chance.uniform()
        return 0.0005 + draw * draw * 0.01 if draw < 0.95 else (draw - 0.94) * 4

    async def _ill_fated(self, fate: Fate, process: Process, serve: Serve, answer: Answer) -> bool:
        """Let it come about; True where the caller gets no answer."""
        chance, loop = self._chance, self._loop
        if fate is Fate.CRASH_BEFORE:
            self._faults.crash(process)
            await asyncio.Future()
        if fate is Fate.CRASH_AFTER:
            loop.in_world(chance.between(0, 0.2), self._serve_cut, serve, chance.uniform() * 2)
            self._faults.crash(process)
            await asyncio.Future()
        if fate is Fate.SLOW:
            wait = chance.between(0.2, 4)
            loop.in_world(wait / 2, self._serve, serve, answer, wait / 2)
            return False
        if fate is Fate.LOST_ANSWER:
            loop.in_world(self._delay(), self._serve_cut, serve, chance.uniform() * 2)
        if fate is Fate.LATE:
            loop.in_world(chance.between(0.1, 5), self._serve_cut, serve, 1.0)
        await asyncio.sleep(chance.between(0.02, 2))
        return True

    def _serve_cut(self, serve: Serve, share: float) -> None:
        self._server.cut = share if share < 1 else None
        try:
            self._serve(serve, None, 0.0)
        finally:
            self._server.cut = None

    def _serve(self, serve: Serve, answer: Answer | None, back: float) -> None:
        try:
            result = serve()
            if isinstance(result, Generator):
                self._go_on(result, answer)
                return
        except Exception as error:
            self._tell(answer, error, back)
        else:
            self._tell(answer, result, back)

    def _go_on(self, steps: Generator[Any, None, Any], answer: Answer | None) -> None:
        try:
            wait = next(steps)
        except StopIteration as end:
            self._tell(answer, end.value, 0.0)
        except Exception as error:
            self._tell(answer, error, 0.0)
        else:
            if answer is not None and not answer.is_blocked:
                answer.is_blocked = True
                self._loop.in_world(PATIENCE_S, answer.give_up)
            wait(lambda: self._loop.in_world(0.001, self._go_on, steps, answer))

    def _tell(self, answer: Answer | None, said: Any, back: float) -> None:
        if answer is None:
            return
        if back:
            self._loop.in_world(back, self._tell, answer, said, 0.0)
        elif not answer.done():
            if isinstance(said, Exception):
                answer.set_exception(said)
            else:
                answer.set_result(said)
