"""The next revision of a score from the same report, with other answers or rulings. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from incognita_scoring.engine import ENGINE_VERSION, VisitScore, score_visit
from incognita_scoring.score import Revision, Ruling, Score, Scored
from incognita_scoring.scoring import context_of, visit_scored
from incognita_shared.events.scoring import VisitScored
from incognita_shared.questionnaire.model import Questionnaire

_FROM_ENGINE = tuple(each.name for each in fields(VisitScore) if each.name in Revision.model_fields)


@dataclass(frozen=True, slots=True)
class Revised:
    """The score with its newest revision, and the event of it; the review is as it was."""

    score: Score
    revision: Revision
    event: VisitScored


def revised(
    score: Score,
    revision: Revision,
    questionnaire: Questionnaire,
    *,
    answers: Mapping[str, Any],
    rulings: tuple[Ruling, ...],
    reason: str,
    author: str,
    at: datetime,
) -> Revised:
    """The report behind ``revision``, scored by the same version with these answers and rulings.

    ``revision`` is the newest of ``score``. What else it holds is carried over.
    """
    new = revision.model_copy(update={"answers": dict(answers), "rulings": rulings})
    visit = score_visit(questionnaire, answers, context_of(score, revision), rulings=new.ruled)
    new = new.model_copy(
        update={
            **{name: getattr(visit, name) for name in _FROM_ENGINE},
            "score_revision": revision.score_revision + 1,
            "engine_version": ENGINE_VERSION,
            "scored_at": at,
            "reason": reason,
            "author": author,
        }
    )
    change = {name: getattr(new, name) for name in Scored.model_fields}
    after = score.model_copy(update={**change, "seq": score.seq + 1})
    return Revised(after, new, visit_scored(after, new))
