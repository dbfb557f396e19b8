"""Invariants 3 and 4: what is on the topics about one visit, in which order, how often."""

from collections import Counter
from collections.abc import Collection, Sequence

from incognita_shared.events import assignment, comparison, evidence, scoring
from incognitactl.verify.dossier import Dossier
from incognitactl.verify.findings import Findings
from incognitactl.verify.ledger import Kind
from incognitactl.verify.rules.expected import (
    events_of_report,
    events_of_result,
    events_of_score,
    events_of_visit,
)
from incognitactl.verify.words import GRAVE, Said


def first_copies(
    topic: str, records: Sequence[Said], injected: Collection[str], findings: Findings
) -> list[Said]:
    """The records without the repetitions, in order of offset. Counts both, by topic."""
    first: dict[str, Said] = {}
    for record in records:
        earlier = first.setdefault(record.id, record)
        if earlier is record:
            continue
        findings.counts[f"duplicates on {topic}"] += 1
        if record.id not in injected and earlier.digest != record.digest:
            findings.add(4, f"{topic}: two records of one id differ", record.id)
        if earlier.partition != record.partition:
            findings.add(3, f"{topic}: one event in two partitions", record.id)
    findings.counts[f"events on {topic}"] += len(first)
    return list(first.values())


def check_visit_topics(
    dossier: Dossier, *, injected: Collection[str], trimmed: Collection[str], findings: Findings
) -> list[Said]:
    """All four topics that speak of visits; the first copies of all their events."""
    own: list[Said] = []
    expected = {
        assignment.EVENTS: events_of_visit(dossier),
        evidence.EVENTS: None,
        scoring.EVENTS: events_of_score(dossier),
        comparison.EVENTS: events_of_result(dossier),
    }
    for topic, words in expected.items():
        records = [record for record in dossier.records if record.topic == topic]
        copies = first_copies(topic, records, injected, findings)
        own += copies
        copies = _without_injected(copies, injected)
        findings.checked(3, len(copies))
        findings.checked(4, len(copies))
        is_trimmed = topic in trimmed
        _check_order(topic, dossier.subject, copies, findings, is_trimmed=is_trimmed)
        if words is None:
            _check_evidence(topic, dossier, copies, findings, is_trimmed=is_trimmed)
        else:
            _check_words(topic, dossier, copies, words, findings, is_trimmed=is_trimmed)
        _check_last(topic, dossier, words, findings)
    return own


def _without_injected(copies: Sequence[Said], injected: Collection[str]) -> list[Said]:
    """Injected duplicates were left out by their ids; what is injected under new ids goes here."""
    if not injected:
        return list(copies)
    return [
        record
        for record in copies
        if record.id not in injected or _is_own(record, copies, injected)
    ]


def _is_own(record: Said, copies: Sequence[Said], injected: Collection[str]) -> bool:
    """Whether a service said the event first, and what was injected was a duplicate of it."""
    same = [each for each in copies if each.order == record.order]
    before = {each.order for each in copies if each.offset < record.offset}
    is_first = same[0] is record and all(each.id in injected for each in same)
    return is_first and record.order == len(before) + 1


def _check_order(
    topic: str, subject: str, copies: Sequence[Said], findings: Findings, *, is_trimmed: bool
) -> None:
    seen: dict[int, Said] = {}
    for record in copies:
        if record.order in seen:
            findings.add(4, f"{topic}: one event under two ids", f"{subject} seq {record.order}")
        else:
            seen[record.order] = record
    orders = list(seen)
    if not orders:
        return
    if len({record.partition for record in copies}) > 1:
        findings.add(3, f"{topic}: one visit in two partitions", subject)
    elif orders != sorted(orders):
        findings.add(3, f"{topic}: events out of order", f"{subject} {orders[:12]}")
    elif len(orders) != orders[-1] - (orders[0] - 1 if is_trimmed else 0):
        findings.add(3, f"{topic}: a gap in the sequence", f"{subject} {orders[:12]}")


def _check_words(
    topic: str,
    dossier: Dossier,
    copies: Sequence[Said],
    words: Sequence[str],
    findings: Findings,
    *,
    is_trimmed: bool,
) -> None:
    found = {record.order: record for record in reversed(copies)}
    first = min(found, default=len(words) + 1) if is_trimmed else 1
    for number in range(first, len(words) + 1):
        record = found.pop(number, None)
        if record is None:
            findings.add(4, f"{topic}: missing {words[number - 1]}", dossier.subject)
        elif record.word != words[number - 1]:
            what = f"{topic}: {record.word} in the place of {words[number - 1]}"
            findings.add(4, what, dossier.subject)
    for record in found.values():
        findings.add(4, f"{topic}: nothing stands behind {record.word}", dossier.subject)


def _check_evidence(
    topic: str, dossier: Dossier, copies: Sequence[Said], findings: Findings, *, is_trimmed: bool
) -> None:
    found = {record.order: record for record in reversed(copies)}.values()
    said = Counter(record.word for record in found)
    flagged = [int(record.detail[:-1]) for record in found if record.detail.endswith(GRAVE)]
    wanted = events_of_report(dossier, flagged)
    for word in wanted - said:
        if not is_trimmed:
            findings.add(4, f"{topic}: missing {word.split()[0]}", f"{dossier.subject} {word}")
    for word in said - wanted:
        findings.add(4, f"{topic}: nothing stands behind {word.split()[0]}", dossier.subject)
    report = dossier.one(Kind.REPORT)
    if report is not None and not is_trimmed and said == wanted and report["seq"] != len(found):
        what = f"{topic}: the store has counted other events than it holds"
        findings.add(4, what, f"{dossier.subject} {report['seq']} of {len(found)}")


def _check_last(
    topic: str, dossier: Dossier, words: Sequence[str] | None, findings: Findings
) -> None:
    """The number that the store gave its last event is that of the events that follow from it."""
    names = {
        assignment.EVENTS: (Kind.VISIT, "seq"),
        scoring.EVENTS: (Kind.SCORE, "seq"),
        comparison.EVENTS: (Kind.RESULT, "said"),
    }
    if words is None:
        return
    kind, field = names[topic]
    kept = dossier.one(kind)
    if kept is not None and kept[field] != len(words):
        findings.add(
            4, f"{topic}: the store has counted {kept[field]} events where {len(words)} follow "
            "from what it holds", dossier.subject,
        )  # fmt: skip
