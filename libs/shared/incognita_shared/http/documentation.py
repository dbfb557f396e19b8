"""How the answers that every operation may give appear in its OpenAPI document."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from incognita_shared.problems import PROBLEM_SCHEMA, problem_responses


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the problems that any operation may answer."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version=app.openapi_version,
            summary=app.summary,
            description=app.description,
            routes=app.routes,
            tags=app.openapi_tags,
            separate_input_output_schemas=app.separate_input_output_schemas,
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas[PROBLEM_SCHEMA["title"]] = PROBLEM_SCHEMA
        for path in document["paths"].values():
            for operation in path.values():
                _add_problems(operation)
        app.openapi_schema = document
    return app.openapi_schema


def _add_problems(operation: dict[str, Any]) -> None:
    statuses = {400, 500, 503}
    if operation.get("security"):
        statuses |= {401, 403}
    if "requestBody" in operation:
        statuses |= {413, 415}
    responses = operation["responses"]
    if responses.pop("422", {}).get("content", {}).keys() or "requestBody" in operation:
        statuses.add(422)
    for status in sorted(statuses):
        responses.setdefault(str(status), problem_responses(status)[status])
