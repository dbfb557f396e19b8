"""A service in a process of its own, for the tests of how one starts and ends."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request

from incognita_shared.health import Health
from incognita_shared.http import create_app, serve
from incognita_shared.logs import configure_logs
from incognita_shared.mongo.client import mongo_database
from incognita_shared.settings import (
    AuthSettings,
    HttpSettings,
    MongoSettings,
    TelemetrySettings,
    read_settings,
)
from incognita_shared.shutdown import run
from incognita_shared.telemetry import start_telemetry, tracer

router = APIRouter()
said = Path(sys.argv[2])


class Settings:
    def __init__(self) -> None:
        self.http = read_settings(HttpSettings)
        self.auth = read_settings(AuthSettings)


def say(what: str) -> None:
    with said.open("a") as file:
        file.write(f"{what}\n")


@router.get("/slow")
async def slow(request: Request) -> str:
    say("request started")
    await asyncio.sleep(1)
    say(f"request finished, ready: {request.app.state.health.ready}")
    return "done"


async def loop(stop: asyncio.Event) -> None:
    with tracer().start_as_current_span("loop"):
        say("loop started")
        if sys.argv[1] == "fails":
            raise RuntimeError("the loop broke")
        if sys.argv[1] != "returns":
            await stop.wait()
        if sys.argv[1] == "hangs":
            await asyncio.sleep(3_600)
        say("loop stopped")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    say("app closed")


async def main() -> None:
    configure_logs("small")
    settings = Settings()
    with start_telemetry("small", read_settings(TelemetrySettings)):
        async with mongo_database(read_settings(MongoSettings), "small") as db:
            app = create_app(
                "small",
                routers=[router],
                db=db,
                settings=settings,
                health=Health(),
                lifespan=lifespan,
            )
            await serve(app, settings.http, background=[loop])
            say("served")


if __name__ == "__main__":
    run(main)
