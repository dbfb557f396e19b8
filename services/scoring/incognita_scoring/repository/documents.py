"""Scores as MongoDB keeps them: decimals as text, so that no reader rounds them."""

import json
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from incognita_scoring.score import Revision, Score


def score_document(score: Score) -> dict[str, Any]:
    """The document, without ``_id`` and what the relay needs."""
    return {name: _plain(value) for name, value in score.model_dump(exclude={"visit_id"}).items()}


def read_score(document: Mapping[str, Any]) -> Score:
    """The score in a document that was read ``WITHOUT_PENDING``."""
    fields = {name: value for name, value in document.items() if name != "_id"}
    return Score.model_validate({**fields, "visit_id": document["_id"]}, extra="ignore")


def revision_document(revision: Revision) -> dict[str, Any]:
    """The document with its ``_id``. The answers are JSON text: their names may be any."""
    return {
        **revision.model_dump(mode="json", exclude={"answers"}),
        "_id": revision.revision_id,
        "scored_at": revision.scored_at,
        "answers": json.dumps(revision.answers),
    }


def read_revision(document: Mapping[str, Any]) -> Revision:
    """The revision in a document."""
    fields = {name: value for name, value in document.items() if name != "_id"}
    content = {**fields, "answers": json.loads(document["answers"])}
    return Revision.model_validate(content, extra="ignore")


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case tuple() | list():
            return [_plain(each) for each in value]
        case Decimal():
            return str(value)
        case Enum():
            return value.value
        case _:
            return value
