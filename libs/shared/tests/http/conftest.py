"""A small app as the services build theirs, with the real database behind it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from incognita_shared.auth import API_KEYS, Principal, Role, allow, secret_sha256
from incognita_shared.health import Health
from incognita_shared.http import create_app
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Conflict, problem_responses
from incognita_shared.settings import AuthSettings, HttpSettings, TelemetrySettings
from incognita_shared.telemetry import start_telemetry


class Visit(BaseModel):
    name: Annotated[str, Field(max_length=10)]
    answers: dict[str, Any] = {}


@dataclass
class Settings:
    http: HttpSettings = field(default_factory=lambda: HttpSettings(body_limit_bytes=1_000))
    auth: AuthSettings = field(
        default_factory=lambda: AuthSettings(operator_key_sha256=secret_sha256("op"))
    )


router = APIRouter(prefix="/v1")


@router.post("/visits/{visit_id}:accept", responses=problem_responses(404, 409))
async def accept_visit(
    visit_id: str, body: Visit, caller: Annotated[Principal, Depends(allow(Role.AGENCY))]
) -> Visit:
    if body.name == "late":
        raise Conflict("The offer has expired", allowed=["cancel"])
    return body


@router.get("/visits")
async def list_visits(limit: Annotated[int, Query(le=500)] = 100) -> list[str]:
    return ["x"] * limit


@router.post("/keep")
async def keep(body: Visit, request: Request) -> dict[str, str]:
    await request.app.state.db["kept"].insert_one(body.model_dump())
    return {"kept": body.name}


@router.get("/broken")
async def break_down() -> None:
    raise RuntimeError("the secret cause")


@router.post("/branches:import")
async def import_branches(request: Request) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


@pytest.fixture
def traces(tmp_path: Path) -> Iterator[Path]:
    with start_telemetry("test", TelemetrySettings(traces_dir=tmp_path)):
        yield tmp_path


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
async def client(
    database: Database, traces: Path, health: Health
) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        "test",
        routers=[router],
        db=database,
        settings=Settings(),
        health=health,
        streamed_paths=["/v1/branches:import"],
    )
    await database[API_KEYS].insert_one(
        {"_id": "k1", "chain_id": "c", "role": "agency", "revoked": False, "version": 1,
         "secret_sha256": secret_sha256("secret")}
    )  # fmt: skip
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made
