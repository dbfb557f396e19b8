"""Topics on the real broker are as declared."""

import pytest

from incognita_shared.kafka.topics import Topic, TopicError, declared_topics, ensure_topics
from incognita_shared.settings import KafkaSettings


async def test_making_them_twice_changes_nothing(
    kafka_settings: KafkaSettings, topics: None
) -> None:
    await ensure_topics(kafka_settings)


async def test_another_number_of_partitions_is_refused_by_name(
    kafka_settings: KafkaSettings, topics: None
) -> None:
    first = declared_topics()[0]
    other = Topic.model_validate({**first.model_dump(), "partitions": 5})
    with pytest.raises(TopicError, match="12 partitions, 5 are declared"):
        await ensure_topics(kafka_settings, [other])


def test_a_directory_without_declarations_is_refused(tmp_path: object) -> None:
    from pathlib import Path

    with pytest.raises(TopicError, match="no topic is declared"):
        declared_topics(Path(str(tmp_path)))
