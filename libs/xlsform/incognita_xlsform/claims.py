"""What a filled form claims, as native answers and files; whether it is true is found out later."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from incognita_shared.questionnaire.model import (
    MEDIA_TYPES,
    Question,
    Questionnaire,
    QuestionType,
)
from incognita_shared.values import EvidenceKind
from incognita_xlsform.instance import Element, Instance
from incognita_xlsform.names import FormField, fact_of, field_of, id_of

START, END, POSITION = "ms_start", "ms_end", "ms_position"
"""The elements in which a form notes by itself when it was begun and ended, and where."""
TICKED = "OK"

_AGREED = re.compile(r"ms_agreed_([a-z_]+)_([0-9]{1,2})")
_REASON = re.compile(r"ms_reason_([a-z_]+)")
_SKIPPED = frozenset(
    {"meta", "start", "end", "deviceid", "today", "__version__", START, END, POSITION}
)
_WHOLE = re.compile(r"-?[0-9]{1,16}")
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,16})?([eE][+-]?[0-9]{1,2})?")
_CLOCK = re.compile(
    r"([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_NO_ID = re.compile(r"[^A-Za-z0-9_.:-]")
_LONGEST_ID = 64
_POSITION_PARTS = 2
_ACCURACY = 3
_TOO_LARGE = 10**15


def agreed_name(kind: EvidenceKind, number: int) -> str:
    """The element of a file that the visit's terms ask for, whatever question it belongs to."""
    return f"ms_agreed_{kind.value}_{number}"


def reason_name(kind: EvidenceKind) -> str:
    """The element in which a shopper says why evidence of that kind will not come."""
    return f"ms_reason_{kind.value}"


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A file that the form names. ``question_id``: None where the visit's terms ask for it."""

    name: str
    kind: EvidenceKind
    question_id: str | None


@dataclass(slots=True)
class Claims:
    """``answers``: native, an answer that is not of its question's type as the text that it is.

    ``started_at``, ``ended_at``: as the device wrote them. ``position``: where it was begun.
    ``reasons``: why evidence of a kind will not come.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    files: list[ClaimedFile] = field(default_factory=list)
    reasons: dict[EvidenceKind, str] = field(default_factory=dict)
    started_at: str | None = None
    ended_at: str | None = None
    position: dict[str, float] | None = None


def claims_of(
    questionnaire: Questionnaire, instance: Instance, sha256_of: Callable[[str], str | None]
) -> Claims:
    """What the instance claims. ``sha256_of``: a file's, by its name; None if it is not there.

    What is no question of the questionnaire is claimed too, under its own name, and what is
    answered twice as a list, so that a re-evaluation finds it.
    """
    reader = _Reader(questionnaire, sha256_of)
    reader.walk(instance.root, reader.claims.answers)
    claims = reader.claims
    claims.started_at = instance.root.text_of(START) or instance.root.text_of("start")
    claims.ended_at = instance.root.text_of(END) or instance.root.text_of("end")
    position = _position(instance.root.text_of(POSITION) or "")
    claims.position = position if isinstance(position, dict) else None
    return claims


class _Reader:
    def __init__(
        self, questionnaire: Questionnaire, sha256_of: Callable[[str], str | None]
    ) -> None:
        self._questions = questionnaire.by_id
        self._repeated = questionnaire.repeated
        self._sha256_of = sha256_of
        self.claims = Claims()

    def walk(self, group: Element, answers: dict[str, Any]) -> None:
        """Read the group's elements into ``answers``; a repetition makes answers of its own."""
        for element in group.children:
            if element.name in _SKIPPED:
                continue
            section_id = id_of(element.name)
            if section_id in self._repeated:
                repetition: dict[str, Any] = {}
                answers.setdefault(section_id, []).append(repetition)
                self.walk(element, repetition)
            elif element.children:
                self.walk(element, answers)
            elif element.text.strip():
                self._read(element.name, element.text, answers)

    def _read(self, name: str, text: str, answers: dict[str, Any]) -> None:
        if agreed := _AGREED.fullmatch(name):
            self._claim(text, _kind(agreed[1]), None)
        elif reason := _REASON.fullmatch(name):
            if kind := _kind(reason[1]):
                self.claims.reasons[kind] = text.strip()
        elif fact_of(name) is None:
            self._field(field_of(name), text, answers)

    def _field(self, found: FormField, text: str, answers: dict[str, Any]) -> None:
        question = self._questions.get(found.question_id)
        if question is None:
            _put(answers, _NO_ID.sub("_", found.question_id)[:_LONGEST_ID], text)
        elif found.role == "not_applicable":
            if text.strip() == TICKED:
                answers[question.id] = None
        elif found.role == "evidence":
            rules = question.evidence
            rule = rules[found.rule] if found.rule is not None and found.rule < len(rules) else None
            self._claim(text, rule.kind if rule else None, question.id)
        elif question.type in MEDIA_TYPES:
            digest = self._claim(text, MEDIA_TYPES[question.type], question.id)
            if digest:
                answers.setdefault(question.id, []).append(digest)
        else:
            _put(answers, question.id, _native(question, text))

    def _claim(self, name: str, kind: EvidenceKind | None, question_id: str | None) -> str | None:
        if kind is None:
            return None
        self.claims.files.append(ClaimedFile(name.strip(), kind, question_id))
        return self._sha256_of(name.strip())


