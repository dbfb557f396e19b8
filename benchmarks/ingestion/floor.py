"""The bare floor: a route that stores what it is sent as one document, and does nothing else."""

import os

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from incognita_shared.ids import new_id
from incognita_shared.mongo.client import mongo_database
from incognita_shared.settings import MongoSettings


async def main() -> None:
    """Serve on ``HTTP_PORT`` until told to stop."""
    async with mongo_database(MongoSettings(), "floor") as db:

        async def store(request: Request) -> JSONResponse:
            await db["reports"].insert_one({"_id": new_id(), **await request.json()})
            return JSONResponse({"state": "completed"})

        async def ready(_: Request) -> JSONResponse:
            return JSONResponse({})

        routes = [Route("/floor", store, methods=["POST"]), Route("/ready", ready)]
        config = uvicorn.Config(
            Starlette(routes=routes), port=int(os.environ["HTTP_PORT"]), access_log=False,
            log_level="warning",
        )  # fmt: skip
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    uvloop.run(main())
