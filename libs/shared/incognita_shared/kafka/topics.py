"""Topics as declared in ``schemas/topics/*.yaml``, made the same in every environment."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import yaml
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from pydantic import Field
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from incognita_shared.settings import KafkaSettings, kafka_name
from incognita_shared.values import Value

# a refused record may be as large as a record can be, and says a little more than it did
DEAD_LETTERS = {"retention.ms": "-1", "max.message.bytes": str(2 << 20)}
DECLARATIONS = Path(__file__).parents[4] / "schemas" / "topics"


class Topic(Value):
    """One declaration: who owns the topic, who reads it, what is on it, how long it is kept."""

    topic: str
    owner: str
    description: str
    key: str
    partitions: Annotated[int, Field(ge=1)]
    consumers: tuple[str, ...]
    events: tuple[str, ...]
    config: dict[str, str | int | float]


class TopicError(Exception):
    """A topic on the broker is not as declared."""


def dead_letter_topic(topic: str, consumer: str) -> str:
    """Where ``consumer`` puts what it can't read of ``topic``."""
    return f"{topic}.{consumer}.dlq"


def declared_topics(directory: Path = DECLARATIONS) -> list[Topic]:
    """All declarations, by name. Raises TopicError where there are none."""
    topics = [
        Topic.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        for path in sorted(directory.glob("*.yaml"))
    ]
    if not topics:
        raise TopicError(f"no topic is declared in {directory}")
    return topics


async def ensure_topics(settings: KafkaSettings, topics: Sequence[Topic] | None = None) -> None:
    """Create what is missing, dead-letter topics included.

    Waits up to a minute for the brokers. Raises TopicError where a topic exists with another number
    of partitions: events of one key would then come on two of them.
    """
    declared = declared_topics(settings.topics_dir or DECLARATIONS) if topics is None else topics
    admin = AIOKafkaAdminClient(**settings.connection())
    try:
        await _start(admin)
        known = set(await admin.list_topics())
        missing = [topic for topic in _new_topics(declared, settings) if topic.name not in known]
        if missing:
            await _create(admin, missing)
        await _check_partitions(admin, declared)
    finally:
        await admin.close()


@retry(
    retry=retry_if_exception_type(KafkaError),
    wait=wait_exponential_jitter(multiplier=0.2, max=5),
    stop=stop_after_delay(60),
    reraise=True,
)
async def _start(admin: AIOKafkaAdminClient) -> None:
    await admin.start()


def _new_topics(declared: Sequence[Topic], settings: KafkaSettings) -> list[NewTopic]:
    new: list[NewTopic] = []
    for topic in declared:
        config = {name: str(value) for name, value in topic.config.items()}
        config["min.insync.replicas"] = str(settings.min_insync_replicas)
        new.append(
            NewTopic(
                kafka_name(topic.topic),
                topic.partitions,
                settings.replication_factor,
                topic_configs=config,
            )
        )
        new.extend(
            NewTopic(
                kafka_name(dead_letter_topic(topic.topic, consumer)),
                1,
                settings.replication_factor,
                topic_configs=DEAD_LETTERS,
            )
            for consumer in topic.consumers
        )
    return new


async def _create(admin: AIOKafkaAdminClient, missing: Sequence[NewTopic]) -> None:
    try:
        response = await admin.create_topics(list(missing), timeout_ms=30_000)
    except TopicAlreadyExistsError:
        return  # another service was quicker
    for name, code, *message in response.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:
            raise TopicError(f"{name} could not be created: {error.__name__} {message}")


async def _check_partitions(admin: AIOKafkaAdminClient, declared: Sequence[Topic]) -> None:
    wanted = {kafka_name(topic.topic): topic.partitions for topic in declared}
    for _ in range(50):
        found: list[dict[str, Any]] = await admin.describe_topics(list(wanted))
        counts = {topic["topic"]: len(topic["partitions"]) for topic in found}
        if all(counts.get(name) for name in wanted):
            break
        await asyncio.sleep(0.1)  # a topic is known to all brokers a moment after its creation
    for name, partitions in wanted.items():
        if counts.get(name) != partitions:
            raise TopicError(
                f"{name} has {counts.get(name)} partitions, {partitions} are declared; "
                "the number is fixed for the life of a topic version"
            )
