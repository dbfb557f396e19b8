"""Each mistake that an author can make is found, and each check can be reached."""

import ast
import json
import sys
from pathlib import Path

import pytest

from incognita_shared.questionnaire import check
from incognita_shared.questionnaire.check import check_questionnaire
from support.forms import answers, asked, definition, form, question, section, stage

OK = asked("ok")
Q = "sections.0.questions.0"


def scored(kind, method, points=4, **fields):
    names = ("expected", "bands", "standard", "count", "critical", "cap", "bonus", "indicator")
    own = {name: fields.pop(name) for name in names if name in fields}
    return question("q", kind, scoring={"method": method, "points": points, **own}, **fields)


def one(asked_first, *others, **fields):
    return form(section("s", asked_first, *others, OK), **fields)


def repeated(*questions, **fields):
    return section("staff", *questions, repeat=fields.pop("repeat", {}), **fields)


def rated(**fields):
    return question("q", "rating", **({"minimum": 0, "maximum": 10} | fields))


def compares(other, **fields):
    return section(
        "there", question("q", "boolean", compares=other, **fields), subject="competitor"
    )


LANE = {"==": [{"var": "branch.lane"}, True]}
WRONG = [
    # stages
    (form(section("s", OK, stage_id="x")), "sections.0.stage_id", "no stage here"),
    (form(OK, stages=[stage("a")]), "sections.0.stage_id", "is needed"),
    (form(section("s", OK, stage_id="a"), stages=[stage("a"), stage("a")]), "stages.1.id", "twice"),
    (form(section("s", OK, stage_id="a"), stages=[stage("a"), stage("b")]), "stages.1",
     "no section"),
    (
        form(section("s", OK, stage_id="a"),
             stages=[stage("a", opens_after_days=3, due_after_days=2)]),
        "stages.0.due_after_days", "before the stage opens",
    ),
    (form(section("s", OK, stage_id="a"), stages=[stage("a", title={"tr": "A"})]),
     "stages.0.title", "missing in the default"),
    # repetitions
    (form(repeated(OK, repeat={"minimum": 3, "maximum": 2})), "sections.0.repeat.minimum", "above"),
    (form(section("ok", OK, repeat={})), "sections.0.id", "a question's id too"),
    (form(section("a.b", OK, repeat={})), "sections.0.id", "a dot or a bracket"),
    # comparisons
    (form(OK, compares("nobody")), "sections.1.questions.0.compares", "no question here"),
    (form(section("s", OK, question("q", compares="ok"))),
     "sections.0.questions.1.compares", "not about a competitor"),
    (form(OK, section("there", question("p"), question("q", compares="p"), subject="competitor")),
     "sections.1.questions.1.compares", "not about the branch"),
    (form(OK, section("there", question("q", "text", compares="ok"), subject="competitor")),
     "sections.1.questions.0.compares", "of type boolean and not text"),
    # the form
    (form(*(section(f"s{n}", *(question(f"q{n}-{m}") for m in range(500))) for n in range(2)), OK),
     "sections", "1001 questions"),
    (form(question("ok"), OK), "sections", "the question ok is there 2 times"),
    (form(section("s", OK), section("s", question("q"))), "sections", "the section s is there 2"),
    (form(OK, languages=["en", "en"]), "languages", "2 times"),
    (form(OK, languages=["tr"]), "default_language", "is not among"),
    (form(OK, title={"en": "A", "ru": "Б"}), "title", "is in ru"),
    (form(OK, title={"en": "\t"}), "title", "is blank"),
    (form(question("q")), "sections", "no question with points"),
    (form(section("s", asked("q", scoring={"bonus": True}))), "sections",
     "no question with points"),
    (form(section("s", OK, subject="competitor")), "sections", "no question with points"),
    (form(section("s", OK, weight=0)), "sections", "weight above 0"),
    (one(question("a.b")), f"{Q}.id", "has a dot"),
    (one(question("q", evidence=[{"kind": "photo", "minimum_count": 3, "maximum_count": 2}])),
     f"{Q}.evidence.0.minimum_count", "above"),
    (one(question("q", constraint_message={"en": "No"})), f"{Q}.constraint_message",
     "no constraint"),
    (one(question("q", required=False, required_message={"en": "!"})),
     f"{Q}.required_message", "need not be answered"),
    (one(question("q", required_message={"tr": "!"})), f"{Q}.required_message", "missing in"),
    (one(question("q", "integer", default="two")), f"{Q}.default", "no answer that can be given"),
    (one(question("q", "single_choice", default="z")), f"{Q}.default", "not one of the choices"),
    (one(question("q", "calculated")), f"{Q}.calculation", "is needed"),
    (one(question("q", calculation={"+": [1, 1]})), f"{Q}.calculation", "answered, not calculated"),
    (one(question("q", "calculated", calculation={"+": [1, 1]}, evidence=[{"kind": "photo"}])),
     f"{Q}.evidence", "nothing is asked"),
    (one(question("q", choices=["a", "b"])), f"{Q}.choices", "has no choices"),
    (one(question("q", "single_choice", choices=["a"])), f"{Q}.choices", "at least two"),
    (one(question("q", "single_choice", choices=["a", "a"])), f"{Q}.choices", "2 times"),
    (one(question("q", "position", minimum=1)), f"{Q}.minimum", "has no range"),
    (one(question("q", "photo", minimum=3, maximum=2)), f"{Q}.minimum", "is above maximum"),
    (one(rated(maximum=None)), f"{Q}.maximum", "a rating has an integer"),
    (one(rated(minimum="0.5")), f"{Q}.minimum", "a rating has an integer"),
    # conditions
    (one(question("q", relevant=answers("ok"))), f"{Q}.relevant", "asked later"),
    (one(question("q", relevant=answers("x"))), f"{Q}.relevant", "no question here"),
    (one(question("q", relevant={"var": "value"})), f"{Q}.relevant", "own value"),
    (one(question("q", "calculated", calculation=answers("ok"))), f"{Q}.calculation", "later"),
    (one(question("q", "calculated", calculation=answers("q"))), f"{Q}.calculation", "later"),
    (one(question("q", "single_choice", choices=[
        "a", {"id": "b", "label": {"en": "B"}, "relevant": answers("ok")}])),
     f"{Q}.choices.1.relevant", "later"),
    (form(section("s", OK, relevant=answers("ok"))), "sections.0.relevant", "later"),
    (form(OK, section("s", question("q"), relevant={"var": "value"})), "sections.1.relevant",
     "own"),
    (one(question("q", required={"<": [answers("name"), 1]}), question("name", "text")),
     f"{Q}.required", "when all is answered"),
    (one(question("q", constraint={"/": [1, 0]})), f"{Q}.constraint", "when nothing is answered"),
    (one(question("q", evidence=[{"kind": "photo", "when": answers("x")}])),
     f"{Q}.evidence.0.when", "no question here"),
    (form(repeated(question("n", "integer")),
          section("s", question("q", relevant={"<": [answers("n"), 5]}), OK)),
     "sections.1.questions.0.relevant", "when all is answered"),
    (form(OK, repeated(question("n", "integer"), question("q", relevant={"sum": [answers("n")]}))),
     "sections.1.questions.1.relevant", "when all is answered"),
    (form(OK, repeated(question("q", relevant={">": [{"size": [answers("staff")]}, 1]}))),
     "sections.1.questions.0.relevant", "asked later"),
    *((form(repeated(question("n")), section("s", question("q", relevant=rule), OK)),
       "sections.1.questions.0.relevant", f"compares the list answers.{name} with one value")
      for name, rule in [
          ("n", {"==": [answers("n"), True]}), ("n", {"!==": [False, answers("n")]}),
          ("n", {"!": [{"and": [True, {"==": [answers("n"), None]}]}]}),
          ("staff", {"==": [answers("staff"), 1]})]),
    (one(question("m", "multiple_choice"), question("q", relevant={"==": [answers("m"), "a"]})),
     "sections.0.questions.1.relevant", "compares the list answers.m"),
    (one(question("m", "multiple_choice", constraint={"!=": [{"var": "value"}, "a"]})),
     f"{Q}.constraint", "compares the list value"),
    # scoring
    (one(scored("boolean", "expected_value", expected=True, critical="fail_visit", bonus=True)),
     f"{Q}.scoring.bonus", "a bonus and critical"),
    (one(scored("boolean", "none", critical="fail_visit")), f"{Q}.scoring.critical", "must have"),
    (one(scored("boolean", "expected_value", expected=True, critical="cap_visit")),
     f"{Q}.scoring.cap", "is needed"),
    (one(scored("boolean", "expected_value", expected=True, cap=50)), f"{Q}.scoring.cap", "only"),
    (form(OK, section("there", scored("boolean", "expected_value", expected=True,
                                      critical="fail_visit"), subject="competitor")),
     "sections.1.questions.0.scoring.critical", "cannot fail the branch"),
    (one(scored("note", "bands", bands=[{"points": 4}])), f"{Q}.scoring.method", "a note has no"),
    *((one(scored(kind, "expected_value", expected="x")), f"{Q}.scoring.method", "cannot be scored")
      for kind in ("photo", "audio", "video", "file", "position")),
    (one(scored("boolean", "expected_value", -1, expected=True)), f"{Q}.scoring.points", "below 0"),
    (one(scored("boolean", "expected_value", 0, expected=True)), f"{Q}.scoring.points", "above 0"),
    (one(scored("boolean", "expected_value")), f"{Q}.scoring.expected", "is needed"),
    (one(scored("integer", "expected_value", expected=[1, "x"])), f"{Q}.scoring.expected",
     "no answer"),
    (one(scored("text", "choice_points")), f"{Q}.scoring.method", "does not go with"),
    (one(scored("single_choice", "choice_points")), f"{Q}.choices", "none has points"),
    (one(scored("single_choice", "choice_points", 2, choices=[
        {"id": "a", "label": {"en": "A"}, "points": 3}, "b"])), f"{Q}.scoring.points",
         "points to 3"),
    (one(scored("multiple_choice", "choice_points", 4, choices=[
        {"id": n, "label": {"en": n}, "points": 3} for n in "ab"])), f"{Q}.scoring.points", "to 6"),
    (one(scored("text", "bands", bands=[{"points": 4}])), f"{Q}.scoring.method", "bands do not go"),
    (one(scored("integer", "bands")), f"{Q}.scoring.bands", "is needed"),
    (one(scored("integer", "bands", bands=[{"minimum": 3, "maximum": 3, "points": 4}])),
     f"{Q}.scoring.bands.0", "not below"),
    (one(scored("integer", "bands", bands=[{"points": 4}, {"minimum": 3, "points": 1}])),
     f"{Q}.scoring.bands.1", "does not begin"),
    (one(scored("integer", "bands", 1, bands=[{"points": 4}])), f"{Q}.scoring.points", "earns 4"),
    (one(scored("duration", "timed_standard")), f"{Q}.scoring.standard", "is needed"),
    (one(scored("duration", "timed_standard", standard={})), f"{Q}.scoring.standard", "needs max"),
    (one(scored("duration", "timed_standard", standard={"minimum_s": 2, "maximum_s": 1})),
     f"{Q}.scoring.standard.minimum_s", "above"),
    *((one(scored(kind, "timed_standard", standard={"maximum_s": 1, "start_question_id": start}),
           question("name", "text")),
       f"{Q}.scoring.standard.start_question_id", cause)
      for kind, start, cause in [("time", None, "not duration"), ("time", "x", "no question"),
                                 ("time", "q", "itself"), ("time", "name", "must both be")]),
    (form(repeated(question("began", "time")), section("s", OK, scored(
        "time", "timed_standard", standard={"maximum_s": 1, "start_question_id": "began"}))),
     "sections.1.questions.1.scoring.standard.start_question_id", "repeats elsewhere"),
    (one(scored("duration", "counted_standard", count={"maximum": 2})), f"{Q}.scoring.method",
     "go"),
    (one(scored("integer", "counted_standard")), f"{Q}.scoring.count", "needs maximum"),
    (one(scored("integer", "counted_standard", count={"minimum": 3, "maximum": 2})),
     f"{Q}.scoring.count.minimum", "above"),
    (one(scored("integer", "counted_standard", count={"maximum": 2, "unit": {"tr": "zil"}})),
     f"{Q}.scoring.count.unit", "missing in the default"),
    (one(question("q", scoring={"indicator": "csi"})), f"{Q}.scoring.indicator", "needs a rating"),
    (one(rated(minimum=1, scoring={"indicator": "nps"})), f"{Q}.scoring.indicator", "0 to 10"),
    *((one(question("q", "integer", scoring={name: value})), f"{Q}.scoring.{name}", "only")
      for name, value in [("expected", 1), ("bands", [{"points": 1}]),
                          ("standard", {"maximum_s": 1}), ("count", {"maximum": 1})]),
]  # fmt: skip


