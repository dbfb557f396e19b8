"""Motor against PyMongo's own async API, on our two ways to write: ``benchmarks.drivers``.

The reason for the driver: Motor, which runs PyMongo's blocking API in threads, was the usual choice
and has reached its end of life. It is installed for this run only, into a temporary directory.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvloop
from pymongo import AsyncMongoClient

from incognita_local import Servers
from incognita_shared.ids import new_id

MOTOR = "motor==3.7.1"
OPTIONS: dict[str, Any] = {"w": "majority", "journal": True, "maxPoolSize": 100}
PADDING = "x" * 500
Write = Callable[[], Awaitable[None]]


def main() -> None:
    """Install, measure in turn, print the ratios."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drivers", description=__doc__)
    parser.add_argument("--inserts", type=int, default=4_000)
    parser.add_argument("--transactions", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="incognita-motor-") as place, Servers() as environment:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place]
        subprocess.run([*pip, "--disable-pip-version-check", MOTOR], check=True)
        sys.path.append(place)
        uvloop.run(_compare(environment["MONGO_URI"], options))


async def _compare(uri: str, options: argparse.Namespace) -> None:
    rates: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for _ in range(options.rounds):
        for name, made in (("Motor", _motor), ("PyMongo Async", _pymongo)):
            async with made(uri) as (insert, transact):
                for what, write, count, tasks in (
                    ("insert_one, 64 tasks", insert, options.inserts, 64),
                    ("two in a transaction, 16 tasks", transact, options.transactions, 16),
                ):
                    rates.setdefault((what, name), []).append(await _rate(write, count, tasks))
    print(f"medians of {options.rounds}{'':28}{'Motor':>10}{'PyMongo Async':>16}{'ratio':>8}")
    for what in dict.fromkeys(what for what, _ in rates):
        for number, unit in enumerate(("a second", "CPU ms each")):
            old, new = (
                statistics.median(each[number] for each in rates[what, name])
                for name in ("Motor", "PyMongo Async")
            )
            print(f"{f'{what}, {unit}':40}{old:>10,.2f}{new:>16,.2f}{new / old:>8.2f}")


async def _rate(write: Write, count: int, tasks: int) -> tuple[float, float]:
    """Writes a second, and milliseconds of this process's CPU time for each."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            await write()

    await write()  # connections and collections are there before the clock runs
    began, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(tasks)))
    return count / (time.perf_counter() - began), 1_000 * (time.process_time() - used) / count


def _document() -> dict[str, Any]:
    return {"_id": new_id(), "padding": PADDING}


@asynccontextmanager
async def _pymongo(uri: str) -> AsyncIterator[tuple[Write, Write]]:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(uri, **OPTIONS)
    db = client[f"bench-{new_id()[:8]}"]

    async def insert() -> None:
        await db["reports"].insert_one(_document())

    async def transact() -> None:
        async with client.start_session() as session, await session.start_transaction():
            await db["reports"].insert_one(_document(), session=session)
            await db["events"].insert_one(_document(), session=session)

    try:
        await db.create_collection("events")
        yield insert, transact
    finally:
        await client.drop_database(db.name)
        await client.close()


@asynccontextmanager
async def _motor(uri: str) -> AsyncIterator[tuple[Write, Write]]:
    from motor.motor_asyncio import AsyncIOMotorClient  # type: ignore[import-not-found]

    client = AsyncIOMotorClient(uri, **OPTIONS)
    db = client[f"bench-{new_id()[:8]}"]

    async def insert() -> None:
        await db["reports"].insert_one(_document())

    async def transact() -> None:
        async with await client.start_session() as session, session.start_transaction():
            await db["reports"].insert_one(_document(), session=session)
            await db["events"].insert_one(_document(), session=session)

    try:
        await db.create_collection("events")
        yield insert, transact
    finally:
        await client.drop_database(db.name)
        client.close()


if __name__ == "__main__":
    main()
