"""An event loop in virtual time for several simulated processes.

Within a process callbacks run in the order in which they became ready, as asyncio promises; which
process runs next, and when an answer of a server arrives, the seed decides.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any

from tests.simulation.chance import Chance


class Scheduled:
    """A callback that waits for its turn or its time; what asyncio calls a handle."""

    __slots__ = ("args", "callback", "cancelled_", "context", "when_")

    def __init__(
        self,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: Context,
        when: float = 0.0,
    ) -> None:
        self.callback = callback
        self.args = args
        self.context = context
        self.when_ = when
        self.cancelled_ = False

    def cancel(self) -> None:
        self.cancelled_ = True

    def cancelled(self) -> bool:
        return self.cancelled_

    def when(self) -> float:
        return self.when_


class Process:
    """One simulated operating-system process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alive = True
        self.paused = False
        self.skew_s = 0.0
        """How far its wall clock is off."""
        self.ready: deque[Scheduled] = deque()
        self.tasks: list[asyncio.Task[Any]] = []
        """All of them: a task that nobody holds would be collected, and its clean-up run."""


STARTED = 1_000.0  # seconds since the machine was started, when the run begins
PROCESS: ContextVar[Process] = ContextVar("process")


class SimulatedLoop(asyncio.AbstractEventLoop):
    """Jumps to the next timer when no process has anything to do."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._now = STARTED
        self._timers: list[tuple[float, int, Process, Scheduled]] = []
        self._number = 0
        self._runnable: list[Process] = []
        self.world = Process("world")
        self.context = Context()
        self.context.run(PROCESS.set, self.world)
        self._known = [self.world]
        self.problems: list[dict[str, Any]] = []

    def time(self) -> float:
        return self._now

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Any:
        context = context or copy_context()
        scheduled = Scheduled(callback, args, context)
        self._make_ready(context.get(PROCESS, self.world), scheduled)
        return scheduled

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> Any:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> Any:
        context = context or copy_context()
        scheduled = Scheduled(callback, args, context, when)
        self._number += 1
        process = context.get(PROCESS, self.world)
        heapq.heappush(self._timers, (when, self._number, process, scheduled))
        return scheduled

    def in_world(self, delay: float, callback: Callable[..., object], *args: Any) -> Any:
        """Call back later on behalf of a server or the network, which no crash touches."""
        scheduled = Scheduled(callback, args, self.context, self._now + delay)
        self._number += 1
        heapq.heappush(self._timers, (scheduled.when_, self._number, self.world, scheduled))
        return scheduled

    def start_soon(self, process: Process, callback: Callable[..., object], *args: Any) -> None:
        """Call back as part of ``process``, if it lives."""
        context = Context()
        context.run(PROCESS.set, process)
        self._make_ready(process, Scheduled(callback, args, context))

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Any,
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        process = context.get(PROCESS, self.world) if context else PROCESS.get(self.world)
        process.tasks.append(task)
        return task

    def start_in(self, process: Process, coro: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run ``coro`` as part of ``process``."""
        context = Context()
        context.run(PROCESS.set, process)
        return self.create_task(coro, context=context)

    def crash(self, process: Process) -> None:
        """End the process between two instructions: nothing of it runs any more."""
        process.alive = False
        process.ready.clear()
        if process in self._runnable:
            self._runnable.remove(process)

    def pause(self, process: Process) -> None:
        """SIGSTOP."""
        process.paused = True
        if process in self._runnable:
            self._runnable.remove(process)

    def resume(self, process: Process) -> None:
        """SIGCONT."""
        process.paused = False
        if process.alive and process.ready and process not in self._runnable:
            self._runnable.append(process)

    def run(self, coro: Coroutine[Any, Any, Any], *, turns: int) -> Any:
        """Run until ``coro`` ends; RuntimeError if that takes more than ``turns`` callbacks."""
        asyncio._set_running_loop(self)
        try:
            main = self.start_in(self.world, coro)
            while not main.done():
                turns -= 1
                if turns < 0:
                    raise RuntimeError("the simulation does not come to an end")
                self._turn()
            return main.result()
        finally:
            asyncio._set_running_loop(None)

    def dispose(self) -> None:
        """Close what is left, so that nothing is collected (and runs) later."""
        asyncio._set_running_loop(self)
        try:
            while tasks := [task for process in self._known for task in process.tasks]:
                for process in self._known:
                    process.tasks = []
                for task in tasks:
                    _close(task)
        finally:
            asyncio._set_running_loop(None)
            self._timers.clear()

    def get_debug(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.problems.append(context)

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def adopt(self, process: Process) -> Process:
        """Know the process, for ``dispose``."""
        self._known.append(process)
        return process

    def _make_ready(self, process: Process, scheduled: Scheduled) -> None:
        if not process.alive:
            return
        if not process.ready and not process.paused:
            self._runnable.append(process)
        process.ready.append(scheduled)

    def _turn(self) -> None:
        runnable = self._runnable
        if not runnable:
            self._jump()
            return
        index = self._chance.pick(len(runnable)) if len(runnable) > 1 else 0
        process = runnable[index]
        scheduled = process.ready.popleft()
        if not process.ready:
            runnable[index] = runnable[-1]
            runnable.pop()
        if not scheduled.cancelled_:
            scheduled.context.run(scheduled.callback, *scheduled.args)

    def _jump(self) -> None:
        timers = self._timers
        if not timers:
            raise RuntimeError("nobody has anything to do, now or later")
        self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            _, _, process, scheduled = heapq.heappop(timers)
            if not scheduled.cancelled_:
                self._make_ready(process, scheduled)


def _close(task: asyncio.Task[Any]) -> None:
    if task.done():
        if not task.cancelled():
            task.exception()  # asked for, so that nobody is told of it later
        return
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    coroutine = task.get_coro()
    for _ in range(100):  # a clean-up that awaits stops there; it is closed step by step
        try:
            coroutine.close()
        except BaseException:  # noqa: S112 - whatever a dead process still has to say
            continue
        return
