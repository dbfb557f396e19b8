"""Questionnaires of every kind, made up by hypothesis."""

from typing import Any

from hypothesis import strategies as st

from incognita_shared.questionnaire.model import Questionnaire

LANGUAGES = ["en", "tr", "ru", "pt-BR"]
WORDS = st.text("abc ığüşÇабвé,;=()'\"_x0041_|$&<>\n", min_size=1, max_size=12).filter(
    lambda text: text.strip() == text and text
)
NUMBERS = st.one_of(st.integers(-50, 50), st.sampled_from([0.5, 1.25, -3.5]))
TYPES = ["single_choice", "multiple_choice", "boolean", "integer", "decimal", "text", "date",
         "time", "moment", "duration", "rating", "photo", "audio", "position", "note"]  # fmt: skip
COMPARED = ["==", "===", "!=", "!==", "<", "<=", ">", ">="]


def texts(languages: list[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(dict.fromkeys(languages, WORDS))


@st.composite
def conditions(  # noqa: PLR0911 - one a type
    draw: st.DrawFn, earlier: list[dict[str, Any]], depth: int = 0
) -> Any:
    """A rule over earlier questions that makes sense for their types."""
    if depth < 2 and draw(st.integers(0, 3)) == 0:
        operator = draw(st.sampled_from(["and", "or"]))
        parts = draw(st.lists(conditions(earlier, depth + 1), min_size=1, max_size=3))
        return {operator: parts}
    if depth < 2 and draw(st.integers(0, 5)) == 0:
        return {draw(st.sampled_from(["!", "!!"])): [draw(conditions(earlier, depth + 1))]}
    asked = draw(st.sampled_from(earlier))
    path = {"var": f"answers.{asked['id']}"}
    match asked["type"]:
        case "boolean":
            return {draw(st.sampled_from(COMPARED[:4])): [path, draw(st.booleans())]}
        case "single_choice":
            ids = [choice["id"] for choice in asked["choices"]]
            chosen = draw(st.sampled_from(ids))
            return draw(st.sampled_from([
                {"==": [path, chosen]}, {"!=": [path, chosen]}, {"in": [path, ids]}, {"!!": path},
            ]))  # fmt: skip
        case "multiple_choice":
            chosen = draw(st.sampled_from([choice["id"] for choice in asked["choices"]]))
            return draw(st.sampled_from([
                {"in": [chosen, path]}, {">=": [{"size": [path]}, 2]}, {"==": [path, [chosen]]},
            ]))  # fmt: skip
        case "integer" | "decimal" | "duration" | "rating":
            number = draw(NUMBERS)
            operation = draw(st.sampled_from(["+", "-", "*", "%"]))
            side = draw(st.sampled_from([path, {operation: [path, 2]}, {"round": [path, 1]}]))
            return {draw(st.sampled_from(COMPARED)): [side, number]}
        case "date":
            return {"<=": [path, draw(st.sampled_from(["2026-11-22", {"var": "today"}]))]}
        case "time":
            return {">": [{"seconds": [path]}, draw(st.integers(0, 86_400))]}
        case "text":
            return draw(st.sampled_from([
                {"matches": [path, "[a-z]+'s"]}, {"==": [path, draw(WORDS)]},
                {"<": [{"size": [path]}, 9]}, {"in": ["a", path]}, {"missing": [path["var"]]},
            ]))  # fmt: skip
    return {"==": [{"var": "branch.city size"}, "İzmir"]}


@st.composite
def questions(draw: st.DrawFn, number: int, earlier: list[dict[str, Any]], langs: list[str]) -> Any:
    type_ = draw(st.sampled_from(TYPES))
    question: dict[str, Any] = {
        "id": draw(st.sampled_from(["q", "Q-", "ms_x", "7", "a:b"])) + str(number),
        "type": type_,
        "label": draw(texts(langs)),
        "visible_to_client": draw(st.booleans()),
        "required": draw(st.sampled_from([True, False])),
    }
    if draw(st.booleans()):
        question["hint"] = draw(texts(langs))
    if type_.endswith("_choice"):
        ids = draw(st.lists(st.sampled_from(["a", "b", "1", "no", "c.d"]), min_size=2, unique=True))
        question["choices"] = [{"id": i, "label": draw(texts(langs)), "points": draw(
            st.sampled_from([None, "1", "2.50"]))} for i in ids]  # fmt: skip
        if earlier and draw(st.booleans()):
            question["choices"][0]["relevant"] = draw(conditions(earlier))
    if type_ in ("integer", "decimal", "rating"):
        question |= {"minimum": draw(st.integers(-5, 2)), "maximum": draw(st.integers(3, 20))}
    if earlier and draw(st.booleans()):
        question["relevant"] = draw(conditions(earlier))
    if earlier and draw(st.integers(0, 4)) == 0:
        question["required"] = draw(conditions(earlier))
        question["required_message"] = draw(texts(langs))
    if type_ == "integer":
        question["constraint"] = {"<": [{"var": "value"}, draw(NUMBERS)]}
        question["constraint_message"] = draw(texts(langs))
        question["default"] = draw(st.sampled_from([None, 3]))
    if type_ == "text":
        question["default"] = draw(st.sampled_from([None, "a - b", "yes", "5"]))
        question["presentation"] = {"appearance": "multiline", f"guidance_hint:{langs[0]}": "Look"}
    question["scoring"] = draw(scorings(question))
    if draw(st.integers(0, 2)) == 0:
        question["evidence"] = draw(st.lists(evidence(earlier), min_size=1, max_size=2))
    return question


@st.composite
def evidence(draw: st.DrawFn, earlier: list[dict[str, Any]]) -> Any:
    return {
        "kind": draw(st.sampled_from(["photo", "receipt", "audio"])),
        "minimum_count": draw(st.integers(0, 3)),
        "maximum_count": draw(st.integers(3, 9)),
        "when": draw(conditions(earlier)) if earlier and draw(st.booleans()) else None,
        "position_required": draw(st.booleans()),
        "maximum_age_s": draw(st.sampled_from([None, 3600])),
        "gallery_allowed": draw(st.booleans()),
        "retention_days": draw(st.sampled_from([None, 30])),
    }


@st.composite
def scorings(draw: st.DrawFn, question: dict[str, Any]) -> Any:
    scoring: dict[str, Any] = {"not_applicable_allowed": draw(st.booleans())}
    if draw(st.booleans()):
        return scoring
    scoring |= {"points": draw(st.sampled_from(["1", "4", "2.5"])), "bonus": draw(st.booleans())}
    match question["type"]:
        case "boolean":
            scoring |= {"method": "expected_value", "expected": draw(st.booleans())}
        case "single_choice" | "multiple_choice":
            ids = [choice["id"] for choice in question["choices"]]
            several = question["type"] == "multiple_choice" or draw(st.booleans())
            scoring |= {"method": "expected_value", "expected": ids[:2] if several else ids[0]}
        case "integer" | "rating":
            scoring |= {"method": "bands", "bands": [
                {"maximum": "0.5", "points": "1"},
                {"minimum": "0.5", "maximum": "3", "points": "0"},
            ]}  # fmt: skip
        case "decimal":
            scoring |= {"method": "counted_standard",
                        "count": {"maximum": "2", "unit": dict(question["label"])}}  # fmt: skip
        case "duration":
            scoring |= {"method": "timed_standard", "critical": "cap_visit", "cap": "50",
                        "standard": {"maximum_s": "600", "grace_s": "30"}}  # fmt: skip
        case "text":
            scoring |= {"method": "expected_value", "expected": draw(
                st.sampled_from(["a", "a | b", "5", ["a", "b"]]))}  # fmt: skip
        case _:
            return {"not_applicable_allowed": True}
    return scoring


@st.composite
def questionnaires(draw: st.DrawFn) -> Questionnaire:
    langs = draw(st.lists(st.sampled_from(LANGUAGES), min_size=1, max_size=3, unique=True))
    sections, earlier, number = [], [], 0
    stages = draw(st.sampled_from([[], ["in", "out"]]))
    for place in range(draw(st.integers(1, 3))):
        own: list[dict[str, Any]] = []
        for _ in range(draw(st.integers(1, 5))):
            number += 1
            own.append(draw(questions(number, earlier, langs)))
            earlier = [*earlier, own[-1]]
        repeats = draw(st.integers(0, 3)) == 0
        if repeats:
            earlier = [each for each in earlier if each not in own]
        sections.append({
            "id": f"s{place}", "title": draw(texts(langs)), "questions": own,
            "weight": draw(st.sampled_from(["1", "0.5", "20"])),
            "subject": draw(st.sampled_from(["branch", "competitor"])),
            "not_applicable": draw(st.sampled_from(["exclude", "full", "zero"])),
            "stage_id": draw(st.sampled_from(stages)) if stages else None,
            "repeat": {"minimum": 1, "maximum": 3, "aggregation": "worst"} if repeats else None,
        })  # fmt: skip
    sections[0]["questions"].append(ANCHOR | {"label": draw(texts(langs))})
    return Questionnaire.model_validate({
        "title": draw(texts(langs)), "languages": langs, "default_language": draw(
            st.sampled_from(langs)), "sections": sections,
        "scenarios": draw(st.sampled_from([[], ["walk-in guest", "return of goods"]])),
        "stages": [{"id": each, "title": draw(texts(langs)), "channel": "visit",
                    "due_after_days": 3} for each in stages],
        "score": {"decimals": draw(st.integers(0, 4)), "pass_mark": "79.5"},
    })  # fmt: skip


ANCHOR = {"id": "anchor", "type": "boolean",
          "scoring": {"method": "expected_value", "expected": True}}  # fmt: skip
