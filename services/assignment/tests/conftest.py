"""The app on a database of the test's own, and callers in every role."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pymongo.asynchronous.database import AsyncDatabase

from incognita_assignment.repository import create_indexes
from incognita_assignment.routes import ROUTERS, STREAMED_PATHS
from incognita_assignment.settings import CatalogSettings, Settings
from incognita_shared.auth import secret_sha256
from incognita_shared.health import Health
from incognita_shared.http import create_app
from incognita_shared.ids import new_id
from incognita_shared.settings import (
    AuthSettings,
    HttpSettings,
    KafkaSettings,
    MongoSettings,
    TelemetrySettings,
)

OPERATOR_SECRET = "operator-secret-of-the-tests"
Database = AsyncDatabase[dict[str, Any]]


@dataclass
class Caller:
    """Calls the app with one key."""

    http: httpx.AsyncClient
    key: str
    chain_id: str = ""
    answers: list[httpx.Response] = field(default_factory=list)

    async def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        answer = await self.http.request(method, path, headers=headers, **options)
        self.answers.append(answer)
        return answer

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON of a successful answer."""
        answer = await self("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """The JSON of a successful answer."""
        answer = await self("POST", path, json=body, **options)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json()

    async def with_key(self, **rights: Any) -> "Caller":
        """Another caller of the chain."""
        made = await self.post("/v1/keys", {"name": "of a test", **rights})
        return Caller(self.http, made["key"], self.chain_id)


@pytest.fixture
async def app(
    database: Database, mongo_settings: MongoSettings, kafka_settings: KafkaSettings
) -> FastAPI:
    """The real app; no relay runs, so that documents keep their pending events."""
    await create_indexes(database)
    settings = Settings(
        http=HttpSettings(),
        mongo=mongo_settings,
        kafka=kafka_settings,
        telemetry=TelemetrySettings(),
        auth=AuthSettings(operator_key_sha256=secret_sha256(OPERATOR_SECRET)),
        catalog=CatalogSettings(import_max_bytes=30_000_000),
    )
    return create_app(
        "assignment",
        routers=ROUTERS,
        db=database,
        settings=settings,
        health=Health(),
        streamed_paths=STREAMED_PATHS,
    )


@pytest.fixture
async def operator(app: FastAPI) -> AsyncIterator[Caller]:
    """The operator, who is bound to no chain."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://assignment") as http:
        yield Caller(http, f"inc_operator_{OPERATOR_SECRET}")


async def new_agency(operator: Caller) -> Caller:
    """The agency of a new chain."""
    name = f"Chain {new_id()[-6:]}"
    chain = await operator.post("/v1/chains", {"name": name, "languages": ["en"]})
    path = f"/v1/chains/{chain['chain_id']}/keys"
    made = await operator.post(path, {"role": "agency", "name": "Planning desk"})
    return Caller(operator.http, made["key"], chain["chain_id"])


@pytest.fixture
async def agency(operator: Caller) -> Caller:
    """The agency of a chain."""
    return await new_agency(operator)


@pytest.fixture
async def other_agency(operator: Caller) -> Caller:
    """The agency of another chain."""
    return await new_agency(operator)


def pending(document: dict[str, Any]) -> list[dict[str, str]]:
    """Headers of the events that wait in a document."""
    return [
        {name: value.decode() for name, value in each["headers"]} for each in document["pending"]
    ]