def _put(answers: dict[str, Any], name: str, answer: Any) -> None:
    """What is ticked not to apply stays so, as on the phone, which hides the question then."""
    if name not in answers:
        answers[name] = answer
    elif answers[name] is not None:
        answers[name] = [answers[name], answer]


def _kind(name: str) -> EvidenceKind | None:
    return next((kind for kind in EvidenceKind if kind.value == name), None)


def _native(question: Question, text: str) -> Any:
    """The answer as JSON has it; the text itself where it can't be read."""
    reader = _READERS.get(question.type)
    return text if reader is None else reader(text.strip())


def _boolean(text: str) -> Any:
    return {"true": True, "false": False, "yes": True, "no": False}.get(text, text)


def _whole(text: str) -> Any:
    return int(text) if _WHOLE.fullmatch(text) else text


def _decimal(text: str) -> Any:
    if not _NUMBER.fullmatch(text):
        return text
    exact = Decimal(text)
    if abs(exact) >= _TOO_LARGE:
        return text
    if exact == exact.to_integral_value():
        return int(exact)
    return float(exact) if Decimal(repr(float(exact))) == exact else text


def _clock(text: str) -> Any:
    found = _CLOCK.fullmatch(text)
    return found[1] if found else text


def _position(text: str) -> Any:
    parts = list(_floats(text))
    if len(parts) < _POSITION_PARTS or len(parts) != len(text.split()):
        return text
    position = {"latitude": parts[0], "longitude": parts[1]}
    if len(parts) > _ACCURACY:
        position["accuracy_m"] = parts[_ACCURACY]
    return position


def _floats(text: str) -> Iterator[float]:
    for part in text.split():
        if not _NUMBER.fullmatch(part):
            return
        yield float(part)


_READERS: Mapping[QuestionType, Callable[[str], Any]] = {
    QuestionType.SINGLE_CHOICE: str,
    QuestionType.MULTIPLE_CHOICE: str.split,
    QuestionType.BOOLEAN: _boolean,
    QuestionType.INTEGER: _whole,
    QuestionType.RATING: _whole,
    QuestionType.DECIMAL: _decimal,
    QuestionType.DURATION: _decimal,
    QuestionType.CALCULATED: str,
    QuestionType.DATE: str,
    QuestionType.TIME: _clock,
    QuestionType.MOMENT: str,
    QuestionType.POSITION: _position,
}
