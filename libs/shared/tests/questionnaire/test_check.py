import json
from copy import deepcopy

import pytest
from pydantic import ValidationError

from incognita_shared.questionnaire.check import check_questionnaire, without_scoring
from incognita_shared.questionnaire.model import Questionnaire


def problems(definition):
    found = {}
    for problem in check_questionnaire(Questionnaire.model_validate(definition)):
        found[problem.path] = f"{found.get(problem.path, '')} {problem.cause}".strip()
    return found


def changed(definition, path, value):
    """The definition with the field at ``path`` set to ``value``."""
    copy = deepcopy(definition)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    place = copy
    for step in steps:
        place = place.setdefault(step, {}) if isinstance(step, str) else place[step]
    place[last] = value
    return copy


def test_a_sound_questionnaire_has_no_problems(definition):
    assert problems(definition) == {}


CALL = "sections.0.questions"
DOOR = "sections.1.questions"
ONE = {"en": "One"}


@pytest.mark.parametrize(
    ("path", "value", "where", "cause"),
    [
        (f"{CALL}.1.id", "rings", "sections", "the question rings is there 2 times"),
        (f"{CALL}.1.id", "a.b", f"{CALL}.1.id", "has a dot"),
        ("sections.1.id", "phone", "sections", "the section phone is there 2 times"),
        ("default_language", "fr", "default_language", "not among"),
        ("default_language", "tr", "sections.0.title", "missing in the default language"),
        ("languages", ["en", "en", "tr"], "languages", "2 times"),
        ("title", {"en": "A", "ru": "Б"}, "title", "is in ru"),
        ("title", {"en": " "}, "title", "is blank in en"),
        (f"{CALL}.0.hint", {"tr": "zil"}, f"{CALL}.0.hint", "missing in the default"),
        (f"{CALL}.2.choices", [{"id": "a", "label": ONE}], f"{CALL}.2.choices", "at least two"),
        (f"{CALL}.2.choices.1.id", "drink", f"{CALL}.2.choices", "2 times"),
        (f"{CALL}.2.choices.0.label", {"tr": "İ"}, f"{CALL}.2.choices.0.label", "missing in"),
        (f"{CALL}.0.choices", [{"id": "a", "label": ONE}], f"{CALL}.0.choices", "no choices"),
        (f"{CALL}.0.minimum", 61, f"{CALL}.0.minimum", "above maximum"),
        (f"{CALL}.1.minimum", 1, f"{CALL}.1.minimum", "has no range"),
        (f"{CALL}.0.type", "rating", None, None),
        (f"{CALL}.1.constraint_message", ONE, f"{CALL}.1.constraint_message", "no constraint"),
        (f"{DOOR}.3.evidence.0.minimum_count", 11, f"{DOOR}.3.evidence.0.minimum_count", "above"),
        (
            f"{DOOR}.3.relevant",
            {"!!": {"var": "answers.nobody"}},
            f"{DOOR}.3.relevant",
            "no question here",
        ),
        (f"{CALL}.0.relevant", {"!!": {"var": "answers.tip"}}, f"{CALL}.0.relevant", "asked later"),
        (f"{DOOR}.3.relevant", {"!!": {"var": "answers.change"}}, f"{DOOR}.3.relevant", "later"),
        (f"{DOOR}.3.relevant", {"!!": {"var": "value"}}, f"{DOOR}.3.relevant", "own value"),
        (f"{DOOR}.5.constraint", {"<": [{"var": "value"}, 5]}, f"{DOOR}.5.constraint", "all is"),
        (f"{DOOR}.5.constraint", {"days": [{"var": "value"}]}, f"{DOOR}.5.constraint", "all is"),
        (
            f"{DOOR}.5.constraint",
            {"/": [1, {"size": [{"var": "value"}]}]},
            f"{DOOR}.5.constraint",
            "noth",
        ),
        (f"{DOOR}.5.constraint", {"in": [{"var": "value"}, "abc"]}, None, None),
        (f"{CALL}.0.constraint", {"!!": {"var": "answers.tip"}}, None, None),
        (
            f"{DOOR}.3.evidence.1.when",
            {"var": "answers.x"},
            f"{DOOR}.3.evidence.1.when",
            "no quest",
        ),
        (f"{CALL}.1.scoring.expected", None, f"{CALL}.1.scoring.expected", "is needed"),
        (f"{CALL}.1.scoring.expected", "yes", f"{CALL}.1.scoring.expected", "true or false"),
        (f"{DOOR}.3.scoring.expected", "maybe", f"{DOOR}.3.scoring.expected", "not one of"),
        (f"{DOOR}.3.scoring.expected", ["yes", "no"], None, None),
        (f"{CALL}.1.scoring.points", 0, f"{CALL}.1.scoring.points", "above 0"),
        (f"{DOOR}.3.scoring.points", 0, None, None),
        (f"{DOOR}.3.scoring.points", -1, f"{DOOR}.3.scoring.points", "below 0"),
        (f"{CALL}.2.scoring.points", 2, f"{CALL}.2.scoring.points", "set points to 3"),
        (f"{CALL}.0.scoring.method", "choice_points", f"{CALL}.0.scoring.method", "does not go"),
        (f"{CALL}.1.scoring.method", "bands", f"{CALL}.1.scoring.method", "do not go"),
        (f"{CALL}.0.scoring.bands", [], f"{CALL}.0.scoring.bands", "is needed"),
        (f"{CALL}.0.scoring.bands.1.minimum", 2, f"{CALL}.0.scoring.bands.1", "does not begin"),
        (f"{CALL}.0.scoring.bands.0.maximum", None, f"{CALL}.0.scoring.bands.1", "does not begin"),
        (f"{CALL}.0.scoring.bands.1.minimum", 6, f"{CALL}.0.scoring.bands.1", "not below its max"),
        (f"{CALL}.0.scoring.points", 3, f"{CALL}.0.scoring.points", "set points to 4"),
        (f"{CALL}.0.scoring.expected", 1, f"{CALL}.0.scoring.expected", "expected_value only"),
        (f"{DOOR}.3.scoring.critical", "cap_visit", f"{DOOR}.3.scoring.cap", "is needed"),
        (f"{DOOR}.3.scoring.cap", 50, f"{DOOR}.3.scoring.cap", "cap_visit only"),
        (f"{DOOR}.4.scoring.critical", "fail_visit", f"{DOOR}.4.scoring.critical", "method"),
        (f"{DOOR}.6.scoring.method", "bands", f"{DOOR}.6.scoring.method", "a note"),
        (f"{DOOR}.1.scoring.standard", None, f"{DOOR}.1.scoring.standard", "is needed"),
        (f"{DOOR}.1.scoring.standard.maximum_s", None, f"{DOOR}.1.scoring.standard", "needs max"),
        (
            f"{DOOR}.1.scoring.standard.minimum_s",
            3601,
            f"{DOOR}.1.scoring.standard.minimum_s",
            "above",
        ),
        *(
            (
                f"{DOOR}.1.scoring.standard.start_question_id",
                start,
                f"{DOOR}.1.scoring.standard.start_question_id",
                cause,
            )
            for start, cause in [
                (None, "is needed"),
                ("nobody", "no question here"),
                ("arrived_at", "the question itself"),
                ("rings", "must both be"),
            ]
        ),
    ],
)
def test_each_mistake_is_found_at_its_place(definition, path, value, where, cause):
    found = problems(changed(definition, path, value))
    if where is None:
        assert found == {}
    else:
        assert cause in found[where]


