"""One real server through the mishaps of a start: ports, pids, deaths, damage."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from incognita_local import kafka_server, launch, ports, programs
from incognita_local.cache import Cache
from incognita_local.errors import LocalError
from incognita_local.kafka_server import KafkaServer
from incognita_local.minio_server import MinioServer
from incognita_local.mongo_server import MongoServer
from incognita_local.pids import ProcessId
from incognita_local.processes import Process
from incognita_local.records import StateDirectory


@pytest.fixture
def mongo(state: StateDirectory, display: Any) -> Iterator[launch.Server]:
    yield programs.mongo(state, Cache(), display)
    launch.stop("mongo", state, timeout_s=20)


def recorded(state: StateDirectory) -> ProcessId:
    process = state.process("mongo")
    assert process
    return process


def test_a_server_starts_once_and_is_found_running(
    mongo: launch.Server, state: StateDirectory, display: Any
) -> None:
    first = launch.start(mongo, state, display)
    pid = recorded(state).pid
    second = launch.start(mongo, state, display)
    assert (first.ours, second.ours) == (True, False)
    assert recorded(state).pid == pid
    assert launch.stop("mongo", state, 20) == "stopped"
    assert launch.stop("mongo", state, 20) == "not running"


def test_a_server_moves_with_its_data_when_its_port_is_taken(
    mongo: launch.Server, state: StateDirectory, display: Any
) -> None:
    first = launch.start(mongo, state, display)
    with MongoClient[dict[str, Any]](mongo.url(first.ports)) as client:
        client["shop"]["kept"].insert_one({"_id": 1})
    launch.stop("mongo", state, 20)
    with socket.create_server(("127.0.0.1", first.ports["client"])):
        moved = launch.start(mongo, state, display)
    assert moved.ports != first.ports
    assert f"port {first.ports['client']} is taken by another program" in display.said[-1]
    with MongoClient[dict[str, Any]](mongo.url(moved.ports)) as client:
        assert client["shop"]["kept"].find_one() == {"_id": 1}


def test_a_stale_pid_is_told_and_survived(
    mongo: launch.Server, state: StateDirectory, display: Any
) -> None:
    with Process("stranger", ["sleep", "60"]) as stranger:
        assert stranger.id
        state.record("mongo", replace(stranger.id, start_ticks=1))
        launch.start(mongo, state, display)
        assert f"pid {stranger.pid} of the last run is gone" in display.said[0]
        assert stranger.alive


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}', '{"pid": 1}'])
def test_a_damaged_pid_file_counts_as_none(state: StateDirectory, content: str) -> None:
    file = state.path / "pids" / "mongo.json"
    file.parent.mkdir()
    file.write_text(content, encoding="utf-8")
    assert state.process("mongo") is None
    assert launch.stop("mongo", state, 1) == "not running"


def test_a_server_that_dies_shows_the_end_of_its_log(
    mongo: launch.Server, state: StateDirectory, display: Any
) -> None:
    data = mongo.directory / "data"
    data.mkdir(parents=True)
    (data / "WiredTiger.wt").write_bytes(b"not a table")
    (data / "storage.bson").write_bytes(b"not bson")
    with pytest.raises(LocalError, match=r"(?s)MongoDB 6.0 ended while it started.*storage"):
        launch.start(mongo, state, display)
    assert state.process("mongo") is None


class RacedServer(MongoServer):
    """MongoDB whose port is taken by another program just before it listens, the first time."""

    intruder: socket.socket | None = None

    def prepare(self, ports: Mapping[str, int]) -> None:
        super().prepare(ports)
        if self.intruder is None:
            self.intruder = socket.create_server(("127.0.0.1", ports["client"]))


def test_a_port_lost_between_choice_and_start_is_replaced(
    mongo: MongoServer, state: StateDirectory, display: Any
) -> None:
    raced = RacedServer(state.data("mongo"), mongod=mongo.mongod)
    started = launch.start(raced, state, display)
    assert raced.intruder
    assert started.ports["client"] != raced.intruder.getsockname()[1]
    raced.intruder.close()


def test_credentials_are_random_kept_and_private(tmp_path: Path) -> None:
    one = MinioServer(tmp_path / "a", minio=tmp_path)
    other = MinioServer(tmp_path / "b", minio=tmp_path)
    assert one.credentials() == one.credentials()
    assert one.credentials() != other.credentials()
    assert (tmp_path / "a" / "credentials.json").stat().st_mode & 0o777 == 0o600


def test_damaged_credentials_are_named(tmp_path: Path) -> None:
    (tmp_path / "credentials.json").write_text("{}", encoding="utf-8")
    with pytest.raises(LocalError, match=r"credentials.json is damaged"):
        MinioServer(tmp_path, minio=tmp_path).credentials()


def test_a_cluster_id_never_reads_as_an_option() -> None:
    assert not any(kafka_server.cluster_id().startswith("-") for _ in range(1000))


def test_a_kafka_that_cannot_be_formatted_shows_why(tmp_path: Path) -> None:
    server = KafkaServer(tmp_path, java=Path("/usr/bin/false"), jars=tmp_path)
    with pytest.raises(LocalError, match="can't be formatted"):
        server.prepare({"client": ports.choose(), "controller": ports.choose()})
