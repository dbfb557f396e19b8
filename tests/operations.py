"""Every operation of every service, read from the OpenAPI documents that they serve."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from incognita_local.services import NAMES
from tests.system import System

ROOT = Path(__file__).parents[1]
_METHODS = ("get", "post", "put", "patch", "delete")
JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """One method of one path. ``body``: its documented example, as text, with its media type."""

    service: str
    method: str
    path: str
    operation_id: str
    parameters: tuple[dict[str, Any], ...]
    media_type: str | None
    body: str | bytes | None
    responses: frozenset[int]

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    @property
    def path_names(self) -> list[str]:
        """The ids in the path."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def query_names(self) -> list[str]:
        """What can be asked for."""
        return [one["name"] for one in self.parameters if one["in"] == "query"]

    def request(self, ids: Mapping[str, object]) -> str:
        """``"METHOD /path?query"`` with these ids wherever the operation takes one."""
        path = self.path.format(**{name: ids[name] for name in self.path_names})
        query = urlencode({name: ids[name] for name in self.query_names if name in ids})
        return f"{self.method} {path}" + (f"?{query}" if query else "")

    def options(self, ids: Mapping[str, object]) -> dict[str, Any]:
        """Body and headers of the documented example; ids in it become those given."""
        headers = {"Idempotency-Key": "walk"} if self._takes("Idempotency-Key") else {}
        if self.body is None:
            return {"headers": headers}
        body = self.body
        if self.media_type == JSON:
            body = json.dumps(_with_ids(json.loads(body), ids))
        return {
            "content": body if isinstance(body, bytes) else body.encode(),
            "headers": {**headers, "Content-Type": self.media_type or JSON},
        }

    def _takes(self, header: str) -> bool:
        return any(one["in"] == "header" and one["name"] == header for one in self.parameters)


def _with_ids(value: Any, ids: Mapping[str, object]) -> Any:
    if isinstance(value, dict):
        return {
            name: ids.get(name, _with_ids(each, ids)) if not isinstance(each, dict | list)
            else _with_ids(each, ids)
            for name, each in value.items()
        }  # fmt: skip
    return [_with_ids(each, ids) for each in value] if isinstance(value, list) else value


async def documents(system: System) -> dict[str, dict[str, Any]]:
    """Service → its OpenAPI document."""
    found = {}
    for name in NAMES:
        answer = await system.ask(name, "GET /openapi.json", key=None)
        assert answer.status_code == httpx.codes.OK
        found[name] = answer.json()
    return found


async def operations(system: System) -> list[Operation]:
    """All of them, in the order of the documents."""
    return [
        _operation(service, method, path, described, document)
        for service, document in (await documents(system)).items()
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if method in _METHODS
    ]


def _operation(
    service: str, method: str, path: str, described: dict[str, Any], document: dict[str, Any]
) -> Operation:
    content = described.get("requestBody", {}).get("content", {})
    media_type = next(iter(content), None)
    body = _example(content[media_type], document) if media_type else None
    if body is not None and not isinstance(body, str | bytes):
        body = json.dumps(body)
    return Operation(
        service,
        method.upper(),
        path,
        described["operationId"],
        tuple(described.get("parameters", ())),
        media_type,
        body,
        frozenset(int(status) for status in described["responses"] if status.isdigit()),
    )


def _example(content: dict[str, Any], document: dict[str, Any]) -> Any:
    if "example" in content:
        return content["example"]
    if "examples" in content:
        for one in content["examples"].values():
            if "externalValue" in one:
                return Path(ROOT, one["externalValue"]).read_bytes()
        return next(one["value"] for one in content["examples"].values() if "value" in one)
    schema = content["schema"]
    for _ in range(3):
        for choice in schema.get("anyOf", ())[:1]:
            schema = choice
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema["examples"][0] if "examples" in schema else schema["example"]
