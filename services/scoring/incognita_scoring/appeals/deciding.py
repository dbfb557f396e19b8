"""Deciding an appeal: it, its visit's score and the new revision are written together."""

from collections.abc import Mapping
from typing import Any, Protocol

from incognita_scoring.appeals.appeal import Appeal, AppealChange, ChangeKind, Verdict, about
from incognita_scoring.corrected import Corrected
from incognita_scoring.corrections import check_answers, with_answers
from incognita_scoring.errors import NotAppealable, TooBusy
from incognita_scoring.review_queue import placed
from incognita_scoring.reviews import ATTEMPTS
from incognita_scoring.revising import Revised, revised
from incognita_scoring.rules import OPEN, ReviewState, Verb
from incognita_scoring.score import DecidedBy, Revision, Score
from incognita_scoring.scoring import context_of, report_approved
from incognita_shared.clock import now
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.events.scoring import AppealDecided
from incognita_shared.questionnaire.model import Questionnaire


class Appeals(Protocol):
    """What deciding one needs of the repository."""

    async def get_score(self, visit_id: str) -> Score: ...
    async def get_revision(self, score: Score) -> Revision: ...
    async def get_versions(self, revision: Revision) -> Corrected: ...
    async def get_appeal(self, name: str) -> Appeal: ...
    async def save_decided(
        self,
        before: Score,
        after: Score,
        decided: Appeal,
        made: Revision | None,
        *events: VisitEvent,
    ) -> bool: ...


async def decide_appeal(
    appeals: Appeals, name: str, *, upheld: AppealChange | None, word: Mapping[str, Any],
    key_id: str,
) -> Appeal:  # fmt: skip
    """Decide an appeal. ``upheld``: what changes; None declines it. ``word``: category, reason.

    An upheld one makes a new revision of the score, which is approved if the report is. The same
    word again changes nothing. Raises AppealNotFound, NotAppealable for another word or a report
    that does not count any more, AnswersRefused.
    """
    visit_id = (await appeals.get_appeal(name)).visit_id
    for _ in range(ATTEMPTS):
        # first the score: whoever decides after this has moved it, and the write below fails
        before = await appeals.get_score(visit_id)
        appeal, at = await appeals.get_appeal(name), now()
        verdict = Verdict(
            upheld=upheld is not None,
            **word,
            change=upheld,
            key_id=key_id,
            decided_at=at,
            score_revision=None,
            seq=before.seq + 1,
        )
        if appeal.verdict is not None:
            if appeal.verdict.says(verdict):
                return appeal
            raise NotAppealable("The appeal is decided", state=appeal.state.value)
        after = before.model_copy(update={"seq": verdict.seq})
        events: tuple[VisitEvent, ...] = ()
        made: Revision | None = None
        if upheld is not None:
            new = await _changed(appeals, appeal, after, upheld, verdict)
            after, made, events = _counting(new, appeal, verdict)
            verdict = verdict.model_copy(update={"score_revision": made.score_revision})
        decided = appeal.decided(verdict)
        said = (_decided_event(decided, verdict), *events)
        if await appeals.save_decided(before, after, decided, made, *said):
            return decided
    raise TooBusy(name)


async def _changed(
    appeals: Appeals, appeal: Appeal, score: Score, change: AppealChange, verdict: Verdict
) -> Revised:
    """The score with what the appeal changes. Raises NotAppealable, AnswersRefused."""
    if score.state is not ReviewState.APPROVED and score.state not in OPEN:
        raise NotAppealable(
            f"The report is {score.state}: there is nothing to change any more",
            state=score.state.value,
        )
    revision = await appeals.get_revision(score)
    versions = await appeals.get_versions(revision)
    answers = dict(revision.answers)
    if change.kind is ChangeKind.ANSWER:
        answers = _answered(versions.questionnaire, answers, appeal, change.answer)
        context = context_of(score, revision)
        check_answers(versions.questionnaire, revision.answers, answers, context)
    others = (
        each for each in revision.rulings if (each.question_id, each.instance) != appeal.place
    )
    ruling = appeal.ruling(change.kind)
    return revised(
        score,
        revision,
        versions,
        answers=answers,
        rulings=(*others, *((ruling,) if ruling else ())),
        reason=f"appeal {appeal.appeal_id}: {verdict.reason}",
        author=verdict.key_id,
        at=verdict.decided_at,
    )


def _answered(
    questionnaire: Questionnaire, answers: dict[str, Any], appeal: Appeal, answer: Any
) -> dict[str, Any]:
    given = {appeal.question_id: answer}
    if appeal.instance is None:
        return with_answers(questionnaire, answers, given)
    section = questionnaire.section_of[appeal.question_id].id
    repetitions = list(answers[section])
    within = repetitions[appeal.instance]
    repetitions[appeal.instance] = with_answers(questionnaire, within, given)
    return {**answers, section: repetitions}


def _counting(
    new: Revised, appeal: Appeal, verdict: Verdict
) -> tuple[Score, Revision, tuple[VisitEvent, ...]]:
    """An approved report stays approved with its new score; one in review waits for a word."""
    if new.score.state is not ReviewState.APPROVED:
        waiting = {"state": ReviewState.WAITING, "endorsed_by": None, "second_grounds": ()}
        return placed(new.score.model_copy(update=waiting)), new.revision, (new.event,)
    by = DecidedBy.APPEAL
    after = new.score.decided(
        Verb.APPROVE,
        by=by,
        key_id=verdict.key_id,
        text=verdict.reason,
        at=verdict.decided_at,
        question_ids=(appeal.question_id,),
    )
    approved = report_approved(after, by=by, at=verdict.decided_at)
    return after, new.revision, (new.event, approved)


def _decided_event(appeal: Appeal, verdict: Verdict) -> AppealDecided:
    return AppealDecided(
        **about(appeal),
        seq=verdict.seq,
        upheld=verdict.upheld,
        category=verdict.category,
        reason=verdict.reason,
        decided_at=verdict.decided_at,
    )
