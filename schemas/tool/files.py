"""Every generated file below ``schemas/``, with its text."""

import json
from pathlib import Path
from typing import Any

from incognita_shared.events import EVENT_TYPES, Event
from schemas.tool.asyncapi import asyncapi_text
from schemas.tool.examples import VALID, invalid_examples
from schemas.tool.openapi import openapi_documents

ROOT = Path(__file__).parents[1]


def schema_name(event: type[Event]) -> str:
    """``report.completed.v1``."""
    return f"{event.noun}.{event.verb}.v{event.major}"


def event_schema(event: type[Event]) -> dict[str, Any]:
    """The JSON Schema of the event's body as it is written."""
    schema = event.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:incognita:event:{schema_name(event)}",
        "x-type": event.type_name(),
        "x-topic": event.topic,
        **schema,
    }


def all_files() -> dict[Path, str]:
    """Path → text, for event schemas, examples, AsyncAPI and OpenAPI."""
    files: dict[Path, str] = {}
    for event in EVENT_TYPES.values():
        name = schema_name(event)
        files[ROOT / "events" / f"{name}.schema.json"] = _json(event_schema(event))
        example = VALID[event]
        files[ROOT / "examples" / "valid" / f"{name}.json"] = _json(example.model_dump(mode="json"))
        for fault, body in invalid_examples(example).items():
            files[ROOT / "examples" / "invalid" / f"{name}.{fault}.json"] = _json(body)
    files[ROOT / "asyncapi.yaml"] = asyncapi_text()
    for service, document in openapi_documents().items():
        files[ROOT / "openapi" / f"{service}.json"] = _json(document)
    return files


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=False) + "\n"
