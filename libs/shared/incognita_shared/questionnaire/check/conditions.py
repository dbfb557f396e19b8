"""Rules name questions that exist and can be evaluated on any answers of the right types."""

from collections.abc import Iterator, Mapping, Set
from datetime import UTC, date, datetime

from incognita_shared.questionnaire.compiled import compiled
from incognita_shared.questionnaire.conditions import (
    ANSWER,
    VALUE,
    ConditionError,
    Context,
    calculate,
    checked_rule,
    data_of,
    named_questions,
    names,
)
from incognita_shared.questionnaire.model import (
    Condition,
    Question,
    Questionnaire,
    QuestionType,
    Section,
)

_SAMPLES: Mapping[QuestionType, object] = {
    QuestionType.BOOLEAN: True,
    QuestionType.INTEGER: 1,
    QuestionType.DECIMAL: 1.5,
    QuestionType.TEXT: "text",
    QuestionType.DATE: "2026-11-22",
    QuestionType.TIME: "12:30:00",
    QuestionType.MOMENT: "2026-11-22T12:30:00+00:00",
    QuestionType.DURATION: 90,
    QuestionType.RATING: 1,
    QuestionType.PHOTO: ["0" * 64],
    QuestionType.AUDIO: ["0" * 64],
    QuestionType.VIDEO: ["0" * 64],
    QuestionType.FILE: ["0" * 64],
    QuestionType.POSITION: {"latitude": 0.0, "longitude": 0.0, "accuracy_m": None},
    QuestionType.CALCULATED: 1,
}
_EQUALITIES = ("==", "===", "!=", "!==")
_HANDED_IN = Context(now=datetime(2026, 11, 22, 12, 30, tzinfo=UTC), today=date(2026, 11, 22))


def condition_problems(questionnaire: Questionnaire) -> Iterator[tuple[str, str]]:
    """Path and cause of each problem of all rules.

    Relevance, calculations and choices may read earlier questions only, so that one pass in order
    settles them and no two questions can wait for each other; constraints, requirements and
    evidence rules may read any question.
    """
    earlier: set[str] = set()
    every = {*questionnaire.by_id, *questionnaire.repeated}
    for number, section in enumerate(questionnaire.sections):
        if section.relevant is not None:
            if VALUE in names(section.relevant):
                yield f"sections.{number}.relevant", "cannot depend on a question's own value"
            found = _Rule(questionnaire, section, None, section.relevant).problems(earlier)
            yield from ((f"sections.{number}.relevant", cause) for cause in found)
        for place, question in enumerate(section.questions):
            path = f"sections.{number}.questions.{place}"
            for field, rule, reads_all in _rules_of(question):
                if not reads_all and VALUE in names(rule):
                    yield f"{path}.{field}", "cannot depend on the question's own value"
                allowed = every if reads_all else earlier
                found = _Rule(questionnaire, section, question, rule).problems(allowed)
                yield from ((f"{path}.{field}", cause) for cause in found)
            earlier.add(question.id)
        earlier.add(section.id)


def _rules_of(question: Question) -> Iterator[tuple[str, Condition, bool]]:
    """Field, rule, and whether it may read any question."""
    if question.relevant is not None:
        yield "relevant", question.relevant, False
    if question.calculation is not None:
        yield "calculation", question.calculation, False
    if question.constraint is not None:
        yield "constraint", question.constraint, True
    if not isinstance(question.required, bool):
        yield "required", question.required, True
    for number, evidence in enumerate(question.evidence):
        if evidence.when is not None:
            yield f"evidence.{number}.when", evidence.when, True
    for number, choice in enumerate(question.choices):
        if choice.relevant is not None:
            yield f"choices.{number}.relevant", choice.relevant, False


class _Rule:
    """A rule where it stands: in a section, of a question or of the section itself."""

    def __init__(
        self,
        questionnaire: Questionnaire,
        section: Section,
        question: Question | None,
        rule: Condition,
    ) -> None:
        self._questionnaire = questionnaire
        self._section = section
        self._question = question
        self._rule = rule
        self._known = {*questionnaire.by_id, *questionnaire.repeated}

    def problems(self, allowed: Set[str]) -> Iterator[str]:
        """Why it cannot stand here."""
        named = sorted(named_questions(self._rule))
        for name in named:
            if name not in self._known:
                yield f"names {name}, which is no question here"
            elif name not in allowed:
                yield f"names {name}, which is asked later"
        yield from self._one_for_many(self._rule)
        yield from self._on_trial([name for name in named if name in self._known])

    def _one_for_many(self, node: object) -> Iterator[str]:
        """A list equals no single value, so such a comparison would never hold."""
        if isinstance(node, list):
            for item in node:
                yield from self._one_for_many(item)
        if not isinstance(node, dict):
            return
        ((operator, operands),) = node.items()
        if operator in _EQUALITIES:
            lists = [path for path in map(_path_of, operands) if path and self._gives_list(path)]
            if len(lists) == 1 and not any(isinstance(each, list) for each in operands):
                yield f"compares the list {lists[0]} with one value: ask by 'in' or 'size'"
        yield from self._one_for_many(operands)

    def _gives_list(self, path: str) -> bool:
        name = path.removeprefix(ANSWER)
        if path == VALUE:
            return self._question is not None and isinstance(_sample(self._question), list)
        return name != path and name in self._known and isinstance(self._seen(name), list)

    def _is_many(self, name: str) -> bool:
        """Whether the rule sees a list: of repetitions around it, but not of its own."""
        if name in self._questionnaire.repeated:
            return True
        section = self._questionnaire.section_of[name]
        within = self._question is not None and section is self._section
        return section.repeat is not None and not within

    def _on_trial(self, named: list[str]) -> Iterator[str]:
        """Runs the rule with nothing answered and with everything that it names answered."""
        own = None if self._question is None else _sample(self._question)
        samples = {name: self._seen(name) for name in named}
        trials: tuple[tuple[str, dict[str, object], object], ...] = (
            ("when nothing is answered", {}, None),
            ("when all is answered", samples, own),
        )
        test = compiled(checked_rule(self._rule))
        for state, answers, value in trials:
            try:
                calculate(test, data_of(answers, _HANDED_IN), value)
            except ConditionError as error:
                yield f"{state}: {error}"

    def _seen(self, name: str) -> object:
        """What the rule sees of an answer: of repetitions around it one, of others a list."""
        if name in self._questionnaire.repeated:
            return [{}]
        sample = _sample(self._questionnaire.by_id[name])
        return [sample] if self._is_many(name) else sample


def _path_of(operand: object) -> str | None:
    """The path that an operand is; of anything else none."""
    if not isinstance(operand, dict) or "var" not in operand:
        return None
    path = operand["var"]
    return str(path[0] if isinstance(path, list) else path)


def _sample(question: Question) -> object:
    if question.choices:
        first = question.choices[0].id
        return [first] if question.type is QuestionType.MULTIPLE_CHOICE else first
    return _SAMPLES.get(question.type)
