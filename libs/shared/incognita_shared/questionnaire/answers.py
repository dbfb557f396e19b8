"""Checks a report's answers against its questionnaire: types, relevance, constraints, evidence."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from incognita_shared.questionnaire.conditions import NO_CONTEXT, ConditionError, Context
from incognita_shared.questionnaire.model import (
    MEDIA_TYPES,
    Question,
    Questionnaire,
    QuestionType,
    Section,
)
from incognita_shared.questionnaire.reading import printable
from incognita_shared.questionnaire.scope import Scope, is_blank, not_applicable
from incognita_shared.values import EvidenceKind

MOST_ERRORS = 1000

__all__ = [
    "AnswerError",
    "ReadAnswers",
    "RequiredEvidence",
    "Scope",
    "check_answers",
    "is_blank",
    "not_applicable",
    "relevant_questions",
    "required_evidence",
]


@dataclass(frozen=True, slots=True)
class AnswerError:
    """What is wrong with the answer to one question, in words for the shopper.

    Within a repetition ``question_id`` is like ``staff[0].greeted``. ``kind`` says what it is: an
    ``unknown`` question, an ``unreadable`` or ``missing`` answer, a ``broken`` constraint, a rule
    that ``fails``.
    """

    question_id: str
    cause: str
    kind: str = "unreadable"


@dataclass(frozen=True, slots=True)
class RequiredEvidence:
    """At least so many items of a kind, asked for by one question.

    ``sha256s``: the very files that the answer names, where the question is answered by files.
    """

    kind: EvidenceKind
    minimum_count: int
    question_id: str
    sha256s: tuple[str, ...] = ()


def check_answers(
    questionnaire: Questionnaire,
    answers: Mapping[str, Any],
    partial: bool = False,
    context: Context = NO_CONTEXT,
) -> list[AnswerError]:
    """What is wrong with these answers; see ``ReadAnswers.errors``."""
    return ReadAnswers(questionnaire, answers, context).errors(partial=partial)


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


class ReadAnswers(Scope):
    """A report's answers as its questionnaire reads them: a scope, and one for each repetition.

    ``repetitions``: section id → the scopes of a section that repeats, in order. A rule sees the
    answers of relevant questions only; outside of its section, a repeated question's answers are a
    list.
    """

    __slots__ = ("malformed", "now", "questionnaire", "repetitions")

    def __init__(
        self,
        questionnaire: Questionnaire,
        answers: Mapping[str, Any],
        context: Context = NO_CONTEXT,
    ) -> None:
        super().__init__(answers, context)
        self.questionnaire = questionnaire
        self.now = context.now
        self.repetitions: dict[str, tuple[Scope, ...]] = {}
        self.malformed: dict[str, str] = {}
        """Section id → why its repetitions cannot be read."""
        reckoned_with = questionnaire.reckoned_with
        for section in questionnaire.sections:
            offered = self.section_applies(section.id, section.applies)
            if section.repeat:
                self._read_repetitions(section, offered)
                continue
            for question in section.questions:
                self.read(question, offered=offered, reckoned=question.id in reckoned_with)

    def scopes(self, section: Section) -> tuple[Scope, ...]:
        """The scopes in which the section's questions are answered."""
        return self.repetitions[section.id] if section.repeat else (self,)

    def errors(
        self, *, partial: bool = False, stages: Container[str | None] | None = None
    ) -> list[AnswerError]:
        """What is wrong with the answers, by question in order; empty when nothing is.

        An answer of None means "not applicable" and is refused where the question does not allow
        it. With ``partial`` (a draft) answers may be missing or None, and constraints are not
        checked yet. With ``stages`` the same holds for sections of other stages. Answers to
        questions that are not relevant are read, but else left alone. At most 1,000 errors.
        """
        errors = list(self._unknown())
        for section in self.questionnaire.sections:
            later = partial or not (stages is None or section.stage_id in stages)
            errors += self._of_section(section, later)
            if len(errors) >= MOST_ERRORS:
                break
        return errors[:MOST_ERRORS]

    def required_evidence(
        self, stages: Container[str | None] | None = None
    ) -> list[RequiredEvidence]:
        """What relevant questions ask for; one answered "not applicable" asks for none."""
        wanted: dict[tuple[EvidenceKind, str], RequiredEvidence] = {}
        for question in self.questionnaire.with_evidence:
            section = self.questionnaire.section_of[question.id]
            if stages is not None and section.stage_id not in stages:
                continue
            for scope in self.scopes(section):
                for one in _evidence_of(question, scope):
                    known = wanted.get((one.kind, question.id))
                    wanted[one.kind, question.id] = _both(known, one) if known else one
        return list(wanted.values())

    def _read_repetitions(self, section: Section, offered: bool) -> None:
        given = self.answers.get(section.id)
        rows = [] if given is None else given
        if not isinstance(rows, list | tuple) or not all(isinstance(row, Mapping) for row in rows):
            self.malformed[section.id] = "must be a list of objects: question id to answer"
            rows = []
        reckoned_with = self.questionnaire.reckoned_with
        most = section.repeat.maximum if section.repeat else 0
        own_ids = dict.fromkeys(question.id for question in section.questions)
        scopes = []
        for number, row in enumerate(rows[: most + 1]):
            name = f"{section.id}[{number}]"
            scope = Scope(row, within=self, name=name, own_ids=own_ids)
            scopes.append(scope)
            for question in section.questions:
                scope.read(question, offered=offered, reckoned=question.id in reckoned_with)
        self.repetitions[section.id] = tuple(scopes)
        if not offered:
            self.irrelevant.update(question.id for question in section.questions)
        for question in section.questions:
            if question.id in reckoned_with:
                seen = (scope.own_seen.get(question.id) for scope in scopes)
                self.own_seen[question.id] = [value for value in seen if value is not None]
        self.own_seen[section.id] = [dict(scope.own_seen) for scope in scopes] if offered else []

    def _unknown(self) -> Iterator[AnswerError]:
        repeated = self.questionnaire.repeated
        section_of = self.questionnaire.section_of
        for name in self.answers:
            section = section_of.get(name)
            if name not in repeated and section is None:
                yield AnswerError(
                    _as_id(name), "is not a question of this questionnaire", "unknown"
                )
            elif section is not None and section.repeat:
                cause = f"is answered within the list {section.id}"
                yield AnswerError(_as_id(name), cause, "unknown")

    def _of_section(self, section: Section, partial: bool) -> Iterator[AnswerError]:
        if section.repeat:
            yield from self._of_repetitions(section, partial)
        for scope in self.scopes(section):
            for question in section.questions:
                if (
                    scope.has(question.id)
                    and question.id not in scope.faulty
                    and not question.holds
                ):
                    continue  # most of them
                if error := _wrong(question, scope, partial, self.questionnaire.default_language):
                    yield error

    def _of_repetitions(self, section: Section, partial: bool) -> Iterator[AnswerError]:
        if section.id in self.malformed:
            yield AnswerError(section.id, self.malformed[section.id])
            return
        known = {question.id for question in section.questions}
        for scope in self.scopes(section):
            for name in scope.answers:
                if name not in known:
                    path = f"{scope.name}.{_as_id(name)}"
                    yield AnswerError(path, "is not a question of this section", "unknown")
        count, repeat = len(self.repetitions[section.id]), section.repeat
        if repeat is None or partial or section.questions[0].id in self.irrelevant:
            return
        if count > repeat.maximum:
            yield AnswerError(section.id, f"is repeated more than {repeat.maximum} times")
        if count < repeat.minimum:
            yield AnswerError(
                section.id, f"is repeated {count} times, at least {repeat.minimum}", "missing"
            )


