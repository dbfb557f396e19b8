"""Every event has a schema that accepts its example and refuses the faulty ones."""

import json
from pathlib import Path

import jsonschema
import pydantic
import pytest

from incognita_shared.events import EVENT_TYPES, Event
from incognita_shared.kafka.topics import declared_topics
from schemas.tool.compatibility import compare
from schemas.tool.files import ROOT, event_schema, schema_name

EVENTS = list(EVENT_TYPES.values())
VALID = ROOT / "examples" / "valid"
INVALID = ROOT / "examples" / "invalid"


@pytest.mark.parametrize("event", EVENTS, ids=schema_name)
def test_the_valid_example_fits_model_and_schema(event: type[Event]) -> None:
    body = json.loads((VALID / f"{schema_name(event)}.json").read_text(encoding="utf-8"))
    assert event.model_validate(body).model_dump(mode="json") == body
    jsonschema.Draft202012Validator(_schema(event)).validate(body)


@pytest.mark.parametrize("path", sorted(INVALID.glob("*.json")), ids=lambda path: path.stem)
def test_an_invalid_example_fits_neither_model_nor_schema(path: Path) -> None:
    event = EVENT_TYPES[f"incognita.{'.'.join(path.stem.split('.')[:3])}"]
    body = json.loads(path.read_text(encoding="utf-8"))
    with pytest.raises(pydantic.ValidationError):
        event.model_validate(body)
    assert not jsonschema.Draft202012Validator(_schema(event)).is_valid(body)


def test_every_event_is_on_exactly_the_topic_that_its_model_names() -> None:
    declared = {name: topic.topic for topic in declared_topics() for name in topic.events}
    assert declared == {schema_name(event): event.topic for event in EVENTS}


def test_a_removed_a_retyped_and_a_newly_required_field_are_breaking() -> None:
    before = event_schema(EVENT_TYPES["incognita.report.completed.v1"])
    after = json.loads(json.dumps(before))
    assert compare(before, after) == []
    del after["properties"]["scenario"]
    after["properties"]["seq"]["type"] = "string"
    after["required"].append("weather")
    after["$defs"]["Severity"]["enum"].remove("info")
    assert sorted(line.split(" ")[0] for line in compare(before, after)) == [
        "event.findings[].severity", "event.scenario", "event.seq", "event.weather",
    ]  # fmt: skip


def test_a_new_optional_field_is_not_breaking() -> None:
    before = event_schema(EVENT_TYPES["incognita.report.completed.v1"])
    after = json.loads(json.dumps(before))
    after["properties"]["weather"] = {"type": "string"}
    assert compare(before, after) == []


def _schema(event: type[Event]) -> dict[str, object]:
    path = ROOT / "events" / f"{schema_name(event)}.schema.json"
    schema: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return schema
