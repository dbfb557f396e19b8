"""How a service starts and ends: a real process, with real signals."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

SERVICE = Path(__file__).with_name("small_service.py")


@dataclass
class Running:
    process: asyncio.subprocess.Process
    url: str
    said: Path
    errors: Path

    def steps(self) -> list[str]:
        return self.said.read_text().splitlines() if self.said.exists() else []

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(15):
            while True:
                if holds():
                    return
                await asyncio.sleep(0.02)

    async def listening(self) -> None:
        async with asyncio.timeout(15), httpx.AsyncClient() as client:
            while True:
                try:
                    await client.get(f"{self.url}/health/live")
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def ended(self) -> int:
        async with asyncio.timeout(25):
            return await self.process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def _service(behaviour: str, folder: Path, **settings: str) -> AsyncIterator[Running]:
    port = settings.setdefault("HTTP_PORT", str(_free_port()))
    said, errors = folder / "said", folder / "errors"
    environment = {**os.environ, "OTEL_TRACES_DIR": str(folder / "traces"), **settings}
    with errors.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(SERVICE), behaviour, str(said), env=environment, stderr=stderr
        )
    try:
        yield Running(process, f"http://127.0.0.1:{port}", said, errors)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture(autouse=True)
def _own_names(servers: dict[str, str], namespace: str) -> None:
    """The processes find the servers and their own database in the environment."""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_requests_then_loops_then_telemetry(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with _service("waits", tmp_path) as running:
        await running.listening()
        async with httpx.AsyncClient() as client:
            request = asyncio.create_task(client.get(f"{running.url}/slow"))
            await running.until(lambda: "request started" in running.steps())
            running.process.send_signal(number)
            assert (await request).text == '"done"'
        assert await running.ended() == 0
    assert running.steps() == [
        "loop started", "request started", "request finished, ready: False", "app closed",
        "loop stopped", "served",
    ]  # fmt: skip
    [traces] = (tmp_path / "traces").glob("small-*.jsonl")
    names = {json.loads(line)["name"] for line in traces.read_text().splitlines()}
    assert names == {"loop", "GET /slow"}


async def test_what_is_beyond_the_process_is_refused_at_once_and_taken_later(
    tmp_path: Path,
) -> None:
    async with _service("waits", tmp_path, HTTP_MOST_IN_FLIGHT="2") as running:
        await running.listening()
        async with httpx.AsyncClient(timeout=10) as client:
            first = [asyncio.create_task(client.get(f"{running.url}/slow")) for _ in range(2)]
            await running.until(lambda: running.steps().count("request started") == 2)
            async with asyncio.timeout(0.8):
                refused = await client.get(f"{running.url}/slow")
                assert (await client.get(f"{running.url}/health/ready")).status_code == 200
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert refused.json()["type"] == "urn:incognita:problem:overloaded"
            assert [(await one).status_code for one in first] == [200, 200]
            assert (await client.get(f"{running.url}/slow")).status_code == 200
    assert running.steps().count("request started") == 3


async def test_an_idle_connection_does_not_hold_the_end_up(tmp_path: Path) -> None:
    async with _service("waits", tmp_path) as running:
        await running.listening()
        async with httpx.AsyncClient() as client:
            await client.get(f"{running.url}/health/live")
            running.process.terminate()
            async with asyncio.timeout(5):
                assert await running.process.wait() == 0


@pytest.mark.parametrize(
    ("behaviour", "cause"), [("fails", "the loop broke"), ("returns", "without being asked")]
)
async def test_a_loop_that_ends_by_itself_ends_the_process_with_an_error(
    tmp_path: Path, behaviour: str, cause: str
) -> None:
    async with _service(behaviour, tmp_path) as running:
        assert await running.ended() == 1
    assert cause in running.errors.read_text()
    assert all(json.loads(line) for line in running.errors.read_text().splitlines())
    assert "app closed" in running.steps()


async def test_a_loop_that_does_not_stop_is_ended_after_its_grace(tmp_path: Path) -> None:
    async with _service("hangs", tmp_path) as running:
        await running.listening()
        running.process.terminate()
        assert await running.ended() == 0
    assert "did not stop within 10 s" in running.errors.read_text()


async def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    async with _service("hangs", tmp_path) as running:
        await running.listening()
        running.process.terminate()
        await running.until(lambda: "app closed" in running.steps())
        running.process.terminate()
        async with asyncio.timeout(2):
            assert await running.process.wait() == -signal.SIGTERM


async def test_a_port_that_is_taken_is_said_so_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with _service("waits", tmp_path, HTTP_PORT=port) as running:
            assert await running.ended() == 2
    last = running.errors.read_text().splitlines()[-1]
    assert last.startswith(f"HTTP_HOST, HTTP_PORT: can't listen on 127.0.0.1:{port}")
    assert "Traceback" not in running.errors.read_text()


@pytest.mark.parametrize(
    ("settings", "status", "said"),
    [
        ({"MONGO_URI": ""}, 2, "MONGO_URI: Field required"),
        ({"HTTP_PORT": "70000"}, 2, "HTTP_PORT: Input should be less"),
        ({"INCOGNITA_NAMESPACE": "A_b"}, 2, "INCOGNITA_NAMESPACE: up to 20"),
        ({"MONGO_URI": "mongodb://127.0.0.1:1", "MONGO_SERVER_SELECTION_TIMEOUT_MS": "300"}, 1,
         "MongoDB can't be reached"),
    ],
)  # fmt: skip
async def test_wrong_settings_are_named_without_a_traceback(
    tmp_path: Path, settings: dict[str, str], status: int, said: str
) -> None:
    async with _service("waits", tmp_path, **settings) as running:
        assert await running.ended() == status
    assert said in running.errors.read_text()
    assert "Traceback" not in running.errors.read_text()
