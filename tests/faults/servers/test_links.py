"""What a client of a server sees while the way to it is broken, and after it is healed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.faults.servers import FaultableServers, Link

ALIVE = "/minio/health/live"


@pytest.fixture
async def link(servers_at_risk: FaultableServers) -> AsyncIterator[Link]:
    way = servers_at_risk.link("minio")
    yield way
    await way.heal()


@pytest.fixture
async def http(servers_at_risk: FaultableServers) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a connection that is open already."""
    url = servers_at_risk.environment["S3_ENDPOINT"]
    async with httpx.AsyncClient(base_url=url, timeout=1.5, trust_env=False) as client:
        assert (await client.get(ALIVE)).is_success
        yield client


async def test_a_cut_link_refuses_and_a_healed_one_serves(
    link: Link, http: httpx.AsyncClient
) -> None:
    await link.cut()
    for _ in range(2):  # over the connection that was open, and over a new one
        with pytest.raises(httpx.NetworkError):
            await http.get(ALIVE)
    await link.heal()
    assert (await http.get(ALIVE)).is_success


async def test_a_silent_link_takes_requests_and_never_answers(
    link: Link, http: httpx.AsyncClient
) -> None:
    await link.silence()
    with pytest.raises(httpx.ReadTimeout):
        await http.get(ALIVE)
    await link.heal()
    assert (await http.get(ALIVE)).is_success


async def test_latency_delays_each_answer(link: Link, http: httpx.AsyncClient) -> None:
    await link.latency(100)
    await link.latency(300)  # instead of the first
    begun = time.monotonic()
    await http.get(ALIVE)
    assert 0.3 <= time.monotonic() - begun < 1
    await link.heal()
    begun = time.monotonic()
    await http.get(ALIVE)
    assert time.monotonic() - begun < 0.1


async def test_a_reset_tears_down_what_is_open_and_lets_new_connections_in(
    link: Link, http: httpx.AsyncClient
) -> None:
    resetting = asyncio.create_task(link.reset())
    await asyncio.sleep(0.3)
    for _ in range(2):
        with pytest.raises((httpx.NetworkError, httpx.RemoteProtocolError)):
            await http.get(ALIVE)
    await resetting
    assert (await http.get(ALIVE)).is_success


async def test_the_direct_way_stays_open(servers_at_risk: FaultableServers, link: Link) -> None:
    await link.cut()
    async with httpx.AsyncClient(base_url=servers_at_risk.direct["S3_ENDPOINT"]) as client:
        assert (await client.get(ALIVE)).is_success
