"""The five services as processes, any number of each: killed, paused, restarted, scaled."""

import asyncio
import base64
import hashlib
import os
import secrets
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from incognita_local import LocalError, Process
from incognita_local.services import NAMES
from incognita_shared.settings import NAMESPACE
from tests.faults.control import CONTROL, Control
from tests.faults.controls import WITHOUT
from tests.system import free_port, is_ready

READY_WITHIN_S = 90.0
STOPS_WITHIN_S = 20.0
LONGEST_PAUSE_S = 5.0
SHORT_WAITS = {
    # the broker's least; a stopped process is a zombie after so long
    "KAFKA_SESSION_TIMEOUT_MS": "6000",
    "KAFKA_HEARTBEAT_INTERVAL_MS": "1500",
    # a receiver that refuses now and then is asked again within a run, not within three days
    "NOTIFICATION_RETRY_DELAYS_S": ",".join(["0.5", "1", *["2"] * 40]),
    "NOTIFICATION_TIMEOUT_S": "4",
    "NOTIFICATION_LEASE_S": "8",
    "OTEL_SAMPLE_RATIO": "0",
}


@dataclass
class Worker:
    """One process of a service."""

    service: str
    slot: int
    port: int
    process: Process
    control: Control
    paused: bool = False
    due: float = 0.0
    pause_s: float = 0.2

    @property
    def name(self) -> str:
        """``evidence-2``."""
        return f"{self.service}-{self.slot}"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


@dataclass
class Fleet:
    """``async with Fleet(…) as fleet:`` starts one worker of each service and stops all at the end.

    A worker that ends although nobody told it to is started again. ``without`` names protections
    that every worker runs without (``controls.py``).
    """

    environment: Mapping[str, str]
    namespace: str
    directory: Path
    without: Sequence[str] = ()
    operator_secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    workers: dict[str, list[Worker]] = field(default_factory=lambda: {name: [] for name in NAMES})
    ends: Counter[str] = field(default_factory=Counter)
    """How often a worker of which service ended with which status, unasked."""

    def __post_init__(self) -> None:
        secret = self.operator_secret.encode()
        self._common = {
            **self.environment,
            **SHORT_WAITS,
            NAMESPACE: self.namespace,
            WITHOUT: ",".join(self.without),
            "AUTH_OPERATOR_KEY_SHA256": hashlib.sha256(secret).hexdigest(),
            "NOTIFICATION_ALLOW_PRIVATE_TARGETS": "true",
            "NOTIFICATION_SECRET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }

    @property
    def operator_key(self) -> str:
        """The key that opens the first door."""
        return f"inc_operator_{self.operator_secret}"

    async def __aenter__(self) -> Self:
        try:
            for service in NAMES:
                await self._add(service)
            await self.ready()
        except BaseException:
            await self._stop_all()
            raise
        self._watching = asyncio.create_task(self._watch(), name="watch the fleet")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._watching.cancel()
        with suppress(asyncio.CancelledError):
            await self._watching
        await self._stop_all()

    def urls(self, service: str) -> list[str]:
        """Where the service may answer: each worker that is meant to run."""
        return [worker.url for worker in self.workers[service]]

    def pick(self, service: str, draw: float) -> Worker:
        """One of the service's workers, by a number from 0 to below 1."""
        workers = self.workers[service]
        return workers[int(draw * len(workers))]

    @property
    def deaths(self) -> Counter[str]:
        """How often workers died at which point."""
        found = (self.directory / "control").glob("*.deaths")
        return Counter(
            line for path in found for line in path.read_text(encoding="utf-8").splitlines()
        )

    async def kill(self, worker: Worker) -> None:
        """SIGKILL; the watch starts it again."""
        worker.paused = False
        await asyncio.to_thread(worker.process.kill)

    def pause(self, worker: Worker) -> None:
        """SIGSTOP; one that stands still already stays so until it is resumed."""
        if worker.process.pid is not None and worker.process.alive:
            os.kill(worker.process.pid, signal.SIGSTOP)
            worker.paused = True

    def resume(self, worker: Worker) -> None:
        """SIGCONT, if it still stands."""
        if worker.paused and worker.process.pid is not None and worker.process.alive:
            os.kill(worker.process.pid, signal.SIGCONT)
        worker.paused = False

    async def restart(self, worker: Worker) -> None:
        """SIGTERM, then start; returns when it is ready again."""
        self.resume(worker)
        await asyncio.to_thread(worker.process.stop, STOPS_WITHIN_S)
        if self._is_wanted(worker):
            worker.process.start()
            await self._until_ready(worker)

    async def roll(self) -> None:
        """Restart every worker, one after the other."""
        for service in NAMES:
            for worker in list(self.workers[service]):
                await self.restart(worker)

    async def scale(self, service: str, count: int) -> None:
        """Start or stop workers until there are ``count``."""
        while len(self.workers[service]) < count:
            await self._add(service)
        while len(self.workers[service]) > count:
            worker = self.workers[service].pop()
            self.resume(worker)
            await asyncio.to_thread(worker.process.stop, STOPS_WITHIN_S)
        await asyncio.gather(*(self._until_ready(one) for one in self.workers[service]))

    async def ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Wait until every worker says that it makes progress."""
        workers = [worker for many in self.workers.values() for worker in many]
        await asyncio.gather(*(self._until_ready(each, within_s) for each in workers))

    async def _add(self, service: str) -> None:
        slot = len(self.workers[service]) + 1
        name, port = f"{service}-{slot}", free_port()
        control = Control(self.directory / "control" / f"{name}.json")
        control.clear()
        process = Process(
            name,
            [sys.executable, "-m", "tests.faults.sabotaged", service],
            {
                **self._common,
                CONTROL: str(control.path),
                "HTTP_PORT": str(port),
                "KAFKA_GROUP_INSTANCE_ID": name,
            },
            self.directory / "logs" / f"{name}.log",
            cwd=Path(__file__).parents[2],
        )
        process.start()
        self.workers[service].append(Worker(service, slot, port, process, control))

    async def _until_ready(self, worker: Worker, within_s: float = READY_WITHIN_S) -> None:
        deadline = time.monotonic() + within_s
        while not (worker.process.alive and await is_ready(worker.url)):
            if not self._is_wanted(worker):
                return
            if time.monotonic() > deadline:
                tail = worker.process.log_tail(20)
                raise LocalError(f"{worker.name} is not ready within {within_s:g} s\n{tail}")
            await asyncio.sleep(0.2)

    def _is_wanted(self, worker: Worker) -> bool:
        """Whether no scaling down has taken it away meanwhile."""
        return worker in self.workers[worker.service]

    async def _watch(self) -> None:
        while True:
            for workers in self.workers.values():
                for worker in workers:
                    if worker.process.wanted and not worker.process.alive:
                        self._revive(worker)
            await asyncio.sleep(0.1)

    def _revive(self, worker: Worker) -> None:
        moment = time.monotonic()
        if worker.due == 0.0:
            self.ends[f"{worker.service} {worker.process.returncode}"] += 1
            lived_s = moment - worker.process.started_at
            worker.pause_s = 0.2 if lived_s > 10 else min(worker.pause_s * 2, LONGEST_PAUSE_S)
            worker.due = moment + worker.pause_s
        elif moment >= worker.due:
            worker.due, worker.paused = 0.0, False
            worker.process.start()

    async def _stop_all(self) -> None:
        workers = [worker for many in self.workers.values() for worker in many]
        for worker in workers:
            self.resume(worker)
        await asyncio.gather(
            *(asyncio.to_thread(one.process.stop, STOPS_WITHIN_S) for one in workers)
        )