def test_a_rating_needs_its_range(definition):
    rating = {"id": "nps", "type": "rating", "label": ONE, "minimum": 0}
    definition["sections"][0]["questions"].append(rating)
    assert problems(definition) == {f"{CALL}.3.maximum": "a rating has an integer here"}


def test_something_must_score(definition):
    for section in definition["sections"]:
        section["weight"] = 0
    assert "weight above 0" in problems(definition)["sections"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{DOOR}.3.relevant", {"system": "rm"}),
        (f"{DOOR}.3.relevant", {"var": "__class__"}),
        (f"{CALL}.0.scoring.bands.0.maximum", "1e999999999"),
        (f"{CALL}.0.scoring.points", "NaN"),
        (f"{CALL}.1.scoring.expected", {"deep": {}}),
        (f"{CALL}.0.label", {"e\0n": "x"}),
        (f"{CALL}.0.label", {"en": "x\0"}),
        (f"{CALL}.0.label", {"en": ""}),
    ],
)
def test_what_could_do_harm_is_refused_by_the_model_itself(definition, path, value):
    with pytest.raises(ValidationError):
        Questionnaire.model_validate(changed(definition, path, value))


def keys(node):
    if isinstance(node, dict):
        return set(node).union(*(keys(child) for child in node.values()))
    return set().union(*(keys(child) for child in node)) if isinstance(node, list) else set()


def test_a_shopper_sees_nothing_of_the_scoring(pizza):
    shown = without_scoring(pizza)
    hidden = {
        "points", "weight", "expected", "bands", "standard", "critical", "cap", "score",
        "pass_mark", "scoring", "method", "visible_to_client", "maximum_s", "start_question_id",
    }  # fmt: skip
    assert not hidden & keys(shown)
    json.dumps(shown)
    by_id = {q["id"]: q for section in shown["sections"] for q in section["questions"]}
    assert by_id["greeting"]["not_applicable_allowed"] is True
    assert by_id["change"]["relevant"]
    assert by_id["change"]["evidence"]
