"""The five services as supervised processes: one that dies is started again, and that is told."""

import base64
import hashlib
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from incognita_local.processes import Process
from incognita_local.supervisor import ProcessExit, Supervisor
from incognita_shared.settings import NAMESPACE

NAMES = ("assignment", "evidence", "scoring", "comparison", "notification")
READY_WITHIN_S = 60.0


class NotReadyError(Exception):
    """A service did not become ready; the text has the end of its log."""


@dataclass(frozen=True)
class Running:
    """The services at work. ``urls`` by name; ``operator_key`` opens the first door."""

    urls: Mapping[str, str]
    operator_key: str
    supervisor: Supervisor


@contextmanager
def running_services(
    environment: Mapping[str, str],
    *,
    namespace: str,
    directory: Path,
    on_exit: Callable[[ProcessExit], None],
) -> Iterator[Running]:
    """Start all five on free ports, logs and traces below ``directory``; stop them at the end."""
    secret = secrets.token_urlsafe(32)
    ports = dict(zip(NAMES, _free_ports(len(NAMES)), strict=True))
    common = {
        **environment,
        NAMESPACE: namespace,
        "AUTH_OPERATOR_KEY_SHA256": hashlib.sha256(secret.encode()).hexdigest(),
        "OTEL_TRACES_DIR": str(directory / "traces"),
        "ASSIGNMENT_OPENROSA_URL": f"http://127.0.0.1:{ports['evidence']}/openrosa",
        "NOTIFICATION_ALLOW_PRIVATE_TARGETS": "true",
        "NOTIFICATION_SECRET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    (directory / "traces").mkdir(parents=True, exist_ok=True)
    processes = [
        Process(
            name,
            [sys.executable, "-m", f"incognita_{name}"],
            {**common, "HTTP_PORT": str(port), "KAFKA_GROUP_INSTANCE_ID": f"{name}-1"},
            directory / "logs" / f"{name}.log",
        )
        for name, port in ports.items()
    ]
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    with ExitStack() as stack:
        supervisor = stack.enter_context(Supervisor(processes, on_exit=on_exit))
        for name, url in urls.items():
            _await_ready(supervisor[name], url)
        yield Running(urls, f"inc_operator_{secret}", supervisor)


def _await_ready(process: Process, url: str) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    said = "no answer"
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"{url}/health/ready", timeout=2, trust_env=False)
        except httpx.TransportError as error:
            said = repr(error)
        else:
            if answer.status_code == httpx.codes.OK:
                return
            said = answer.text
        time.sleep(0.1)
    raise NotReadyError(f"{process.name} is not ready: {said}\n{process.log_tail(20)}")


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
