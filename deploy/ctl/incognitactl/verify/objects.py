"""Invariant 8: the object of each evidence item and each file of an appeal is there as it was."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import httpx

from incognita_shared.objects import ObjectStore
from incognita_shared.problems import Unavailable
from incognitactl.connections import UnreachableError
from incognitactl.verify.findings import Findings

AT_ONCE = 64
STORED, REMOVING, REMOVED = PROVED = ("stored", "removing", "removed")
"""The states of items that were stored: the object of a ``removing`` one may be there or not."""
LINK_LASTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Item:
    """What is kept of a stored file; ``size`` in bytes, ``sha256`` in hexadecimal.

    ``item_id``: evidence's item, or the appeal. ``state``: the item's.
    """

    visit_id: str
    item_id: str
    key: str
    version_id: str
    sha256: str
    size: int
    state: str = STORED

    def __str__(self) -> str:
        return f"visit {self.visit_id} item {self.item_id}"


StateOf = Callable[[Item], Awaitable[str]]


async def check_objects(
    store: ObjectStore,
    items: AsyncIterator[Item],
    findings: Findings,
    *,
    deep: bool,
    state_of: StateOf | None = None,
) -> None:
    """One HEAD an item, two a removed one, some at a time; ``deep`` also hashes the bytes.

    ``state_of``: what an item's state is by now, for one whose object has gone since it was read.
    """
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        chunk: list[Item] = []
        async for item in items:
            chunk.append(item)
            if len(chunk) == AT_ONCE:
                await _check(store, http, chunk, findings, deep, state_of)
                chunk = []
        await _check(store, http, chunk, findings, deep, state_of)


async def _check(
    store: ObjectStore,
    http: httpx.AsyncClient,
    items: Sequence[Item],
    findings: Findings,
    deep: bool,
    state_of: StateOf | None,
) -> None:
    def checked(item: Item) -> Awaitable[None]:
        if item.state == STORED:
            return _check_one(store, http, item, findings, deep, state_of)
        return _check_removed(store, item, findings)

    try:
        await asyncio.gather(*(checked(item) for item in items if item.state != REMOVING))
    except (Unavailable, httpx.HTTPError) as error:
        raise UnreachableError(f"the object store: {error}") from error


async def _check_one(
    store: ObjectStore,
    http: httpx.AsyncClient,
    item: Item,
    findings: Findings,
    deep: bool,
    state_of: StateOf | None,
) -> None:
    findings.checked(8)
    version_id = None if item.version_id == "null" else item.version_id
    stored = await store.head(item.key, version_id=version_id)
    if stored is None:
        if state_of is None or await state_of(item) == STORED:
            findings.add(8, "the object of an evidence item is not there", str(item))
    elif stored.sha256 != item.sha256:
        findings.add(8, "the object of an evidence item has another SHA-256", str(item))
    elif stored.size != item.size:
        findings.add(8, "the object of an evidence item has another size", str(item))
    elif deep:
        link = store.presign_download(item.key, version_id=version_id, expires=LINK_LASTS)
        if await _sha256(http, link) != item.sha256:
            findings.add(8, "the bytes of an evidence item have another SHA-256", str(item))


async def _check_removed(store: ObjectStore, item: Item, findings: Findings) -> None:
    findings.checked(8)
    version_id = None if item.version_id == "null" else item.version_id
    for asked in {None, version_id}:
        if await store.head(item.key, version_id=asked) is not None:
            findings.add(8, "the object of a removed evidence item is still there", str(item))
            return


async def _sha256(http: httpx.AsyncClient, link: str) -> str:
    digest = hashlib.sha256()
    async with http.stream("GET", link) as response:
        response.raise_for_status()
        async for piece in response.aiter_raw():
            digest.update(piece)
    return digest.hexdigest()
