"""A condition that goes through XPath and back decides the same on any answers."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incognita_shared.questionnaire.conditions import OPERATORS, Context, holds
from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.problems import NotExpressible
from incognita_xlsform.xpath.reading import XPathReader
from incognita_xlsform.xpath.scope import Declared, Scope
from incognita_xlsform.xpath.writing import Place, XPathWriter

from .generated import conditions

LABEL = {"label": {"en": "?"}}
CHOICES = [{"id": each, **LABEL} for each in ("a", "b", "no")]
ASKED: list[dict[str, Any]] = [
    {"id": "yes_no", "type": "boolean", **LABEL},
    {"id": "one", "type": "single_choice", "choices": CHOICES, **LABEL},
    {"id": "many", "type": "multiple_choice", "choices": CHOICES, **LABEL},
    {"id": "whole", "type": "integer", **LABEL},
    {"id": "exact", "type": "decimal", **LABEL},
    {"id": "day", "type": "date", **LABEL},
    {"id": "clock", "type": "time", **LABEL},
    {"id": "moment", "type": "moment", **LABEL},
    {"id": "words", "type": "text", **LABEL},
    {"id": "sure", "type": "calculated", "calculation": {"==": [{"var": "answers.whole"}, 1]},
     **LABEL},
]  # fmt: skip
FORM = Questionnaire.model_validate({
    "title": {"en": "?"}, "default_language": "en", "languages": ["en"],
    "sections": [
        {"id": "all", "title": {"en": "?"}, "questions": ASKED},
        {"id": "staff", "title": {"en": "?"}, "repeat": {},
         "questions": [{"id": "age", "type": "integer", **LABEL}]},
    ],
})  # fmt: skip
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "yes_no": st.booleans(),
    "one": st.sampled_from(["a", "b", "no"]),
    "many": st.lists(st.sampled_from(["a", "b", "no"]), min_size=1, unique=True),
    "whole": st.integers(-60, 60),
    "exact": st.sampled_from([0.5, 1.25, -3.5, 2, 0]),
    "day": st.sampled_from(["2026-11-21", "2026-11-22", "2027-01-01"]),
    "clock": st.sampled_from(["00:00:30", "12:00:00", "23:59:59"]),
    "moment": st.sampled_from(["2026-11-22T10:00:00+00:00", "2026-11-22T12:00:00+03:00"]),
    "words": st.sampled_from(["a", "abc's", "b's", "something longer"]),
    "age": st.just([20, 31]),
    "staff": st.just([{"age": 20}, {"age": 31}]),
}
CONTEXT = Context(branch={"city size": "İzmir"}, visit={"scenario": "walk-in"})


def scope() -> Scope:
    found = Scope()
    for section, question in FORM.questions():
        repeated = section.id if section.repeat else None
        choices = {choice.id: "?" for choice in question.choices}
        text = "if(${whole} = 1, 'true', 'false')" if question.calculation else ""
        found.declare(question.id, Declared(question.id, question.type, repeated, choices, text))
    found.declare("staff", Declared("staff", None))
    found.read_calculation = lambda what: XPathReader(found).calculation(what.calculation)
    return found


def there_and_back(rule: Any) -> tuple[str, Any]:
    text = XPathWriter(FORM).condition(rule, Place())
    return text, XPathReader(scope()).condition(text)


def decides(rule: Any, answers: dict[str, Any]) -> bool:
    return holds(rule, answers, None, CONTEXT)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(conditions([*ASKED[:7], ASKED[8]]), st.fixed_dictionaries({}, optional=VALUES))
def test_any_condition_decides_the_same_after_the_way_through_xpath(
    rule: Any, answers: dict[str, Any]
) -> None:
    text, back = there_and_back(rule)
    assert decides(back, answers) == decides(rule, answers), (text, back)


VAR = {name: {"var": f"answers.{name}"} for name in VALUES}
RULES: list[tuple[Any, str]] = [
    ({"==": [VAR["yes_no"], True]}, "${yes_no} = 'yes'"),
    ({"==": [VAR["yes_no"], False]}, "${yes_no} = 'no'"),
    ({"===": [VAR["yes_no"], False]}, "${yes_no} = 'no'"),
    (VAR["yes_no"], "${yes_no} = 'yes'"),
    (VAR["words"], "${words} != ''"),
    (VAR["whole"], "boolean(number(${whole}))"),
    ({"===": [VAR["words"], None]}, "${words} = ''"),
    ({"var": "answers.sure"}, "${sure} = 'true'"),
    ({"in": ["a", VAR["many"]]}, "selected(${many}, 'a')"),
    ({"in": [VAR["one"], ["a", "b"]]}, "selected('a b', ${one})"),
    ({"in": [VAR["words"], ["x y", "z"]]}, "${words} = 'x y' or ${words} = 'z'"),
    ({"==": [VAR["many"], ["a", "b"]]}, "${many} = 'a b'"),
    ({"<": [1, VAR["whole"], 9]}, "1 < ${whole} and ${whole} < 9"),
    ({">": [{"-": [VAR["exact"], {"-": [VAR["whole"], 1]}]}, 0]}, "${exact} - (${whole} - 1) > 0"),
    ({">": [{"*": [{"+": [1, VAR["whole"]]}, 2]}, 0]}, "(1 + ${whole}) * 2 > 0"),
    ({"<=": [VAR["day"], "2026-11-22"]}, "${day} <= date('2026-11-22')"),
    ({"<=": [VAR["day"], {"var": "today"}]}, "${day} <= today()"),
    ({"<": [VAR["clock"], "12:00:00"]}, "decimal-time(${clock}) < decimal-time('12:00:00')"),
    ({"and": [{"or": [VAR["words"], VAR["one"]]}, VAR["many"]]},
     "(${words} != '' or ${one} != '') and ${many} != ''"),
    ({"!": [{"or": [VAR["words"], VAR["one"]]}]}, "not(${words} != '' or ${one} != '')"),
    ({"if": [VAR["yes_no"], {"!!": [VAR["words"]]}, True]},
     "if(${yes_no} = 'yes', ${words} != '', true())"),
    ({"missing": ["answers.words", "answers.one"]}, "${words} = '' or ${one} = ''"),
    ({"missing_some": [1, ["answers.words", "answers.one"]]},
     "if(${words} != '', 1, 0) + if(${one} != '', 1, 0) < 1"),
    ({"matches": [VAR["words"], "[a-z]+"]}, "regex(${words}, '^(?:[a-z]+)$')"),
    ({"matches": [VAR["words"], "it's"]}, "regex(${words}, \"^(?:it's)$\")"),
    ({">": [{"size": [VAR["words"]]}, 3]}, "string-length(${words}) > 3"),
    ({">": [{"size": [VAR["many"]]}, 1]}, "count-selected(${many}) > 1"),
    ({">": [{"size": [VAR["staff"]]}, 1]}, "count(${staff}) > 1"),
    ({">": [{"sum": [VAR["age"]]}, 40]}, "sum(${age}[. != '']) > 40"),
    ({">": [{"lowest": [VAR["age"]]}, 18]}, "min(${age}[. != '']) > 18"),
    ({">": [{"highest": [VAR["age"]]}, 18]}, "max(${age}[. != '']) > 18"),
    ({"==": [{"%": [VAR["whole"], 2]}, 0]}, "${whole} mod 2 = 0"),
    ({">": [{"/": [VAR["whole"], 2]}, 1]}, "${whole} div 2 > 1"),
    ({"==": [{"round": [VAR["exact"], 1]}, 0.5]}, "round(${exact}, 1) = 0.5"),
    ({">": [{"max": [VAR["whole"], 3]}, 4]},
     "if(${whole} = '', number(''), max(${whole}, 3)) > 4"),
    ({">": [{"highest": [[VAR["whole"], VAR["exact"]]]}, 4]}, "max(${whole}, ${exact}) > 4"),
    ({">": [{"sum": [[VAR["whole"], 3]]}, 4]}, "coalesce(${whole}, 0) + coalesce(3, 0) > 4"),
    ({"==": [{"cat": [VAR["words"], "!"]}, "a!"]}, "concat(${words}, '!') = 'a!'"),
    ({">": [{"seconds": [VAR["clock"]]}, 60]}, "round(decimal-time(${clock}) * 86400, 0) > 60"),
    ({">": [{"days": [VAR["day"]]}, 60]}, "round(decimal-date-time(${day}), 0) > 60"),
    ({"==": [{"var": "branch.city size"}, "İzmir"]}, "${ms_branch_city.20.size} = 'İzmir'"),
    ({"==": [{"var": "branch.parking"}, True]}, "${ms_branch_parking} = true()"),
    ({"==": [{"var": ["answers.one", "a"]}, "a"]}, "coalesce(${one}, 'a') = 'a'"),
    ({"==": [VAR["words"], "it's \"so\""]},
     "${words} = concat('it', \"'\", 's \"so\"')"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "text"), RULES, ids=[text for _, text in RULES])
def test_each_operator_is_written_as_forms_say_it(rule: Any, text: str) -> None:
    assert XPathWriter(FORM).condition(rule, Place()) == text


def test_every_operator_has_an_example_or_is_refused_by_name() -> None:
    shown = str([rule for rule, _ in RULES])
    without = {name for name in OPERATORS if f"'{name}':" not in shown}
    assert without == {"!=", "!==", ">=", "?:", "merge", "min"}
    with pytest.raises(NotExpressible, match="merge"):
        XPathWriter(FORM).condition({"merge": [VAR["words"], 1]}, Place())


@pytest.mark.parametrize(
    "rule",
    [
        {"<": [VAR["words"], "b"]},
        {"==": [VAR["yes_no"], "yes"]},
        {"sum": [VAR["whole"]]},
        {"size": [VAR["whole"]]},
        {"==": [VAR["one"], ["a", "b"]]},
        {"<": [VAR["day"], VAR["clock"]]},
        {"==": [{"var": "answers.nobody"}, 1]},
        {"if": [VAR["yes_no"], True, 5]},
        {"==": [VAR["day"], "soon"]},
    ],
)
def test_what_a_form_cannot_say_is_refused(rule: Any) -> None:
    with pytest.raises(NotExpressible):
        XPathWriter(FORM).condition(rule, Place())


def test_what_is_known_of_the_visit_is_written_into_the_form() -> None:
    rule = {"==": [{"var": "branch.city"}, "İzmir"]}
    writer = XPathWriter(FORM, constants=Context(branch={"city": "Paris"}))
    assert writer.condition(rule, Place()) == "'İzmir' = 'Paris'"


READ: list[tuple[str, dict[str, Any], bool]] = [
    ("${yes_no}", {"yes_no": False}, True),  # a text that is there holds, whatever it says
    ("${yes_no}", {}, False),
    ("${yes_no} = 'no'", {}, False),
    ("${yes_no} != 'no'", {}, True),
    ("not(${yes_no} = 'yes')", {}, True),
    ("${whole} != 5", {}, True),
    ("${whole} < 5", {}, False),
    ("not(${whole} < 5)", {}, True),
    ("${whole} = ''", {}, True),
    ("${whole} = ''", {"whole": 0}, False),
    ("${whole}", {"whole": 0}, False),
    ("selected(${many}, 'a') or selected(${many}, 'b')", {"many": ["b"]}, True),
    ("count-selected(${many}) = 0", {}, True),
    ("${words} > 3", {"words": "4"}, True),
    ("${words} > 3", {"words": "many"}, False),
    ("${day} < today() - 1", {"day": "2026-11-20"}, True),
    ("(today() - ${day}) > 2", {"day": "2026-11-20"}, False),
    ("int(${exact}) = 1", {"exact": 1.25}, True),
    ("if(${whole} > 1, 'a', 'b') = 'a'", {"whole": 2}, True),
    ("coalesce(${whole}, 7) = 7", {}, True),
    ("concat(${words}, '-', ${one}) = '-a'", {"one": "a"}, True),
    ("sum(${age}) = 51", {"age": [20, 31]}, True),
    ("max(${whole}, ${exact}) = 2", {"exact": 2}, True),
    ("string-length(${whole}) = 3", {"whole": 123}, True),
    ("regex(${words}, '[a-z]')", {"words": "ab"}, False),
    ("starts-with(${words}, 'a.')", {"words": "ab"}, False),
    ("boolean(${whole}) and true()", {"whole": 1}, True),
    ("${clock} >= '12:00'", {"clock": "12:00:00"}, True),
    ("${moment} <= now()", {"moment": "2026-11-22T12:00:00+03:00"}, True),
]  # fmt: skip


@pytest.mark.parametrize(("text", "answers", "expected"), READ)
def test_what_forms_elsewhere_say_decides_as_on_a_phone(
    text: str, answers: dict[str, Any], expected: bool
) -> None:
    context = Context(now=datetime(2026, 11, 22, 9, 30, tzinfo=UTC), today=date(2026, 11, 22))
    assert holds(XPathReader(scope()).condition(text), answers, None, context) is expected
