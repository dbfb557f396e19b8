"""One AsyncAPI 3 document for the whole system, from the topics and the event models."""

from typing import Any

import yaml

from incognita_shared.events import EVENT_TYPES
from incognita_shared.kafka.topics import Topic, dead_letter_topic, declared_topics

HEADERS = {
    "type": "object",
    "required": ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time", "ce_subject"],
    "properties": {
        "ce_specversion": {"type": "string", "const": "1.0"},
        "ce_id": {"type": "string", "description": "the same for every copy of one event"},
        "ce_type": {"type": "string"},
        "ce_source": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {"type": "string", "description": "the id of what the event is about"},
        "content-type": {"type": "string", "const": "application/json"},
        "traceparent": {"type": "string", "description": "W3C Trace Context"},
        "tracestate": {"type": "string"},
    },
}


def asyncapi_text() -> str:
    """The document as YAML."""
    topics = declared_topics()
    document = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Incognita events",
            "version": "1.0.0",
            "description": "CloudEvents 1.0 in Kafka's binary content mode; see docs/contracts.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.topic: _channel(topic) for topic in topics},
        "operations": dict(operation for topic in topics for operation in _operations(topic)),
        "components": {"messages": {name: _message(name) for name in _names()}},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _names() -> list[str]:
    return [name.removeprefix("incognita.") for name in EVENT_TYPES]


def _message(name: str) -> dict[str, Any]:
    event = EVENT_TYPES[f"incognita.{name}"]
    return {
        "name": event.type_name(),
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "headers": HEADERS,
        "payload": {"$ref": f"./events/{name}.schema.json"},
    }


def _channel(topic: Topic) -> dict[str, Any]:
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in topic.events}
    return {
        "address": topic.topic,
        "description": f"{topic.description} Key: {topic.key}.",
        "messages": messages,
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {"cleanup.policy": [topic.config["cleanup.policy"]]},
            }
        },
    }


def _operations(topic: Topic) -> list[tuple[str, dict[str, Any]]]:
    channel = {"$ref": f"#/channels/{topic.topic}"}
    sends = {"action": "send", "channel": channel, "summary": f"{topic.owner} says"}
    receives = [
        (
            f"{consumer}.reads.{topic.topic}",
            {
                "action": "receive",
                "channel": channel,
                "summary": f"{consumer} reads; what it can't read goes to "
                f"{dead_letter_topic(topic.topic, consumer)}",
            },
        )
        for consumer in topic.consumers
    ]
    return [(f"{topic.owner}.says.{topic.topic}", sends), *receives]
