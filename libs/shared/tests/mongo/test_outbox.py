"""How a batch's events are cut into documents."""

from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.events.codec import Record
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.outbox import CHUNK_BYTES, chunks

SOURCE = Source("evidence.events.v1", 2)
RECORD = Record("id", "v", "t", b"k", b"", ())


@given(st.lists(st.integers(0, 1_200_000), max_size=8))
def test_chunks_hold_every_record_once_in_order_and_stay_small(sizes: list[int]) -> None:
    records = [
        RECORD._replace(id=str(number), value=b"x" * size) for number, size in enumerate(sizes)
    ]
    cut = list(chunks(SOURCE, 42, records))
    assert [record for chunk in cut for record in chunk.records] == records
    assert [chunk.id for chunk in cut] == sorted({chunk.id for chunk in cut})
    for chunk in cut:
        weight = sum(len(record.value or b"") for record in chunk.records)
        assert weight <= CHUNK_BYTES or len(chunk.records) == 1


def test_chunks_of_a_replay_come_before_those_of_a_batch_that_begins_at_the_same_offset() -> None:
    (replayed,) = chunks(SOURCE, 42, [RECORD], part="-visit")
    (batch,) = chunks(SOURCE, 42, [RECORD])
    assert replayed.id < batch.id
