"""What the tests of the OpenRosa door share: a phone with a key of the shopper's."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from incognita_evidence.visit import Visit
from incognita_shared.auth import API_KEYS, new_api_key, secret_sha256
from tests.collect.client import Collect
from tests.collect.form import Instance

STARTED = "2008-10-22T16:28:00.000+02:00"
ENDED = "2008-10-22T16:48:00.000+02:00"
POSITION = "43.46745 11.88513 0.0 0.0"
ANSWERS = {"greeted": "yes", "rings": "2", "ms_position": POSITION}

MakeKey = Callable[..., Awaitable[str]]


@pytest.fixture
def make_key(db: Any) -> MakeKey:
    """A key of that role; the text that a client sends."""

    async def make(role: str = "shopper", **changes: Any) -> str:
        key_id, secret, key = new_api_key()
        fields = {"chain_id": "chain-a", "role": role, "shopper_id": "shopper-1", "revoked": False}
        fields |= {"_id": key_id, "secret_sha256": secret_sha256(secret), "version": 1}
        await db[API_KEYS].insert_one(fields | changes)
        return key

    return make


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without any header of its own."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://evidence") as client:
        yield client


@pytest.fixture
async def phone(http: httpx.AsyncClient, make_key: MakeKey) -> Collect:
    """The phone of the shopper of ``make_visit``."""
    return Collect(http, f"http://evidence/openrosa/{await make_key()}")


@pytest.fixture
def filled(phone: Collect, photo: Callable[[str], bytes]) -> Callable[..., Awaitable[Instance]]:
    """The visit's form, filled soundly unless said otherwise, with a photo as agreed on."""

    async def fill(visit: Visit, *, pictures: int = 1, **changes: Any) -> Instance:
        await phone.update()
        names = {f"ms_agreed_photo_{number}": f"{number}.jpg" for number in range(1, pictures + 1)}
        media = {
            name: ("image/jpeg", photo(["DSCN0010", "DSCN0012", "DSCN0021"][number]))
            for number, name in enumerate(names.values())
        }
        words = {"started_at": STARTED, "ended_at": ENDED, "media": media}
        answers = ANSWERS | names | changes.pop("answers", {})
        return phone.forms[visit.id].fill(answers, **words | changes)

    return fill
