"""Checks a report's answers against its questionnaire: types, relevance, constraints, evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from incognita_shared.questionnaire.compiled import Test
from incognita_shared.questionnaire.conditions import ConditionError, evaluate
from incognita_shared.questionnaire.model import Question, Questionnaire, QuestionType
from incognita_shared.questionnaire.reading import (
    Answer,
    UnreadableAnswer,
    for_conditions,
    printable,
    read_answer,
)
from incognita_shared.values import EvidenceKind

MOST_ERRORS = 1000


@dataclass(frozen=True, slots=True)
class AnswerError:
    """What is wrong with the answer to one question, in words for the shopper."""

    question_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class RequiredEvidence:
    """At least so many items of a kind, asked for by one question."""

    kind: EvidenceKind
    minimum_count: int
    question_id: str


def check_answers(
    questionnaire: Questionnaire, answers: Mapping[str, Any], partial: bool = False
) -> list[AnswerError]:
    """What is wrong with these answers; see ``ReadAnswers.errors``."""
    return ReadAnswers(questionnaire, answers).errors(partial=partial)


def relevant_questions(
    questionnaire: Questionnaire, answers: Mapping[str, Any]
) -> tuple[Question, ...]:
    """The questions that apply, in order. A condition that cannot be evaluated applies."""
    read = ReadAnswers(questionnaire, answers)
    return tuple(q for q in questionnaire.by_id.values() if q.id not in read.irrelevant)


def required_evidence(
    questionnaire: Questionnaire, answers: Mapping[str, Any]
) -> list[RequiredEvidence]:
    """The evidence asked for with these answers; see ``ReadAnswers.required_evidence``."""
    return ReadAnswers(questionnaire, answers).required_evidence()


def not_applicable(question: Question, answers: Mapping[str, Any]) -> bool:
    """Whether the shopper answered that the question does not apply, and was allowed to."""
    return (
        question.scoring.not_applicable_allowed
        and question.id in answers
        and answers[question.id] is None
    )


def is_blank(answer: object) -> bool:
    """Whether there is no answer: none given, an empty text, no choice taken."""
    return answer is None or answer in ("", [], ())


class ReadAnswers:
    """A report's answers as its questionnaire reads them.

    ``values``: question id → the answer, of those that are readable. ``irrelevant``: ids of the
    questions that do not apply. ``unreadable`` and ``faulty``: question id → why its answer cannot
    be read, why its relevance cannot be evaluated (it then counts as relevant). A condition sees
    the answers of relevant questions only.
    """

    def __init__(self, questionnaire: Questionnaire, answers: Mapping[str, Any]) -> None:
        self.questionnaire = questionnaire
        self.answers = answers
        self.values: dict[str, Answer] = {}
        self.irrelevant: set[str] = set()
        self.unreadable: dict[str, str] = {}
        self.faulty: dict[str, str] = {}
        self.seen: dict[str, object] = {}
        """Readable answers of relevant questions that conditions read, as conditions see them."""
        for question_id, question in questionnaire.by_id.items():
            relevant = question.applies is None or self._is_relevant(question, question.applies)
            answer = answers.get(question_id)
            if not is_blank(answer):
                self._read(question, answer, relevant)

    def errors(self, *, partial: bool = False) -> list[AnswerError]:
        """What is wrong with the answers, by question in order; empty when nothing is.

        An answer of None means "not applicable" and is refused where the question does not allow
        it. With ``partial`` (a draft) answers may be missing or None, and constraints are not
        checked yet. Answers to questions that are not relevant are read, but else left alone. At
        most 1,000 errors.
        """
        known = self.questionnaire.by_id
        errors = [
            AnswerError(_as_id(question_id), "is not a question of this questionnaire")
            for question_id in self.answers
            if question_id not in known
        ]
        for question_id, question in known.items():
            if question_id in self.values and question_id not in self.faulty and not question.holds:
                continue  # most of them
            cause = self._wrong(question, partial)
            if cause:
                errors.append(AnswerError(question.id, cause))
        return errors[:MOST_ERRORS]

    def required_evidence(self) -> list[RequiredEvidence]:
        """What relevant questions ask for; one answered "not applicable" asks for none."""
        return [
            RequiredEvidence(rule.kind, rule.minimum_count, question.id)
            for question in self.questionnaire.with_evidence
            if question.id not in self.irrelevant and not not_applicable(question, self.answers)
            for rule in question.evidence
            if rule.minimum_count > 0
            and (rule.condition is None or self._holds_or_fails(rule.condition, question))
        ]

    def _holds_or_fails(self, condition: Test, question: Question) -> bool:
        """Whether it holds; one that fails asks for the evidence rather than dropping it."""
        try:
            return evaluate(condition, self.seen, self.seen.get(question.id))
        except ConditionError:
            return True

    def _is_relevant(self, question: Question, applies: Test) -> bool:
        try:
            relevant = evaluate(applies, self.seen)
        except ConditionError as error:
            self.faulty[question.id] = str(error)
            return True
        if not relevant:
            self.irrelevant.add(question.id)
        return relevant

    def _read(self, question: Question, answer: object, relevant: bool) -> None:
        try:
            value = read_answer(question, answer)
        except UnreadableAnswer as error:
            self.unreadable[question.id] = str(error)
            return
        self.values[question.id] = value
        if relevant and question.id in self.questionnaire.reckoned_with:
            self.seen[question.id] = for_conditions(value)

    def _wrong(self, question: Question, partial: bool) -> str | None:
        if question.id in self.unreadable:
            return self.unreadable[question.id]
        if partial or question.id in self.irrelevant:
            return None
        if question.id in self.faulty:
            return f"cannot be checked: {self.faulty[question.id]}"
        if question.id in self.values:
            return None if question.holds is None else self._broken(question, question.holds)
        if question.id in self.answers and self.answers[question.id] is None:
            return None if not_applicable(question, self.answers) else "cannot be 'not applicable'"
        required = question.required and question.type is not QuestionType.NOTE
        return "must be answered" if required else None

    def _broken(self, question: Question, holds: Test) -> str | None:
        try:
            if evaluate(holds, self.seen, self.seen[question.id]):
                return None
        except ConditionError as error:
            return f"cannot be checked: {error}"
        language = self.questionnaire.default_language
        return question.constraint_message.get(language, "breaks the question's constraint")


def _as_id(question_id: str) -> str:
    printed = printable(question_id)
    return question_id if printed == repr(question_id) else printed
