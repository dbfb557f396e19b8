"""One set of answers that belong together: those of a whole report, or of one repetition in it."""

from collections import ChainMap
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from incognita_shared.questionnaire.compiled import Test
from incognita_shared.questionnaire.conditions import (
    NO_CONTEXT,
    ConditionError,
    Context,
    calculate,
    data_of,
    evaluate,
)
from incognita_shared.questionnaire.model import Question, QuestionType
from incognita_shared.questionnaire.reading import (
    Answer,
    UnreadableAnswer,
    for_conditions,
    printable,
    read_answer,
    read_calculated,
)


class Scope:
    """Answers as their questions read them.

    ``values``: question id → the answer, of those that are readable, and of calculated ones what
    the server reckons. ``irrelevant``: ids of the questions that do not apply. ``unreadable`` and
    ``faulty``: question id → why its answer cannot be read, why a rule of it cannot be evaluated
    (it then counts as relevant, and a calculated one has no value). ``seen``: the readable answers
    of relevant questions that rules read, as rules see them.
    """

    __slots__ = (
        "_data",
        "answers",
        "faulty",
        "irrelevant",
        "name",
        "own_seen",
        "own_values",
        "seen",
        "unreadable",
        "values",
        "within",
    )

    def __init__(
        self,
        answers: Mapping[str, Any],
        context: Context = NO_CONTEXT,
        *,
        within: "Scope | None" = None,
        name: str = "",
        own_ids: Mapping[str, None] = MappingProxyType({}),
    ) -> None:
        self.answers = answers
        self.name = name
        """``staff[0]`` of a repetition, else nothing."""
        self.within = within
        self.irrelevant: set[str] = set()
        self.unreadable: dict[str, str] = {}
        self.faulty: dict[str, str] = {}
        self.own_values: dict[str, Answer] = {}
        self.own_seen: dict[str, object] = {}
        """What was answered here; ``values`` and ``seen`` hold what is around it as well."""
        self.values: Mapping[str, Answer] = self.own_values
        self.seen: Mapping[str, object] = self.own_seen
        if within is None:
            self._data = data_of(self.own_seen, context)
            return
        self.values = ChainMap(self.own_values, within.own_values)
        # what is not answered here is not what is answered in all repetitions together
        self.seen = ChainMap(self.own_seen, own_ids, within.own_seen)  # type: ignore[arg-type]
        self._data = {**within._data, "answers": self.seen}

    def path(self, question_id: str) -> str:
        """The question's id as errors and findings name it."""
        return f"{self.name}.{question_id}" if self.name else question_id

    def has(self, question_id: str) -> bool:
        """Whether the question has a readable answer here, not only around a repetition."""
        return question_id in self.own_values

    def left_out(self, question_id: str) -> bool:
        """Whether the question was not asked here, or not applicable."""
        return question_id in self.irrelevant or (
            question_id in self.answers and self.answers[question_id] is None
        )

    def read(self, question: Question, *, offered: bool, reckoned: bool) -> None:
        """Read the answer to the next question; ``offered``: whether its section applies."""
        relevant = self._applies(question, offered)
        if question.type is QuestionType.CALCULATED:
            value: Answer | None = self._calculated(question) if relevant else None
        else:
            answer = self.answers.get(question.id)
            value = None if is_blank(answer) else self._readable(question, answer)
        if value is None:
            return
        self.own_values[question.id] = value
        if relevant and reckoned:
            self.own_seen[question.id] = for_conditions(value)

    def holds(self, test: Test, question: Question) -> bool:
        """Whether a rule of the question holds. Raises ConditionError."""
        return evaluate(test, self._data, self.seen.get(question.id))

    def holds_or_fails(self, test: Test, question: Question) -> bool:
        """The same, and True for one that fails: rather asked for too much than dropped."""
        try:
            return self.holds(test, question)
        except ConditionError:
            return True

    def required(self, question: Question) -> bool:
        """Whether the question, where it applies, must be answered."""
        if question.type in (QuestionType.NOTE, QuestionType.CALCULATED):
            return False
        test = question.must_be_answered
        return bool(question.required) if test is None else self.holds_or_fails(test, question)

    def section_applies(self, section_id: str, applies: Test | None) -> bool:
        """Whether a section does; one whose rule fails does, and its questions are faulty."""
        if applies is None:
            return True
        try:
            return evaluate(applies, self._data)
        except ConditionError as error:
            self.faulty[section_id] = str(error)
            return True

    def _applies(self, question: Question, offered: bool) -> bool:
        applies = question.applies
        if offered and applies is None:
            return True
        try:
            relevant = offered and evaluate(applies, self._data) if applies else offered
        except ConditionError as error:
            self.faulty[question.id] = str(error)
            return True
        if not relevant:
            self.irrelevant.add(question.id)
        return relevant

    def _readable(self, question: Question, answer: object) -> Answer | None:
        try:
            value = read_answer(question, answer)
            if question.conditional_choices:
                self._check_offered(question, value)
        except UnreadableAnswer as error:
            self.unreadable[question.id] = str(error)
            return None
        return value

    def _check_offered(self, question: Question, value: Answer) -> None:
        for choice_id in value if isinstance(value, tuple) else (value,):
            test = question.conditional_choices.get(str(choice_id))
            if test is not None and not self.holds_or_fails(test, question):
                raise UnreadableAnswer(f"{printable(str(choice_id))} is not offered here")

    def _calculated(self, question: Question) -> str | bool | Decimal | None:
        if question.reckoned is None:
            return None
        try:
            outcome = read_calculated(calculate(question.reckoned, self._data))
        except (ConditionError, UnreadableAnswer) as error:
            self.faulty[question.id] = str(error)
            return None
        return None if is_blank(outcome) else outcome


def not_applicable(question: Question, answers: Mapping[str, Any]) -> bool:
    """Whether the shopper answered that the question does not apply, and was allowed to."""
    return (
        question.scoring.not_applicable_allowed
        and question.id in answers
        and answers[question.id] is None
        and question.type is not QuestionType.CALCULATED
    )


def is_blank(answer: object) -> bool:
    """Whether there is no answer: none given, an empty text, no choice taken."""
    return answer is None or answer in ("", [], ())
