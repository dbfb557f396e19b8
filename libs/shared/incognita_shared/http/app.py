"""How a service's FastAPI app is built, the same way in every service."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from incognita_shared.auth import ApiKeys
from incognita_shared.health import Health
from incognita_shared.http import documentation
from incognita_shared.http.bodies import JsonBodies
from incognita_shared.http.faults import problem_of, problem_response
from incognita_shared.http.overload import InFlight
from incognita_shared.http.requests import (
    Requests,
    is_untraced,
    key_out_of_path,
    on_the_visits_trace,
)
from incognita_shared.mongo.client import Database
from incognita_shared.settings import AuthSettings, HttpSettings
from incognita_shared.telemetry.state import providers

API_VERSION = "1.0.0"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class AppSettings(Protocol):
    """What the app needs of a service's settings."""

    @property
    def http(self) -> HttpSettings: ...
    @property
    def auth(self) -> AuthSettings: ...


class _App(FastAPI):
    """A request about a visit belongs to the visit's trace, which must be known before its span."""

    keys_below: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.keys_below is not None:
            scope = key_out_of_path(scope, self.keys_below)
        await super().__call__(on_the_visits_trace(scope), receive, send)

    def openapi(self) -> dict[str, Any]:
        return documentation.describe(self)


def create_app(
    service: str,
    *,
    routers: Sequence[APIRouter],
    db: Database,
    settings: AppSettings,
    health: Health,
    lifespan: Lifespan | None = None,
    streamed_paths: Collection[str] = (),
    keys_below: str | None = None,
    description: str = "",
) -> FastAPI:
    """The app with ``routers``. On ``streamed_paths`` a body may have any type and size.

    A path below ``keys_below`` has its key as the next step: ``/openrosa/inc_…/formList`` reaches
    the route ``/openrosa/formList`` with the key in its header and without a query.

    ``app.state`` has ``db``, ``health``, ``settings`` and ``api_keys``. Call it after
    ``start_telemetry``, so that its requests are traced.
    """
    app = _App(
        title=f"Incognita {service}",
        version=API_VERSION,
        description=description,
        lifespan=lifespan,
        redoc_url=None,
        generate_unique_id_function=_function_name,
        middleware=[
            Middleware(InFlight, most=settings.http.most_in_flight),
            Middleware(Requests),
            Middleware(
                JsonBodies,
                limit_bytes=settings.http.body_limit_bytes,
                streamed_paths=frozenset(streamed_paths),
            ),
        ],
        exception_handlers={HTTPException: _answer, RequestValidationError: _answer},
        telemetry={
            "tracer_provider": providers().tracers,
            "meter_provider": providers().meters,
            "logs": False,
            "operation_spans": False,
            "exclude": is_untraced,
        },
    )
    app.keys_below = keys_below
    app.state.db = db
    app.state.settings = settings
    app.state.health = health
    app.state.api_keys = ApiKeys(db, settings.auth.operator_key_sha256)
    app.include_router(_health)
    for router in routers:
        app.include_router(router)
    return app


def _function_name(route: APIRoute) -> str:
    return route.name


async def _answer(request: Request, error: Exception) -> Response:
    return problem_response(problem_of(error))


_health = APIRouter(prefix="/health", include_in_schema=False)


@_health.get("/live")
async def is_live() -> JSONResponse:
    """The event loop turns."""
    return JSONResponse({"status": "live"})


@_health.get("/ready")
async def is_ready(request: Request) -> JSONResponse:
    """Every part makes progress; else 503 and which does not."""
    problems = request.app.state.health.problems()
    status = "not ready" if problems else "ready"
    return JSONResponse(
        {"status": status, "problems": problems}, status_code=503 if problems else 200
    )
