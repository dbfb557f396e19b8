"""The form that a phone downloads."""

import copy
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import orjson
import pytest
from defusedxml.ElementTree import fromstring

from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.values import EvidenceKind, EvidenceRequirement
from incognita_xlsform.xform import form_of

EXAMPLES = Path(__file__).parents[3] / "examples" / "questionnaires"
CONTEXT = Context(visit={"scenario": "walk-in guest", "channel": "visit"})
SECRETS = ("points", "weight", "expected", "standard", "bands", "critical", "cap", "pass_mark")
"""Fields of the model that no shopper may see."""


def definitions() -> list[Any]:
    return [
        pytest.param(orjson.loads(path.read_bytes()), id=path.stem)
        for path in sorted(EXAMPLES.glob("*.json"))
    ]


def form(questionnaire: Questionnaire, **changes: Any) -> bytes:
    words: dict[str, Any] = {"form_id": "0" * 32, "version": "3", "title": "T", "context": CONTEXT}
    return form_of(questionnaire, **words | changes)


@pytest.mark.parametrize("definition", definitions())
def test_a_form_is_the_same_bytes_each_time_and_bears_id_version_and_title(definition: Any) -> None:
    questionnaire = Questionnaire.model_validate(definition)
    words = {"form_id": "a" * 32, "version": "7", "title": "Café & <Çay> · Арбат"}
    first = form(questionnaire, **words)
    assert first == form(questionnaire, **words)
    assert b"incognita-form" not in first
    root = fromstring(first)
    assert _first(root, "title").text == words["title"]
    data = _first(root, "instance")[0]
    assert data.attrib == {"id": words["form_id"], "version": "7"}


@pytest.mark.parametrize("definition", definitions())
def test_nothing_of_the_scoring_is_in_a_form(definition: Any) -> None:
    """The same bytes without any scoring as with it, whatever numbers and words stand in there."""
    bare = _without_scoring(copy.deepcopy(definition))
    assert bare != definition
    with_it = form(Questionnaire.model_validate(definition))
    assert with_it == form(Questionnaire.model_validate(bare))
    assert not any(f"ms_{name}".encode() in with_it for name in SECRETS)


def test_evidence_agreed_on_is_asked_for_unless_the_questions_brought_it_or_a_reason_is_given() -> (
    None
):
    definition = orjson.loads((EXAMPLES / "pizza_delivery.json").read_bytes())
    agreed = [
        EvidenceRequirement(kind=EvidenceKind.PHOTO),
        EvidenceRequirement(kind=EvidenceKind.RECEIPT, minimum_count=2),
    ]
    root = fromstring(form(Questionnaire.model_validate(definition), agreed=agreed))
    binds = {
        each.attrib["nodeset"]: each.attrib.get("required", "")
        for each in root.iter()
        if each.tag.endswith("}bind")
    }
    photo = binds["/data/ms_agreed/ms_agreed_photo_1"]
    assert "ms_reason_photo" in photo
    assert "ms_evidence_0_1_temperature" in photo
    assert "ms_reason_receipt" in binds["/data/ms_agreed/ms_agreed_receipt_2"]


def _without_scoring(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {
            name: _without_scoring(inner)
            for name, inner in node.items()
            if name not in ("weight", "points", "score", "not_applicable", "scoring")
        }
        scoring = node.get("scoring") or {}
        if scoring.get("not_applicable_allowed"):
            kept["scoring"] = {"not_applicable_allowed": True}
        return kept
    return [_without_scoring(each) for each in node] if isinstance(node, list) else node


def _first(root: Element, name: str) -> Element:
    return next(each for each in root.iter() if each.tag.rpartition("}")[2] == name)
