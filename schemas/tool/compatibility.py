"""Refuses changes of an event's schema that a reader or a replay of old events could not bear."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas.tool.files import ROOT

Schema = Mapping[str, Any]


def breaking_changes(wanted: Mapping[Path, str]) -> list[str]:
    """What the wanted event schemas break of those at the base revision, one line each.

    The base is ``SCHEMAS_BASE``, else the newest tag, else the commit before the last.
    """
    base = _base()
    if base is None:
        return []
    lines: list[str] = []
    for name in _git("ls-tree", "-r", "--name-only", base, "schemas/events").splitlines():
        path = ROOT.parent / name
        if path not in wanted:
            lines.append(f"{path.name}: the event is gone")
            continue
        before = json.loads(_git("show", f"{base}:{name}"))
        after = json.loads(wanted[path])
        lines += [f"{path.name}: {line}" for line in compare(before, after)]
    return lines


def compare(before: Schema, after: Schema) -> list[str]:
    """The breaking differences between two JSON Schemas of one event."""
    return list(_compare(before, after, before, after, "event", frozenset()))


def _compare(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str, seen: frozenset[str]
) -> Iterator[str]:
    reference = str(old.get("$ref", ""))
    if reference and reference in seen:
        return
    seen |= {reference} if reference else set()
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    if _kinds(old) != _kinds(new):
        yield f"{at} was {_kinds(old)}, would be {_kinds(new)}"
        return
    if set(map(str, old.get("enum", ()))) != set(map(str, new.get("enum", ()))):
        yield f"{at} has other allowed values: {old.get('enum')} → {new.get('enum')}"
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    for name in old_fields.keys() - new_fields.keys():
        yield f"{at}.{name} is gone"
    for name in set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{at}.{name} is required now; events written before do not have it"
    for name in old_fields.keys() & new_fields.keys():
        yield from _compare(
            old_fields[name], new_fields[name], old_root, new_root, f"{at}.{name}", seen
        )
    if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
        yield from _compare(old["items"], new["items"], old_root, new_root, f"{at}[]", seen)


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        found: Any = root
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema


def _kinds(schema: Schema) -> list[str]:
    if "anyOf" in schema:
        return sorted(kind for each in schema["anyOf"] for kind in _kinds(each))
    if "$ref" in schema:
        return [str(schema["$ref"])]
    kind = schema.get("type", "any")
    return sorted(kind) if isinstance(kind, list) else [str(kind)]


def _base() -> str | None:
    named = os.environ.get("SCHEMAS_BASE")
    if named:
        return named
    for question in (["describe", "--tags", "--abbrev=0"], ["rev-parse", "--verify", "HEAD^"]):
        try:
            return _git(*question).strip()
        except subprocess.CalledProcessError:
            continue
    return None


def _git(*arguments: str) -> str:
    return subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607
        cwd=ROOT.parent,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
