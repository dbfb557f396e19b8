"""The next revision of a score from the same report, with other answers or rulings. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from incognita_scoring.corrected import Corrected
from incognita_scoring.rescoring.anew import next_revision
from incognita_scoring.score import Revision, Ruling, Score, Scored
from incognita_scoring.scoring import visit_scored
from incognita_shared.events.scoring import VisitScored


@dataclass(frozen=True, slots=True)
class Revised:
    """The score with its newest revision, and the event of it; the review is as it was."""

    score: Score
    revision: Revision
    event: VisitScored


def revised(
    score: Score,
    revision: Revision,
    versions: Corrected,
    *,
    answers: Mapping[str, Any],
    rulings: tuple[Ruling, ...],
    reason: str,
    author: str,
    at: datetime,
) -> Revised:
    """The report behind ``revision``, scored by the same version with these answers and rulings.

    ``revision`` is the newest of ``score``; ``versions`` those of its questionnaire by which it was
    scored and answered. What else it holds is carried over.
    """
    changed = revision.model_copy(update={"answers": dict(answers), "rulings": rulings})
    new = next_revision(score, changed, versions, reason=reason, author=author, at=at)
    change = {name: getattr(new, name) for name in Scored.model_fields}
    after = score.model_copy(update={**change, "seq": score.seq + 1})
    return Revised(after, new, visit_scored(after, new))
