"""Runs both loops in turn, each in a process of its own, and prints their ratio."""

import argparse
import asyncio
import json
import os
import secrets
import statistics
import subprocess
import sys

import uvloop

from benchmarks.delivery import traffic
from benchmarks.delivery.loops import bare, ours, prepare
from incognita_local import Servers
from incognita_shared.mongo.client import connect
from incognita_shared.settings import NAMESPACE, KafkaSettings, MongoSettings, database_name

SERVICE = "scoring"
LATENCY_PER_S, LATENCY_COUNT = 1_500, 15_000


def main() -> None:
    """Parse, then measure; as a child, be one loop."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delivery", description=__doc__)
    parser.add_argument("--records", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--loop", choices=["bare", "ours"], help=argparse.SUPPRESS)
    parser.add_argument("--owner", default="1", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.loop:
        print(json.dumps(uvloop.run(_one(options.loop, options.records, options.owner))))
        return
    with Servers() as environment:
        os.environ.update(environment)
        _measure(options.records, options.rounds, options.workers)


def _measure(count: int, rounds: int, workers: list[int]) -> None:
    rates: dict[str, list[float]] = {}
    for number in range(rounds):
        for name, processes in [("bare", 1), *(("ours", each) for each in workers)]:
            label = name if name == "bare" else f"ours, {processes} worker(s)"
            print(f"round {number + 1} of {rounds}: {label}", file=sys.stderr, flush=True)
            rates.setdefault(label, []).append(_rate(name, processes, count))
    floor = statistics.median(rates["bare"])
    print(f"{count:,} records of {traffic.BODY_BYTES} bytes, {traffic.PARTITIONS} partitions, "
          f"{os.cpu_count()} cores")  # fmt: skip
    print(f"{'loop':24}{'records/s':>12}{'spread':>18}{'of bare':>10}")
    for label, found in rates.items():
        middle = statistics.median(found)
        spread = f"{min(found):,.0f}–{max(found):,.0f}"
        print(f"{label:24}{middle:>12,.0f}{spread:>18}{middle / floor:>10.2f}")
    _print_latency()


def _rate(loop: str, processes: int, count: int) -> float:
    namespace = f"bench{secrets.token_hex(4)}"
    os.environ[NAMESPACE] = namespace
    asyncio.run(_set_up(count))
    try:
        spans = _children(loop, processes, count)
        return count / (max(end for _, end in spans) - min(begin for begin, _ in spans))
    finally:
        asyncio.run(_tear_down())


def _children(loop: str, processes: int, count: int) -> list[tuple[float, float]]:
    argv = [sys.executable, "-m", "benchmarks.delivery", "--loop", loop, "--records", str(count)]
    children = [
        subprocess.Popen([*argv, "--owner", str(number)], stdout=subprocess.PIPE)
        for number in range(processes)
    ]
    spans = []
    for child in children:
        out, _ = child.communicate(timeout=300)
        if child.returncode:
            raise SystemExit(f"{loop} ended with status {child.returncode}")
        spans.append(tuple(json.loads(out)))
    return spans


def _print_latency() -> None:
    os.environ[NAMESPACE] = f"bench{secrets.token_hex(4)}"
    asyncio.run(_set_up(0))
    try:
        argv = [sys.executable, "-m", "benchmarks.delivery", "--loop", "ours"]
        child = subprocess.Popen([*argv, "--records", str(LATENCY_COUNT)], stdout=subprocess.PIPE)
        found = asyncio.run(_steady())
        child.communicate(timeout=60)
    finally:
        asyncio.run(_tear_down())
    settled = found
    print(
        f"at {LATENCY_PER_S:,}/s, 1 worker: p50 {settled[len(settled) // 2]:.0f} ms, "
        f"p99 {settled[len(settled) * 99 // 100]:.0f} ms (broker append to broker append)"
    )


async def _steady() -> list[float]:
    settings = KafkaSettings()
    await asyncio.sleep(6)  # the worker joins its group
    await traffic.fill(settings, traffic.records(LATENCY_COUNT), per_s=LATENCY_PER_S)
    return await traffic.arrivals(settings, LATENCY_COUNT, within_s=60)


async def _set_up(count: int) -> None:
    await traffic.create_topics(KafkaSettings())
    await traffic.fill(KafkaSettings(), traffic.records(count))
    await prepare(MongoSettings(), SERVICE)


async def _tear_down() -> None:
    await traffic.drop_topics(KafkaSettings())
    client = connect(MongoSettings(), SERVICE)
    await client.drop_database(database_name(SERVICE))
    await client.close()


async def _one(loop: str, count: int, owner: str) -> tuple[float, float]:
    if loop == "bare":
        return await bare(KafkaSettings(), count)
    return await ours(KafkaSettings(), MongoSettings(), SERVICE, count, owner)


if __name__ == "__main__":
    main()
