import json
from typing import Any

import pytest
from bson import BSON
from hypothesis import given
from hypothesis import strategies as st
from pymongo.errors import (
    AutoReconnect,
    DocumentTooLarge,
    DuplicateKeyError,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WriteError,
)
from starlette.exceptions import HTTPException

from incognita_shared.http.faults import field_path, problem_of, problem_response
from incognita_shared.problems import Conflict, Invalid, NotYet, Problem, field_error


@pytest.mark.parametrize(
    "kind", [AutoReconnect, NetworkTimeout, ServerSelectionTimeoutError, WaitQueueTimeoutError]
)
def test_a_database_that_does_not_answer_is_unavailable_with_a_time_to_retry(kind: Any) -> None:
    problem = problem_of(kind("down"))
    assert problem.status == 503
    assert int(problem.headers["Retry-After"]) > 0


def test_a_query_or_transaction_that_was_given_up_is_unavailable() -> None:
    torn = OperationFailure("conflict", 112, {"errorLabels": ["TransientTransactionError"]})
    assert problem_of(torn).status == 503
    assert problem_of(ExecutionTimeout("slow", 50)).status == 503


def test_two_that_make_the_same_thing_at_once_conflict() -> None:
    assert problem_of(DuplicateKeyError("dup", 11000)).status == 409


def test_what_outgrows_a_document_is_too_large() -> None:
    assert problem_of(DocumentTooLarge("big")).status == 413
    assert problem_of(WriteError("big", 17419)).status == 413


@pytest.mark.parametrize("value", [{"n": 2**70}, {"a\x00b": 1}, {"x": object()}])
def test_what_bson_can_not_hold_is_invalid(value: Any) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 — of three kinds
        BSON.encode(value)
    assert problem_of(caught.value).status == 422


@pytest.mark.parametrize("error", [RuntimeError("secret"), OverflowError("secret"), KeyError("x")])
def test_an_unexpected_error_tells_the_client_nothing(error: Exception) -> None:
    problem = problem_of(error)
    assert problem.status == 500
    assert "secret" not in json.dumps(problem.content())


@pytest.mark.parametrize("status", [404, 405, 406, 418, 429])
def test_every_status_of_the_framework_is_a_problem(status: int) -> None:
    response = problem_response(problem_of(HTTPException(status, "so", {"X-A": "b"})))
    content = json.loads(bytes(response.body))
    assert (response.status_code, content["status"]) == (status, status)
    assert content["type"].startswith("urn:incognita:problem:")
    assert response.headers["x-a"] == "b"
    assert response.media_type == "application/problem+json"


@given(st.text(st.characters(exclude_categories=())), st.text(st.characters(exclude_categories=())))
def test_any_text_at_all_can_be_answered(detail: str, field: str) -> None:
    response = problem_response(Invalid(detail, errors=[field_error(field, detail)]))
    content = json.loads(bytes(response.body))
    assert content["errors"][0]["field"] == field[:200]


def test_a_huge_input_is_never_echoed() -> None:
    errors = [field_error("f" * 10**6, "c" * 10**6) for _ in range(1_000)]
    assert len(problem_response(Invalid("d" * 10**6, errors=errors)).body) < 100_000


def test_the_moves_that_are_allowed_are_named_even_if_there_are_none() -> None:
    assert Conflict("over", allowed=[]).content()["allowed"] == []
    assert "allowed" not in Conflict("over").content()


def test_not_yet_says_when_to_come_back() -> None:
    assert NotYet("soon").headers == {"Retry-After": "1"}
    assert NotYet("soon", retry_after_s=7).headers == {"Retry-After": "7"}


def test_extras_can_not_hide_what_every_problem_has() -> None:
    assert Problem("d", status=200, position=3).content() | {"position": 3} == {
        "type": "urn:incognita:problem:unexpected",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "d",
        "position": 3,
    }


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (("body", "terms", "evidence", 0, "kind"), "terms.evidence[0].kind"),
        (("body", 0), "[0]"),
        (("body",), "body"),
        (("query", "limit"), "query.limit"),
        (("path", "visit_id"), "path.visit_id"),
        ((), "body"),
    ],
)
def test_a_location_reads_as_a_path(location: tuple[Any, ...], path: str) -> None:
    assert field_path(location) == path
