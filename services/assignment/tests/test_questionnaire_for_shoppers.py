"""What a shopper sees of a questionnaire: all that the form needs, nothing that scores."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from incognita_assignment.preview import preview_of
from incognita_assignment.schemas.questionnaire_for_shoppers import (
    Asked,
    ChoiceToAnswer,
    EvidenceToBring,
    QuestionnaireToAnswer,
    QuestionToAnswer,
    Repetitions,
    SectionToAnswer,
    StageToDo,
    branch_attributes,
    without_scoring,
)
from incognita_shared.questionnaire import model
from incognita_shared.questionnaire.model import Questionnaire

from .visits.hostel import SECRET, hostel

HIDDEN: dict[type[BaseModel], tuple[type[BaseModel], set[str]]] = {
    model.Questionnaire: (QuestionnaireToAnswer, {"scenarios", "score", "format"}),
    model.Stage: (StageToDo, {"opens_after_days", "due_after_days"}),
    model.Section: (SectionToAnswer, {"weight", "subject", "not_applicable"}),
    model.Repeat: (Repetitions, {"aggregation"}),
    model.Question: (QuestionToAnswer, {"compares", "scoring", "visible_to_client"}),
    model.Choice: (ChoiceToAnswer, {"points"}),
    model.EvidenceRule: (EvidenceToBring, {"retention_days"}),
}
"""Each model, what a shopper gets of it, and the fields that stay hidden."""
ADDED = {"questionnaire_id", "version", "context", "not_applicable_allowed"}
TELLING = {"points", "weight", "expected", "pass_mark", "critical", "cap", "bands", "scoring"}


def seen() -> dict[str, Any]:
    definition = Questionnaire.model_validate(hostel())
    shown: dict[str, Any] = without_scoring("q", 2, definition).model_dump(mode="json")
    return shown


def names_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from names_in(each)


@pytest.mark.parametrize("whole", HIDDEN, ids=lambda each: each.__name__)
def test_for_every_field_somebody_has_decided_whether_a_shopper_sees_it(
    whole: type[BaseModel],
) -> None:
    shown, hidden = HIDDEN[whole]
    assert shown.model_fields.keys() - ADDED == whole.model_fields.keys() - hidden


def test_nothing_of_the_scoring_reaches_a_shopper() -> None:
    text = json.dumps(hostel())
    assert SECRET in text
    assert "43.21" in text
    shown = seen()
    assert not set(names_in(shown)) & TELLING
    text = json.dumps(shown)
    for telling in (SECRET, "43.21", "worst", "nps", "competitor", "zero", "cap_visit"):
        assert telling not in text


def test_the_form_has_stages_repetitions_rules_and_all_languages() -> None:
    shown = seen()
    assert shown["stages"][1] == {
        "id": "stay", "title": {"en": "The night", "fr": "La nuit"}, "channel": "visit",
    }  # fmt: skip
    booking, staff, next_door = shown["sections"]
    assert (booking["stage_id"], booking["repeat"]) == ("book", None)
    assert staff["repeat"] == {"minimum": 1, "maximum": 4}
    assert staff["relevant"] == {"==": [{"var": "branch.reception"}, True]}
    (confirmed,) = booking["questions"]
    assert confirmed["required"] == {"==": [{"var": "visit.scenario"}, "booked guest"]}
    assert (confirmed["default"], confirmed["required_message"]) == (False, {"en": "Please say"})
    desk, rings = staff["questions"]
    assert desk["presentation"] == {"appearance": "minimal"}
    assert [choice["relevant"] for choice in desk["choices"]] == [
        None, {">": [{"var": "branch.seats"}, 0]},
    ]  # fmt: skip
    assert (desk["not_applicable_allowed"], rings["not_applicable_allowed"]) == (True, False)
    assert desk["evidence"][0]["maximum_count"] == 3
    assert next_door["questions"][2]["calculation"]


def test_of_the_branch_a_shopper_sees_only_what_conditions_ask_for() -> None:
    definition = Questionnaire.model_validate(hostel())
    assert branch_attributes(definition) == {"reception", "seats", "city"}
    whole = Asked(branch={"reception": True, "city": "Paris", "owner": "x"}, visit={"channel": "v"})
    shown = without_scoring("q", 2, definition, whole).context
    assert shown == Asked(branch={"reception": True, "city": "Paris"}, visit={"channel": "v"})


@pytest.mark.parametrize("language", ["fr", "fr-CA", "en", None, "ru"])
def test_a_preview_is_in_one_language_and_names_what_it_lacks(language: str | None) -> None:
    preview = preview_of("q", 2, Questionnaire.model_validate(hostel()), language)
    french = language in ("fr", "fr-CA")
    assert preview.title == ("Une nuit en auberge" if french else "A night in a hostel")
    assert preview.sections[1].questions[0].choices[0].label == "Front desk"
    assert preview.sections[0].questions[0].constraint_message == ""
    if language in ("en", None):
        assert (preview.language, preview.missing) == ("en", ())
    else:
        assert "sections[staff].questions[desk].choices[bar].label" in preview.missing
        assert ("title" in preview.missing) != french
    assert SECRET not in preview.model_dump_json()
