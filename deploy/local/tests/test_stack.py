"""The three servers together, as tests, demo and command line use them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from incognita_local import LocalError, Servers, checks, elsewhere, programs, stack
from incognita_local.cache import Cache
from incognita_local.records import StateDirectory

ALL_VARIABLES = {name for names in elsewhere.VARIABLES.values() for name in names}


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "incognita_local", *map(str, arguments)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def test_up_status_env_down_and_wipe(tmp_path: Path) -> None:
    state = tmp_path / "state"
    up = command("up", "--state", state)
    assert up.returncode == 0, up.stderr
    assert "Ready in" in up.stdout

    exported = command("env", "--state", state).stdout
    assert {line.partition("=")[0] for line in exported.splitlines()} == {
        f"export {name}" for name in ALL_VARIABLES
    }
    secret = json.loads((state / "data/minio/credentials.json").read_text())["secret_key"]
    written = [*(state / "logs").iterdir(), state / "servers.json"]
    assert not any(secret in p.read_text(encoding="utf-8", errors="replace") for p in written)
    assert secret not in up.stdout + up.stderr

    status = command("status", "--state", state)
    assert status.returncode == 0
    assert status.stdout.count("runs") == 3

    with Servers(state, display=programs.Display(quiet=True)) as env:
        assert set(env) == ALL_VARIABLES
    assert command("status", "--state", state).returncode == 0, "what ran before was stopped"

    assert command("down", "--state", state).stdout.count("stopped") == 3
    assert command("status", "--state", state).returncode == 3
    assert command("wipe", "--state", state).returncode == 0
    assert not state.exists()


def test_servers_started_here_are_stopped_here(tmp_path: Path, display: Any) -> None:
    servers = Servers(tmp_path, display=display)
    with servers:
        recorded = [servers.state.process(name) for name in programs.SERVERS]
        assert all(process and process.alive for process in recorded)
    assert not any(process.alive for process in recorded if process)


def test_a_failure_of_one_stops_the_others(
    tmp_path: Path, display: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCOGNITA_MONGO_CACHE_GB", "none")
    servers = Servers(tmp_path, display=display)
    with pytest.raises(LocalError, match=r"(?s)MongoDB 6.0 ended while it started"), servers:
        pytest.fail("entered")
    assert [servers.state.process(name) for name in programs.SERVERS] == [None, None, None]


def test_servers_named_in_the_environment_are_used(
    tmp_path: Path, display: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Servers(tmp_path / "one", display=display) as env:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        with Servers(tmp_path / "two", display=display) as same:
            assert same == env
        assert not (tmp_path / "two").exists()
        assert command("status", "--state", tmp_path / "one").stdout.count("elsewhere") == 3
        monkeypatch.setenv("S3_SECRET_KEY", "wrong")
        with pytest.raises(LocalError, match=r"S3_ENDPOINT .* does not answer"):
            Servers(tmp_path / "two", display=display).start()


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("MONGO_URI", "mongodb://u:secret@127.0.0.1:9/?serverSelectionTimeoutMS=300", "MONGO_URI"),
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9", "KAFKA_BOOTSTRAP_SERVERS"),
        ("S3_ENDPOINT", "http://127.0.0.1:9", "so S3_ACCESS_KEY has to be set too"),
    ],
)
def test_a_server_elsewhere_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(LocalError, match=message) as refused:
        Servers(tmp_path).start()
    assert "secret" not in str(refused.value)


def test_too_little_disk_is_told_before_anything_is_fetched(
    tmp_path: Path, display: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "FIRST_TIME_BYTES", 1 << 60)
    servers = Servers(tmp_path / "state", display=display, cache=Cache(tmp_path / "cache"))
    with pytest.raises(LocalError, match=r"too little disk space for the first start: .* needed"):
        servers.start()
    assert list(tmp_path.iterdir()) == []
    found = checks.run_all(Cache(tmp_path), tmp_path, always_ask_network=False)
    assert [check.name for check in found if not check.ok] == ["disk for programs"]


def test_no_network_is_told_with_the_name_of_what_is_missing(tmp_path: Path) -> None:
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_NO_INDEX": "",
        "PIP_FIND_LINKS": "",
    }
    environment = os.environ | nowhere | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    argv = [sys.executable, "-m", "incognita_local", "up", "--state", str(tmp_path / "state")]
    up = subprocess.run(
        argv, capture_output=True, text=True, timeout=120, check=False, env=environment
    )
    assert up.returncode == 1
    assert "network: needed for Kafka's jars, MongoDB, MinIO" in up.stderr
    assert "Traceback" not in up.stderr


def test_wipe_refuses_a_directory_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    refused = command("wipe", "--state", tmp_path)
    assert refused.returncode == 1
    assert "not ours" in refused.stderr
    assert (tmp_path / "data").exists()


def test_nothing_is_stopped_where_nothing_was(tmp_path: Path) -> None:
    assert set(stack.stop_all(StateDirectory(tmp_path / "no")).values()) == {"not running"}


def test_a_command_runs_on_servers_that_are_gone_afterwards() -> None:
    program = "import os; print(os.environ['MONGO_URI'], os.environ['S3_ENDPOINT']); exit(7)"
    ran = command("run", "--", sys.executable, "-c", program)
    assert ran.returncode == 7, ran.stderr
    uri = ran.stdout.splitlines()[-1].split()[0]
    with (
        MongoClient[dict[str, object]](uri, serverSelectionTimeoutMS=500) as client,
        pytest.raises(PyMongoError),
    ):
        client.admin.command("ping")
