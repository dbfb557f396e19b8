"""What is kept, what is made anew, what goes first."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from incognita_comparison.cache import VersionedCache


def making(values: list[str], made: list[str]) -> Callable[[], Awaitable[str]]:
    async def make() -> str:
        await asyncio.sleep(0)
        made.append(values[len(made)])
        return made[-1]

    return make


async def test_a_value_is_made_once_for_many_who_ask_at_a_time() -> None:
    cache, made = VersionedCache(10), list[str]()
    make = making(["first", "second"], made)
    got = await asyncio.gather(*(cache.get("k", 1, make) for _ in range(5)))
    assert got == ["first"] * 5
    assert made == ["first"]


async def test_another_version_is_made_anew() -> None:
    cache, made = VersionedCache(10), list[str]()
    make = making(["first", "second"], made)
    assert await cache.get("k", 1, make) == "first"
    assert await cache.get("k", 2, make) == "second"


async def test_what_was_not_used_for_longest_goes_when_there_is_too_much() -> None:
    cache, made = VersionedCache(10), list[str]()
    make = making(["a", "b", "c", "again"], made)
    await cache.get("a", 1, make, rows=lambda _: 4)
    await cache.get("b", 1, make, rows=lambda _: 4)
    await cache.get("a", 1, make)
    await cache.get("c", 1, make, rows=lambda _: 4)
    assert await cache.get("a", 1, make) == "a"
    assert await cache.get("b", 1, make) == "again"


async def test_a_failure_is_not_kept() -> None:
    cache, made = VersionedCache(10), list[str]()

    async def fail() -> str:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await cache.get("k", 1, fail)
    assert await cache.get("k", 1, making(["value"], made)) == "value"
