"""A disk without room, as the server on it takes it."""

from __future__ import annotations

import io
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from minio import Minio
from minio.error import S3Error
from pymongo import AsyncMongoClient

from tests.faults.servers import FaultableServers
from tests.faults.servers.disks import SmallDisk
from tests.faults.servers.guard import Guard

WITHOUT_THE_RIGHT = """
import sys
from pathlib import Path
from tests.faults.servers.disks import SmallDisk
from tests.faults.servers.guard import Guard
with Guard() as guard:
    disk = SmallDisk(Path(sys.argv[1]), limit_bytes=1 << 20, guard=guard)
    disk.mount()
print(disk.why)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with Guard() as guard:
        made = SmallDisk(tmp_path / "disk", limit_bytes=8 << 20, guard=guard)
        made.mount()
        if made.why:
            pytest.skip(made.why)
        yield made


def test_a_full_disk_takes_no_byte_more_and_a_freed_one_does(disk: SmallDisk) -> None:
    (disk.path / "kept").write_bytes(b"x" * 1_000_000)
    disk.fill()
    with (disk.path / "more").open("wb") as file, pytest.raises(OSError, match="No space"):
        os.write(file.fileno(), b"x" * 100_000)
    disk.free()
    (disk.path / "more").write_bytes(b"x" * 100_000)
    assert (disk.path / "kept").stat().st_size == 1_000_000


def test_where_nothing_may_be_mounted_the_disk_says_so(tmp_path: Path) -> None:
    bound = ["setpriv", "--bounding-set", "-sys_admin"] if os.geteuid() == 0 else []
    argv = [*bound, sys.executable, "-c", WITHOUT_THE_RIGHT, str(tmp_path / "disk")]
    root = Path(__file__).parents[3]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=True)
    assert "mount" in done.stdout
    assert (tmp_path / "disk").is_dir()


async def test_a_member_dies_of_a_full_disk_and_serves_again_when_there_is_room(
    servers_at_risk: FaultableServers,
) -> None:
    disk, mongo = servers_at_risk.disk("mongo"), servers_at_risk.mongo
    if not disk.possible:
        pytest.skip(disk.why)
    uri = servers_at_risk.environment["MONGO_URI"]
    async with AsyncMongoClient[dict[str, Any]](uri) as client:
        kept = client[f"t{secrets.token_hex(5)}"]["kept"]
        await kept.insert_one({"_id": 1})
        full = await mongo.primary()
        await disk.fill()
        try:
            await kept.insert_one({"_id": 2})
            assert await mongo.primary() != full
            assert not mongo.members[full].alive
        finally:
            await disk.free()
        assert mongo.members[full].alive
        assert await kept.count_documents({}) == 2
        await client.drop_database(kept.database)


async def test_the_object_store_refuses_writes_while_its_disk_is_full(
    servers_at_risk: FaultableServers,
) -> None:
    disk = servers_at_risk.disk("minio")
    if not disk.possible:
        pytest.skip(disk.why)
    names = servers_at_risk.environment
    client = Minio(
        names["S3_ENDPOINT"].removeprefix("http://"),
        access_key=names["S3_ACCESS_KEY"],
        secret_key=names["S3_SECRET_KEY"],
        secure=False,
    )
    client.make_bucket("full")
    value = b"x" * 100_000
    client.put_object("full", "before", io.BytesIO(value), len(value))
    await disk.fill()
    try:
        with pytest.raises(S3Error, match="XMinioStorageFull"):
            client.put_object("full", "during", io.BytesIO(value), len(value))
        with client.get_object("full", "before") as answer:
            assert answer.read() == value
    finally:
        await disk.free()
    client.put_object("full", "after", io.BytesIO(value), len(value))
