"""Questionnaires of every scoring method with answers to them, drawn by hypothesis."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from incognita_shared.questionnaire.model import Questionnaire
from support.forms import asked, definition, question, section, stage

POINTS = st.decimals(Decimal("0.0001"), 100, places=4)
WEIGHT = st.decimals(0, 10, places=2)
EFFECTS = st.sampled_from([None, None, None, None, "fail_visit", "fail_section", "cap_visit"])
POLICIES = st.sampled_from(["exclude", "exclude", "full", "zero"])
AGGREGATIONS = st.sampled_from(["pool", "mean", "worst", "best"])


@dataclass
class Drawn:
    """A definition with answers. ``better``: question id → its answers from worst to best."""

    sections: list[dict[str, Any]]
    answers: dict[str, Any]
    score: dict[str, Any]
    stages: list[dict[str, Any]] = field(default_factory=list)
    better: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def form(self) -> Questionnaire:
        """As a questionnaire."""
        whole = definition(*self.sections, score=self.score, stages=self.stages)
        return Questionnaire.model_validate(whole)

    def rows(self, one: dict[str, Any]) -> list[dict[str, Any]]:
        """The places where the section's questions are answered, to read or to change."""
        return self.answers[one["id"]] if one.get("repeat") else [self.answers]


@st.composite
def _scored(draw: st.DrawFn, question_id: str) -> tuple[dict[str, Any], list[Any]]:
    """A question with its answers from worst to best."""
    best = draw(POINTS)
    some = draw(st.decimals(-best, best, places=4))
    method = draw(st.sampled_from(["expected", "choices", "many", "bands", "timed", "counted"]))
    match method:
        case "expected":
            return asked(question_id, best), [False, True]
        case "choices":
            offered = [_choice("some", some), _choice("best", best)]
            scoring = {"method": "choice_points", "points": best}
            return (
                question(question_id, "single_choice", choices=offered, scoring=scoring),
                ["some", "best"],
            )
        case "many":
            offered = [_choice("one", best), _choice("other", best), "nothing"]
            scoring = {"method": "choice_points", "points": 2 * best}
            return (
                question(question_id, "multiple_choice", choices=offered, scoring=scoring),
                [["nothing"], ["one"], ["one", "other"]],
            )
        case "bands":
            bands = [{"maximum": 3, "points": best}, {"minimum": 3, "points": some}]
            scoring = {"method": "bands", "points": best, "bands": bands}
            return question(question_id, "integer", scoring=scoring), [3, 2]
        case "timed":
            scoring = {"method": "timed_standard", "points": best, "standard": {"maximum_s": 60}}
            return question(question_id, "duration", scoring=scoring), ["60.001", 60]
        case _:
            scoring = {"method": "counted_standard", "points": best, "count": {"maximum": 2}}
            return question(question_id, "integer", scoring=scoring), [3, 2]


def _choice(choice_id: str, points: Decimal) -> dict[str, Any]:
    return {"id": choice_id, "label": {"en": choice_id}, "points": points}


@st.composite
def drawn_forms(
    draw: st.DrawFn,
    *,
    effects: st.SearchStrategy[str | None] = EFFECTS,
    policies: st.SearchStrategy[str] = POLICIES,
    not_applicable: bool = True,
) -> Drawn:
    """Any form: sections that repeat, of stages, about competitors; bonuses; criticals; N/A."""
    stages = [stage(f"stage{n}") for n in range(draw(st.integers(0, 2)))]
    rules = {"decimals": draw(st.integers(0, 4)), "pass_mark": draw(st.integers(0, 100))}
    drawn = Drawn([], {}, rules, stages)
    for number in range(draw(st.integers(1, 3))):
        competitor = draw(st.sampled_from([False, False, True]))
        questions = []
        for place in range(draw(st.integers(1, 4))):
            asked_one, answers = draw(_scored(f"q{number}_{place}"))
            effect = None if competitor else draw(effects)
            asked_one["scoring"] |= {
                "critical": effect,
                "cap": draw(st.integers(0, 100)) if effect == "cap_visit" else None,
                "bonus": effect is None and draw(st.sampled_from([False, False, True])),
                "not_applicable_allowed": not_applicable,
            }
            questions.append(asked_one)
            drawn.better[asked_one["id"]] = answers
        repeat = draw(st.none() | AGGREGATIONS.map(lambda each: {"aggregation": each}))
        one = section(
            f"s{number}", *questions, weight=draw(WEIGHT), not_applicable=draw(policies),
            subject="competitor" if competitor else "branch", repeat=repeat,
            stage_id=draw(st.sampled_from(stages))["id"] if stages else None,
        )  # fmt: skip
        drawn.sections.append(one)
        drawn.answers |= draw(_answers(drawn, one, not_applicable=not_applicable))
    return drawn


@st.composite
def _answers(
    draw: st.DrawFn, drawn: Drawn, one: dict[str, Any], *, not_applicable: bool
) -> dict[str, Any]:
    given = st.fixed_dictionaries(
        {
            each["id"]: st.sampled_from([*drawn.better[each["id"]], *[None] * not_applicable])
            for each in one["questions"]
        }
    )
    if not one["repeat"]:
        return draw(given)
    return {one["id"]: draw(st.lists(given, max_size=3))}
