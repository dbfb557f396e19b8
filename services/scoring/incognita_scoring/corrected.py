"""Answers scored by another version than the one that the shopper answered. Pure."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from incognita_scoring.engine import VisitScore, score_visit
from incognita_scoring.engine.rulings import NO_RULINGS, Rulings
from incognita_shared.questionnaire.answers import AnswerError, ReadAnswers
from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import Questionnaire

MOST_DOUBTS = 50


@dataclass(frozen=True, slots=True)
class Corrected:
    """A version to score by, and the one that the shopper answered, if it is another."""

    version: int
    questionnaire: Questionnaire
    asked: Questionnaire | None


def score_anew(
    corrected: Corrected,
    answers: Mapping[str, Any],
    context: Context,
    *,
    rulings: Rulings = NO_RULINGS,
) -> tuple[VisitScore, tuple[str, ...]]:
    """The score by the corrected version, and what is doubtful about it.

    An answer that the corrected version newly asks for was never asked: the shopper could not give
    it, so the question does not count, and a doubt says so. Answers to questions that it no longer
    has are left out, with a doubt.
    """
    visit = score_visit(corrected.questionnaire, answers, context, rulings=rulings)
    if corrected.asked is None:
        return visit, visit.doubts
    former = _errors(ReadAnswers(corrected.asked, answers, context))
    new = [each for place, each in _errors(visit.read).items() if place not in former]
    never_asked = frozenset(_question_id(each) for each in new if each.kind == "missing")
    if never_asked:
        questionnaire = _without_duty(corrected.questionnaire, never_asked)
        visit = score_visit(questionnaire, answers, context, rulings=rulings)
    said = (_doubt(each) for each in new[:MOST_DOUBTS])
    return visit, tuple(dict.fromkeys((*visit.doubts, *said)))


def _errors(read: ReadAnswers) -> dict[tuple[str, str], AnswerError]:
    return {(each.question_id, each.kind): each for each in read.errors()}


def _question_id(error: AnswerError) -> str:
    """``greeted`` of ``staff[0].greeted``."""
    return error.question_id.rpartition("].")[2]


def _doubt(error: AnswerError) -> str:
    if error.kind == "missing":
        return f"{error.question_id}: was not asked for in the version that was answered."
    return f"{error.question_id}: {error.cause}."


_relaxed: OrderedDict[tuple[int, frozenset[str]], tuple[Questionnaire, Questionnaire]] = (
    OrderedDict()
)
_MOST_RELAXED = 64


def _without_duty(questionnaire: Questionnaire, names: frozenset[str]) -> Questionnaire:
    """A copy in which the named questions need no answer. The reports of a wave share a few."""
    key = (id(questionnaire), names)
    found = _relaxed.get(key)
    if found is None or found[0] is not questionnaire:
        plain = questionnaire.model_dump(mode="json")
        for section in plain["sections"]:
            for question in section["questions"]:
                if question["id"] in names:
                    question["required"] = False
        # read anew: a copy would share what the original has worked out already
        found = (questionnaire, Questionnaire.model_validate(plain))
        _relaxed[key] = found
        while len(_relaxed) > _MOST_RELAXED:
            _relaxed.popitem(last=False)
    return found[1]
