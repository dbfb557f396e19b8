"""Nothing stays running or mounted, however the run ends."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from incognita_local.pids import ProcessId
from tests.faults.servers import faultable_servers
from tests.faults.servers.life import Life

GONE_WITHIN_S = 10.0
RUN = """
import asyncio, json, sys
from pathlib import Path
from tests.faults.servers import faultable_servers

async def main():
    async with faultable_servers(Path(sys.argv[1]), members=1) as servers:
        lives = [servers.kafka, servers.minio, *servers.mongo.members]
        print(json.dumps([life.process.id.to_json() for life in lives]), flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def _mounted_below(directory: Path) -> list[str]:
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.split()[1].startswith(str(directory))]


def test_a_killed_run_leaves_neither_servers_nor_mounts(tmp_path: Path) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
    )
    try:
        assert run.stdout is not None
        processes = [ProcessId.from_json(each) for each in json.loads(run.stdout.readline())]
        assert len(processes) == 3
        assert all(process.alive for process in processes)
    finally:
        run.kill()
        run.communicate()
    deadline = time.monotonic() + GONE_WITHIN_S
    while any(process.alive for process in processes) or _mounted_below(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.1)


async def test_a_run_that_fails_stops_its_servers(tmp_path: Path) -> None:
    lives: list[Life] = []

    async def run() -> None:
        async with faultable_servers(tmp_path, members=1, proxies=False) as servers:
            lives.extend([servers.kafka, servers.minio, *servers.mongo.members])
            assert servers.environment["MONGO_URI"].count("127.0.0.1") == 1
            assert servers.direct["S3_ENDPOINT"] == servers.environment["S3_ENDPOINT"]
            raise RuntimeError("the run failed")

    with pytest.raises(RuntimeError, match="the run failed"):
        await run()
    assert lives
    assert not any(life.alive for life in lives)
    assert not _mounted_below(tmp_path)
