"""The processes under load: workers that we start, servers that we find, and their CPU time."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from incognita_local.ports import choose

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
READY_WITHIN_S = 60.0


@contextmanager
def started(
    arguments: Sequence[str], environment: Mapping[str, str], *, count: int, logs: Path, path: str
) -> Iterator[dict[int, int]]:
    """Port → process id of ``count`` processes that answer on ``path``; stopped at the end."""
    with ExitStack() as stack:
        running: dict[int, int] = {}
        for number in range(count):
            port = choose(running)
            log = stack.enter_context((logs / f"worker-{number}.log").open("wb"))
            process = subprocess.Popen(
                [sys.executable, *arguments],
                env={**os.environ, **environment, "HTTP_PORT": str(port)},
                stdout=log,
                stderr=log,
            )
            stack.callback(_stop, process)
            running[port] = process.pid
        for port in running:
            _await_ready(f"http://127.0.0.1:{port}{path}", logs)
        yield running


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _await_ready(url: str, logs: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"{url} does not become ready; see {logs}")


def cpu_seconds(pids: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Name → CPU seconds that its processes have used so far."""
    return {name: sum(map(_cpu_s, group)) for name, group in pids.items()}


def _cpu_s(pid: int) -> float:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS_PER_S


def server_pids(environment: Mapping[str, str]) -> dict[str, list[int]]:
    """Kafka, MongoDB and MinIO, found by the ports that they listen on."""
    addresses = {
        "Kafka": environment["KAFKA_BOOTSTRAP_SERVERS"].split(",")[0],
        "MongoDB": urlsplit(environment["MONGO_URI"]).netloc.rpartition("@")[2].split(",")[0],
        "MinIO": urlsplit(environment["S3_ENDPOINT"]).netloc,
    }
    inodes = _listening()
    owners = _socket_owners()
    found: dict[str, list[int]] = {}
    for name, address in addresses.items():
        sockets = inodes.get(int(address.rpartition(":")[2]), set())
        found[name] = sorted({owners[inode] for inode in sockets if inode in owners})[:1]
    return found


def _listening() -> dict[int, set[str]]:
    ports: dict[int, set[str]] = {}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":  # LISTEN
                port = int(fields[1].rpartition(":")[2], 16)
                ports.setdefault(port, set()).add(fields[9])
    return ports


def _socket_owners() -> dict[str, int]:
    owners: dict[str, int] = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            for link in (process / "fd").iterdir():
                target = os.readlink(link)
                if target.startswith("socket:["):
                    owners[target[8:-1]] = int(process.name)
        except OSError:
            continue  # ended meanwhile, or not ours to look into
    return owners
