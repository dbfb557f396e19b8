"""The programs that a fault run needs, got side by side from the cache or a registry."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from incognita_local import programs
from incognita_local.artefacts import Mongod
from incognita_local.cache import Cache
from incognita_local.go_programs import TOXIPROXY
from incognita_local.launch import Server
from incognita_local.progress import Display
from incognita_local.records import StateDirectory


@dataclass(frozen=True)
class Programs:
    """Kafka and MinIO as the launcher describes them; the files of the other two."""

    kafka: Server
    minio: Server
    mongod: Path
    toxiproxy: Path


async def get_programs(state: StateDirectory) -> Programs:
    """Raises LocalError."""
    cache = Cache()
    with Display() as display:
        kafka, minio, mongod, toxiproxy = await asyncio.gather(
            asyncio.to_thread(programs.kafka, state, cache, display),
            asyncio.to_thread(programs.minio, state, cache, display),
            asyncio.to_thread(cache.get, Mongod(), display),
            asyncio.to_thread(cache.get, TOXIPROXY, display),
        )
    return Programs(kafka, minio, mongod / "mongod", toxiproxy / TOXIPROXY.binary)