def _wrong(question: Question, scope: Scope, partial: bool, language: str) -> AnswerError | None:
    path = scope.path(question.id)
    if question.id in scope.unreadable:
        return AnswerError(path, scope.unreadable[question.id])
    if partial or question.id in scope.irrelevant:
        return None
    if question.id in scope.faulty:
        return AnswerError(path, f"cannot be checked: {scope.faulty[question.id]}", "fails")
    if scope.has(question.id):
        return _broken(question, scope, path, language)
    claimed = question.type is QuestionType.CALCULATED
    if question.id in scope.answers and scope.answers[question.id] is None and not claimed:
        allowed = not_applicable(question, scope.answers)
        return None if allowed else AnswerError(path, "cannot be 'not applicable'", "missing")
    missing = scope.required(question)
    return AnswerError(path, "must be answered", "missing") if missing else None


def _broken(question: Question, scope: Scope, path: str, language: str) -> AnswerError | None:
    if question.holds is None:
        return None
    try:
        if scope.holds(question.holds, question):
            return None
    except ConditionError as error:
        return AnswerError(path, f"cannot be checked: {error}", "fails")
    cause = question.constraint_message.get(language, "breaks the question's constraint")
    return AnswerError(path, cause, "broken")


def _evidence_of(question: Question, scope: Scope) -> Iterator[RequiredEvidence]:
    if question.id in scope.irrelevant or not_applicable(question, scope.answers):
        return
    own = MEDIA_TYPES.get(question.type)
    counts = [
        (rule.kind, rule.minimum_count)
        for rule in question.evidence
        if rule.condition is None or scope.holds_or_fails(rule.condition, question)
    ]
    if own is not None:
        files = scope.own_values.get(question.id)
        named = files if isinstance(files, tuple) else ()
        # what proves the question is of the same files as its answer
        alike = sum(count for kind, count in counts if kind is own)
        counts = [one for one in counts if one[0] is not own]
        count = max(len(named) or int(scope.required(question)), alike)
        if count:
            yield RequiredEvidence(own, count, question.id, named)
    yield from (RequiredEvidence(kind, count, question.id) for kind, count in counts if count)


def _both(one: RequiredEvidence, other: RequiredEvidence) -> RequiredEvidence:
    """Of two repetitions, or of two rules; a file that both answers name is one file."""
    named = dict.fromkeys((*one.sha256s, *other.sha256s))
    shared = len(one.sha256s) + len(other.sha256s) - len(named)
    count = one.minimum_count + other.minimum_count - shared
    return RequiredEvidence(one.kind, count, one.question_id, tuple(named))


def _as_id(question_id: str) -> str:
    printed = printable(question_id)
    return question_id if printed == repr(question_id) else printed
