"""Named points in the product's work at which a worker can be made to kill itself.

The product knows nothing of them: ``sabotaged.py`` wraps the one method while a point is armed.
"""

import functools
import importlib
import inspect
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

SHARED = "incognita_shared"
ALL = ("assignment", "evidence", "scoring", "comparison", "notification")


@dataclass(frozen=True)
class Point:
    """``target`` is ``Class.method`` or a function of ``module``; ``services`` pass it.

    ``nth_most``: within a few seconds it is passed at least so often.
    """

    module: str
    target: str
    when: Literal["before", "after"]
    services: tuple[str, ...] = ALL
    nth_most: int = 4


POINTS = {
    "before a transaction": Point(f"{SHARED}.mongo.checkpoint", "Checkpoints.advance", "before"),
    "before a transaction of comparison": Point(
        f"{SHARED}.mongo.checkpoint", "Checkpoints.advance", "before", ("comparison",)
    ),
    "inside a transaction, the checkpoint moved": Point(
        f"{SHARED}.mongo.checkpoint", "Checkpoints.advance", "after"
    ),
    "before a commit": Point(f"{SHARED}.mongo.outbox", "Outbox.add", "after"),
    "after a commit, before its events are published": Point(
        f"{SHARED}.kafka.batch", "BatchProcessor.apply", "after"
    ),
    "after publishing, before the outbox is emptied": Point(
        f"{SHARED}.mongo.outbox", "Outbox.remove", "before", ("comparison", "scoring")
    ),
    "while partitions are taken: the former session ended": Point(
        f"{SHARED}.mongo.checkpoint", "Checkpoints.end_former_sessions", "after", nth_most=1
    ),
    "while partitions are taken: one claimed": Point(
        f"{SHARED}.mongo.checkpoint", "Checkpoints.claim", "after"
    ),
    "relay: sent, not taken out of the document": Point(
        f"{SHARED}.kafka.producer", "Producer.publish", "after", ("assignment", "evidence")
    ),
    "before events are sent": Point(
        f"{SHARED}.kafka.producer", "Producer.publish", "before", ("assignment", "evidence")
    ),
    "relay: leases renewed": Point(f"{SHARED}.mongo.relay", "Leases.renew", "after", nth_most=2),
    "the object is there, the report does not say so yet": Point(
        "incognita_evidence.verification", "Verifier.verify", "after", ("evidence",)
    ),
    "a report is written, the shopper has no answer": Point(
        "incognita_evidence.repository.reports", "Reports.save", "after", ("evidence",)
    ),
    "before a report is written": Point(
        "incognita_evidence.repository.reports", "Reports.save", "before", ("evidence",)
    ),
    "in the middle of offering visits": Point(
        "incognita_assignment.repository.waves", "keep_job", "after", ("assignment",), 1
    ),
    "a webhook is sent, its attempt is not recorded": Point(
        "incognita_notification.dispatch", "Dispatcher.attempt", "after", ("notification",)
    ),
    "deliveries are claimed, none is sent": Point(
        "incognita_notification.repository.queue", "Queue.claim", "after", ("notification",)
    ),
}
CLAIMING = tuple(name for name in POINTS if name.startswith("while partitions are taken"))
"""Passed only when partitions change hands, so a worker is killed once to get there."""


class Armed:
    """One wrapped method; ``undo()`` puts the product's own back. ``last_words`` come first."""

    def __init__(
        self, point: Point, nth: int, last_words: Callable[[], None], *, stop: bool = False
    ) -> None:
        self._last_words = last_words
        self._signal = signal.SIGSTOP if stop else signal.SIGKILL
        self._owner, self._name = _place(point)
        self._own = inspect.getattr_static(self._owner, self._name)
        self._left = nth
        setattr(self._owner, self._name, self._wrapped(point))

    def undo(self) -> None:
        """Disarm."""
        setattr(self._owner, self._name, self._own)

    def _pass(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._last_words()
            os.kill(os.getpid(), self._signal)

    def _wrapped(self, point: Point) -> Callable[..., Any]:
        own = self._own
        if not inspect.iscoroutinefunction(own):

            @functools.wraps(own)
            def plain(*args: Any, **options: Any) -> Any:
                if point.when == "before":
                    self._pass()
                result = own(*args, **options)
                if point.when == "after":
                    self._pass()
                return result

            return plain

        @functools.wraps(own)
        async def wrapped(*args: Any, **options: Any) -> Any:
            if point.when == "before":
                self._pass()
            result = await own(*args, **options)
            if point.when == "after":
                self._pass()
            return result

        return wrapped


def _place(point: Point) -> tuple[Any, str]:
    """What holds the method, and its name there. Raises AttributeError for a point that is gone."""
    owner: Any = importlib.import_module(point.module)
    *path, name = point.target.split(".")
    for step in path:
        owner = getattr(owner, step)
    getattr(owner, name)
    return owner, name
