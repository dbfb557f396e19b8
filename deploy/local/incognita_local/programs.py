"""All that the three servers need, got side by side."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from incognita_local.artefacts import KafkaJars, Mongod
from incognita_local.cache import Artefact, Cache
from incognita_local.errors import LocalError
from incognita_local.go_programs import MINIO
from incognita_local.kafka_classes import ARCHIVE, KafkaClasses
from incognita_local.kafka_server import KafkaServer
from incognita_local.launch import Server
from incognita_local.minio_server import MinioServer
from incognita_local.mongo_server import MongoServer
from incognita_local.progress import Display
from incognita_local.records import StateDirectory
from incognita_local.toolchains import JavaRuntime, java, machine_java

FIRST_TIME_BYTES = 3_000_000_000
LATER_BYTES = 500_000_000
ServerMaker = Callable[[StateDirectory, Cache, Display], Server]


def missing(cache: Cache) -> list[Artefact]:
    """What would have to be fetched or built."""
    wanted: list[Artefact] = [KafkaJars(), Mongod(), MINIO]
    if machine_java() is None:
        wanted.append(JavaRuntime())
    return [artefact for artefact in wanted if not cache.has(artefact)]


def require_disk(directory: Path, needed_bytes: int, what: str) -> None:
    """Raises LocalError when the file system of `directory` has too little room."""
    while not directory.exists():
        directory = directory.parent
    free = shutil.disk_usage(directory).free
    if free < needed_bytes:
        raise LocalError(
            f"too little disk space for {what}: {free / 1e9:.1f} GB free at {directory}, "
            f"{needed_bytes / 1e9:.1f} GB needed. Free some, or name another place by "
            "XDG_CACHE_HOME (programs) and INCOGNITA_STATE (data)"
        )


def kafka(state: StateDirectory, cache: Cache, display: Display) -> Server:
    with ThreadPoolExecutor(2) as pool:
        runtime = pool.submit(java, cache, display)
        jars = cache.get(KafkaJars(), display)
        program = runtime.result()
    archive = cache.get(KafkaClasses(program, jars), display) / ARCHIVE
    classes = archive if archive.exists() else None
    return KafkaServer(state.data("kafka"), java=program, jars=jars, classes=classes)


def mongo(state: StateDirectory, cache: Cache, display: Display) -> Server:
    return MongoServer(state.data("mongo"), mongod=cache.get(Mongod(), display) / "mongod")


def minio(state: StateDirectory, cache: Cache, display: Display) -> Server:
    return MinioServer(state.data("minio"), minio=cache.get(MINIO, display) / "minio")


SERVERS: dict[str, ServerMaker] = {"kafka": kafka, "mongo": mongo, "minio": minio}


def described(name: str, state: StateDirectory) -> Server:
    """The server with its URLs and credentials but without its program."""
    nowhere = Path(os.devnull)
    if name == "kafka":
        return KafkaServer(state.data(name), java=nowhere, jars=nowhere)
    if name == "mongo":
        return MongoServer(state.data(name), mongod=nowhere)
    return MinioServer(state.data(name), minio=nowhere)
