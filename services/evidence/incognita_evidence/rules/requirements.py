"""What evidence is still missing, by the terms and by the questionnaire."""

from collections.abc import Collection, Iterable, Sequence

from incognita_evidence.report import Item, Missing
from incognita_shared.questionnaire.answers import RequiredEvidence
from incognita_shared.values import EvidenceKind, EvidenceRequirement


def missing_evidence(
    agreed: Iterable[EvidenceRequirement],
    asked: Iterable[RequiredEvidence],
    stored: Sequence[Item],
) -> tuple[Missing, ...]:
    """What is required and not among the ``stored`` items.

    The terms count different files of a kind, whatever question they belong to; a recording counts
    when its declared length is at least the agreed one. A question counts the items that name it;
    where it is answered by files, each of these must be among them.
    """
    by_terms = (_by_terms(requirement, stored) for requirement in agreed)
    by_question = (_by_question(required, stored) for required in asked)
    return tuple(each for each in (*by_terms, *by_question) if each.present < each.needed)


def unexplained(
    missing: Iterable[Missing], explained: Collection[EvidenceKind]
) -> tuple[Missing, ...]:
    """What is missing without a reason given by the shopper."""
    return tuple(each for each in missing if each.kind not in explained)


def _by_terms(requirement: EvidenceRequirement, stored: Sequence[Item]) -> Missing:
    least = requirement.minimum_duration_s
    files = {
        item.sha256
        for item in stored
        if item.kind is requirement.kind and (least is None or (item.duration_s or 0) >= least)
    }
    return Missing(
        kind=requirement.kind,
        question_id=None,
        needed=requirement.minimum_count,
        present=len(files),
        minimum_duration_s=least,
    )


def _by_question(required: RequiredEvidence, stored: Sequence[Item]) -> Missing:
    files = [
        item.sha256
        for item in stored
        if item.kind is required.kind and item.question_id == required.question_id
    ]
    present = len(files)
    if absent := set(required.sha256s).difference(files):
        # no other file stands for one that the answer names
        present = min(present, required.minimum_count - len(absent))
    return Missing(
        kind=required.kind,
        question_id=required.question_id,
        needed=required.minimum_count,
        present=present,
    )
