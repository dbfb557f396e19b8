"""One OpenAPI 3.1 document for each service, from its routes."""

import importlib
from dataclasses import dataclass
from typing import Any

from pymongo import AsyncMongoClient

from incognita_shared.health import Health
from incognita_shared.http import create_app
from incognita_shared.settings import AuthSettings, HttpSettings

SERVICES = ("assignment", "evidence", "scoring", "comparison", "notification")


@dataclass(frozen=True)
class _Settings:
    http: HttpSettings
    auth: AuthSettings


def openapi_documents() -> dict[str, dict[str, Any]]:
    """Service → document. No server is asked: a client connects only when it is used."""
    settings = _Settings(HttpSettings(), AuthSettings())
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(connect=False)
    documents = {}
    for service in SERVICES:
        routes = importlib.import_module(f"incognita_{service}.routes")
        app = create_app(
            service,
            routers=routes.ROUTERS,
            db=client["unused"],
            settings=settings,
            health=Health(),
        )
        documents[service] = app.openapi()
    return documents
