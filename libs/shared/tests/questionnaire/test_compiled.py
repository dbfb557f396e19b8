import math

from hypothesis import example, given
from hypothesis import strategies as st
from json_logic import jsonLogic

from incognita_shared.questionnaire.compiled import compiled
from incognita_shared.questionnaire.conditions import (
    OPERATORS,
    ConditionError,
    checked_rule,
    data_of,
)
from incognita_shared.questionnaire.operators import OWN

LITERALS = st.sampled_from([None, True, False, 0, 1, 2.5, "", "a", "7", "2026-01-01", [], [1, "a"]])
PATHS = st.sampled_from(["answers.a", "answers.b", "answers.n", "answers.x.y", "value", "answers."])
VARIABLES = st.builds(lambda path: {"var": path}, PATHS)


def operations(inner):
    def with_operands(operator):
        least, most = OPERATORS[operator]
        return st.lists(inner, min_size=least, max_size=min(most, 3)).map(
            lambda operands: {operator: operands}
        )

    return st.sampled_from(
        sorted(set(OPERATORS) - {"var", "missing", "missing_some", *OWN})
    ).flatmap(with_operands)


LOOKS = (
    VARIABLES
    | st.builds(lambda path, other: {"var": [path, other]}, PATHS, LITERALS)
    | st.lists(PATHS, min_size=1, max_size=3).map(lambda paths: {"missing": paths})
    | st.lists(PATHS, max_size=3).map(lambda paths: {"missing_some": [1, paths]})
)
RULES = st.recursive(LITERALS | LOOKS, operations, max_leaves=8)
ANSWERS = st.dictionaries(st.sampled_from(["a", "b", "n", "x"]), LITERALS)


def outcome(run):
    try:
        value = run()
    except Exception as error:
        return type(error)
    if isinstance(value, float) and math.isnan(value):
        return "NaN"
    return type(value), value


@given(RULES.filter(lambda rule: isinstance(rule, dict)), ANSWERS, LITERALS)
@example({"==": [{"var": "answers.x.y"}, None]}, {"x": {"y": 1}}, None)
@example({"missing": ["answers.a"]}, {}, None)
@example({"<": [{"var": "answers.a"}, 2]}, {}, None)
def test_a_compiled_rule_does_what_the_library_does(rule, answers, value):
    try:
        checked_rule(rule)
    except ConditionError:
        return
    data = data_of(answers) | {"value": value}
    test = compiled(rule)
    assert outcome(lambda: test(data)) == outcome(lambda: jsonLogic(rule, data))