def found(questionnaire):
    return [(one.path, one.cause) for one in check_questionnaire(questionnaire)]


@pytest.mark.parametrize(
    ("questionnaire", "path", "cause"), WRONG, ids=[f"{path}: {cause}" for _, path, cause in WRONG]
)
def test_each_mistake_is_found_at_its_place(questionnaire, path, cause):
    problems = found(questionnaire)
    assert any(where == path and cause in why for where, why in problems), problems


def test_each_check_is_reached_by_some_mistake():
    folder = Path(check.__file__).parent
    wanted = {
        (path.name, node.lineno)
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Yield)
    }
    reached = set()

    def within(frame, event, _):
        reached.add((Path(frame.f_code.co_filename).name, frame.f_lineno))
        return within

    def tracer(frame, event, _):
        return within if frame.f_code.co_filename.startswith(str(folder)) else None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        for questionnaire, _, _ in WRONG:
            check_questionnaire(questionnaire)
    finally:
        sys.settrace(before)
    assert not wanted - reached


GOOD = [
    form(section("s", OK, relevant=LANE)),
    form(OK, repeated(question("n", "integer"), asked("q", relevant={">": [answers("n"), 5]}))),
    form(repeated(question("n", "integer")), section("s", OK, relevant={"sum": [answers("n")]})),
    form(repeated(question("n")), section("s", OK, relevant={"size": [answers("staff")]})),
    form(OK, repeated(question("n"), asked("q", relevant={"==": [answers("n"), True]}))),
    form(repeated(question("n")), section("s", asked("q", relevant={"in": [True, answers("n")]}))),
    one(question("m", "multiple_choice", constraint={"==": [{"var": "value"}, ["a"]]})),
    one(
        question("m", "photo"),
        question("p", "photo", constraint={"!=": [{"var": "value"}, answers("m")]}),
    ),
    form(OK, compares("ok")),
    form(section("s", OK, stage_id="a"), stages=[stage("a", opens_after_days=2, due_after_days=2)]),
    one(question("q", required={"==": [answers("ok"), False]}, required_message={"en": "Say why"})),
    one(question("q", "position")),
    one(question("q", "photo", minimum=1, maximum=3)),
    one(rated(scoring={"indicator": "nps"})),
    one(scored("calculated", "bands", calculation={"+": [1, 1]}, bands=[{"points": 4}])),
    one(scored("calculated", "expected_value", calculation={"cat": ["a"]}, expected=["a", True])),
    one(scored("integer", "counted_standard", count={"maximum": 2, "unit": {"en": "rings"}})),
    one(scored("boolean", "expected_value", 0, expected=True, critical="fail_visit")),
    one(question("q", "single_choice", default="a")),
]


@pytest.mark.parametrize("questionnaire", GOOD)
def test_what_is_sound_has_no_problems(questionnaire):
    assert found(questionnaire) == []


def test_a_problem_is_told_once():
    for questionnaire, _, _ in WRONG:
        problems = found(questionnaire)
        assert len(problems) == len(set(problems))


def test_definitions_survive_their_json():
    whole = definition(section("s", OK, repeat={}, relevant=LANE), stages=[])
    assert form(**json.loads(json.dumps(whole))) == form(section("s", OK, repeat={}, relevant=LANE))
