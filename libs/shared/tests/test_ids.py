import uuid

from hypothesis import given
from hypothesis import strategies as st

from incognita_shared.clock import now
from incognita_shared.ids import derived_id, is_trace_id, new_id, root_span_id


def test_a_new_id_is_a_uuid_of_version_7_in_plain_hexadecimal() -> None:
    made = new_id()
    assert uuid.UUID(made).version == 7
    assert uuid.UUID(made).variant == uuid.RFC_4122
    assert is_trace_id(made)


def test_new_ids_carry_their_time_first_and_differ() -> None:
    before = now()
    made = {new_id() for _ in range(1_000)}
    milliseconds = {int(one[:12], 16) for one in made}
    assert len(made) == 1_000
    assert min(milliseconds) >= before.timestamp() * 1_000 - 1
    assert max(milliseconds) <= now().timestamp() * 1_000 + 1


@given(st.lists(st.text(max_size=5), max_size=3), st.lists(st.text(max_size=5), max_size=3))
def test_derived_ids_are_equal_just_for_equal_parts(left: list[str], right: list[str]) -> None:
    assert (derived_id(*left) == derived_id(*right)) == (left == right)


def test_the_root_span_id_of_a_visit_never_changes() -> None:
    assert root_span_id("a" * 32) == "3ba3f5f43b926026"


def test_only_what_w3c_trace_context_takes_is_a_trace_id() -> None:
    assert not any(map(is_trace_id, ["0" * 32, "A" * 32, "a" * 31, "a" * 33, "a" * 32 + "\n", ""]))


def test_the_time_has_a_zone_and_no_more_than_mongodb_keeps() -> None:
    assert now().tzname() == "UTC"
    assert all(now().microsecond % 1_000 == 0 for _ in range(100))
