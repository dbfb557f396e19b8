"""Opening an appeal: it and its visit's score move in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from incognita_scoring.appeals.appeal import Appeal, AppealState, Attachment, about, appeal_id
from incognita_scoring.errors import NotAppealable, TooBusy, UnknownQuestions
from incognita_scoring.review_rules import ReviewRule
from incognita_scoring.reviews import ATTEMPTS
from incognita_scoring.rules import Verb
from incognita_scoring.score import DecidedBy, Revision, Score
from incognita_shared.clock import now
from incognita_shared.events.envelope import VisitEvent
from incognita_shared.events.scoring import AppealOpened


class Appeals(Protocol):
    """What opening one needs of the repository."""

    async def get_score(self, visit_id: str, within: Mapping[str, Any] | None = None) -> Score: ...
    async def get_revision(self, score: Score) -> Revision: ...
    async def get_rule(self, programme_id: str) -> ReviewRule: ...
    async def list_appeals_of(self, visit_id: str) -> list[Appeal]: ...
    async def save_opened(
        self, before: Score, after: Score, new: Appeal, event: VisitEvent
    ) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What a branch says against one question; ``instance``: the repetition, from 0."""

    question_id: str
    instance: int | None
    text: str
    attachments: tuple[Attachment, ...]
    key_id: str


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Days to appeal after an approval (where no rule says otherwise), and to decide an appeal."""

    appeal_days: int
    decision_days: int


async def open_appeal(
    appeals: Appeals, visit_id: str, said: Objection, *, within: Mapping[str, Any],
    deadlines: Deadlines,
) -> tuple[Appeal, bool]:  # fmt: skip
    """Open an appeal, or find the same one; and whether it is new.

    ``within`` holds the caller to reports that they see. Raises ScoreNotFound, UnknownQuestions
    (also for a question that the chain does not see), and NotAppealable: too late, another appeal
    of the question is open, or this revision's was appealed before.
    """
    for _ in range(ATTEMPTS):
        before = await appeals.get_score(visit_id, within)
        revision = await appeals.get_revision(before)
        _check_question(revision, said)
        known = await _same(appeals, revision, said)
        if known is not None:
            return known, False
        at = now()
        await _check_time(appeals, before, deadlines, at)
        new = _opened(before, said, at, at + timedelta(days=deadlines.decision_days))
        after = before.model_copy(update={"seq": new.seq})
        if await appeals.save_opened(before, after, new, _opened_event(new)):
            return new, True
    raise TooBusy(visit_id)


def approved_at(score: Score) -> datetime:
    """Since when the report counts; what an appeal changed gives no new time to appeal."""
    given = [
        each.decided_at
        for each in score.decisions
        if each.verb is Verb.APPROVE and each.by is not DecidedBy.APPEAL
    ]
    return given[-1]


def _check_question(revision: Revision, said: Objection) -> None:
    hidden = set(revision.hidden_questions)
    places = {(each.question_id, each.instance) for each in revision.questions}
    if said.question_id in hidden or (said.question_id, said.instance) not in places:
        raise UnknownQuestions({"question_id": said.question_id})


async def _same(appeals: Appeals, revision: Revision, said: Objection) -> Appeal | None:
    """The appeal that says just this. Raises NotAppealable where another one is in the way."""
    name = appeal_id(revision.visit_id, revision.score_revision, said.question_id, said.instance)
    for each in await appeals.list_appeals_of(revision.visit_id):
        if each.place != (said.question_id, said.instance):
            continue
        files = {one.sha256 for one in each.attachments}
        same = each.text == said.text and files == {one.sha256 for one in said.attachments}
        is_open = each.state is AppealState.OPEN
        if same and (is_open or each.appeal_id == name):
            return each
        if is_open or each.appeal_id == name:
            raise NotAppealable(
                "This question's appeal is open" if is_open
                else "This question was appealed and decided; nothing has changed since",
                appeal_id=each.appeal_id,
                state=each.state.value,
            )  # fmt: skip
    return None


async def _check_time(appeals: Appeals, score: Score, deadlines: Deadlines, at: datetime) -> None:
    rule = await appeals.get_rule(score.programme_id)
    days = deadlines.appeal_days if rule.appeal_days is None else rule.appeal_days
    until = approved_at(score) + timedelta(days=days)
    if at > until:
        raise NotAppealable(
            f"The time to appeal ended {until.isoformat()}", until=until.isoformat()
        )


def _opened(score: Score, said: Objection, at: datetime, decide_by: datetime) -> Appeal:
    return Appeal(
        appeal_id=appeal_id(score.visit_id, score.score_revision, said.question_id, said.instance),
        chain_id=score.chain_id,
        visit_id=score.visit_id,
        branch_id=score.branch_id,
        wave_id=score.wave_id,
        programme_id=score.programme_id,
        shopper_id=score.shopper_id,
        question_id=said.question_id,
        instance=said.instance,
        score_revision=score.score_revision,
        text=said.text,
        attachments=said.attachments,
        state=AppealState.OPEN,
        opened_by=said.key_id,
        opened_at=at,
        decide_by=decide_by,
        seq=score.seq + 1,
    )


def _opened_event(appeal: Appeal) -> AppealOpened:
    return AppealOpened(
        **about(appeal),
        seq=appeal.seq,
        score_revision=appeal.score_revision,
        decide_by=appeal.decide_by,
        opened_at=appeal.opened_at,
    )
