"""The checker's way: wait, read the stores, read the topics, then judge dossier by dossier."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

from incognita_shared.events import assignment, notification
from incognitactl.connections import Connections, UnreachableError
from incognitactl.verify.arithmetic import Sums
from incognitactl.verify.dead_letters import check_dead_letters
from incognitactl.verify.dossier import Dossier
from incognitactl.verify.findings import Findings
from incognitactl.verify.known import Known, Verdict
from incognitactl.verify.ledger import Kind, Ledger
from incognitactl.verify.objects import STORED, Item, StateOf, check_objects
from incognitactl.verify.rules.answers import check_accepted, check_known
from incognitactl.verify.rules.catalog import check_catalog
from incognitactl.verify.rules.deliveries import (
    Subscription,
    check_deliveries,
    check_outcomes,
    check_webhooks,
    read_subscriptions,
)
from incognitactl.verify.rules.stages import check_stages
from incognitactl.verify.rules.topics import check_visit_topics
from incognitactl.verify.stores import Tell, read_stores
from incognitactl.verify.topics import Reading, read_topics
from incognitactl.verify.unsettled import Unsettled, positions, settled, unsettled

ASK_AGAIN_S = 0.5


@dataclass(frozen=True)
class Options:
    """``settle_s``: how long to wait until nothing moves. ``live``: others go on working, so only
    what moves neither before nor after the reading is stuck. ``deep``: hash each object's bytes.
    ``objects``: look at the object store at all."""

    settle_s: float = 0
    live: bool = False
    deep: bool = False
    objects: bool = True
    tell: Tell = lambda _what, _done: None


@dataclass
class _Judge:
    """What the rules need beside a dossier. ``moving``: visits that changed while we read."""

    known: Known
    findings: Findings
    subscriptions: dict[str, list[Subscription]]
    reading: Reading
    moving: frozenset[str]
    arrived: frozenset[str]
    webhooks: frozenset[str]
    moving_sums: set[str] = field(default_factory=set)


async def verify(
    connections: Connections,
    *,
    known: Known | None = None,
    settle_s: float = 0,
    options: Options | None = None,
) -> Verdict:
    """Hold all stores and topics against the ten invariants; nothing is changed anywhere.

    Memory levels off at about 400 MB; a report takes some 2 kB of temporary disk.
    Raises UnreachableError.
    """
    options = options or Options(settle_s=settle_s)
    known, findings = known or Known(), Findings()
    await _wait(connections, options)
    check_known(known, findings)
    findings.counts["webhooks received"] += len(known.webhooks or ())
    with Ledger() as ledger:
        judge = await _read(connections, ledger, known, findings, options)
        await _judge_all(judge, ledger, options.tell)
        await _check_sums(judge, ledger, options.tell)
        await check_dead_letters(
            connections,
            findings,
            unreadable=[*judge.reading.poison, *judge.reading.broken],
            poison=frozenset(known.poison),
        )
        if options.objects:
            if connections.objects is None:
                raise UnreachableError("the object store is not named: S3_ENDPOINT and its keys")
            items = _items(ledger, options.tell)
            await check_objects(
                connections.objects,
                items,
                findings,
                deep=options.deep,
                state_of=_state_in(connections),
            )
    return findings.verdict()


async def _read(
    connections: Connections, ledger: Ledger, known: Known, findings: Findings, options: Options
) -> _Judge:
    """Stores before topics: whatever changes meanwhile is on a topic behind a checkpoint."""
    async with connections.reader() as reader:
        floors = (await positions(connections, reader)).floors()
        before = await unsettled(connections, reader)
        await read_stores(connections, ledger, findings, options.tell)
        reading = await read_topics(
            connections,
            reader,
            ledger,
            findings,
            poison=frozenset(known.poison),
            floors=floors,
            tell=options.tell,
        )
        after = await unsettled(connections, reader)
    _check_settled(before, after, findings, live=options.live)
    moving = reading.late.union(*(each.subjects for each in (*before, *after)))
    findings.counts["left out, for they moved"] += len(moving)
    subscriptions = await read_subscriptions(connections.databases["notification"])
    every = [each for of_chain in subscriptions.values() for each in of_chain]
    return _Judge(
        known,
        findings,
        subscriptions,
        reading,
        moving=frozenset(moving),
        arrived=frozenset(name for name, is_valid in known.webhooks or () if is_valid),
        webhooks=frozenset(each.id for each in every if each.is_webhook),
    )


async def _wait(connections: Connections, options: Options) -> None:
    deadline = time.monotonic() + options.settle_s
    while time.monotonic() < deadline:
        left = await settled(connections)
        if not left:
            return
        options.tell(f"waiting for what moves: {left[0]}", len(left))
        await asyncio.sleep(ASK_AGAIN_S)


def _check_settled(
    before: Collection[Unsettled], after: Collection[Unsettled], findings: Findings, *, live: bool
) -> None:
    findings.checked(6)
    for each in before:
        if not live or each in after:
            findings.add(6, each.where, each.name)


async def _judge_all(judge: _Judge, ledger: Ledger, tell: Tell) -> None:
    done = 0
    seen: set[str] = set()
    async for subject, facts in ledger.by_subject(Kind.VISIT, Kind.RECORD):
        dossier = Dossier(subject, facts)
        done += 1
        tell("checking visits and catalog", done)
        if subject in judge.known.accepted:
            seen.add(subject)
        if subject in judge.moving:
            _leave_out(dossier, judge)
        elif _is_of_catalog(dossier):
            _judge_catalog(dossier, judge)
        else:
            _judge_visit(dossier, judge, ledger)
    for subject in judge.known.accepted.keys() - seen:
        judge.findings.checked(7)
        judge.findings.add(7, "no store has a visit whose report was answered with 2xx", subject)


def _leave_out(dossier: Dossier, judge: _Judge) -> None:
    place = dossier.place
    if place is not None:
        judge.moving_sums.add(f"{place['wave_id']}:{place['branch_id']}")


def _is_of_catalog(dossier: Dossier) -> bool:
    return (
        dossier.one(Kind.SOURCE) is not None
        or dossier.one(Kind.COPY) is not None
        or any(record.topic == assignment.CATALOG for record in dossier.records)
    )


def _judge_catalog(dossier: Dossier, judge: _Judge) -> None:
    injected = judge.known.injected
    said = check_catalog(dossier, injected=injected, findings=judge.findings)
    source = dossier.one(Kind.SOURCE)
    if source is not None and source["kind"] == "wave":
        place = {"chain_id": source["fields"]["chain_id"], "wave_id": dossier.subject,
                 "branch_id": None}  # fmt: skip
        heard = judge.subscriptions.get(place["chain_id"], [])
        check_deliveries(dossier, said, heard, place, judge.findings)
        _judge_deliveries(dossier, judge)


def _judge_visit(dossier: Dossier, judge: _Judge, ledger: Ledger) -> None:
    known, findings = judge.known, judge.findings
    check_accepted(dossier, known, findings)
    if not check_stages(dossier, findings):
        _leave_out(dossier, judge)
        return
    said = check_visit_topics(
        dossier, injected=known.injected, trimmed=judge.reading.trimmed, findings=findings
    )
    place = dossier.place or {}
    heard = judge.subscriptions.get(place.get("chain_id", ""), [])
    check_deliveries(dossier, said, heard, place, findings)
    _judge_deliveries(dossier, judge)
    score = dossier.one(Kind.SCORE)
    if score is not None and score["state"] == "approved":
        shares = {each["score_revision"]: each["sums"] for each in dossier.all(Kind.REVISION)}
        share = shares.get(score["score_revision"])
        if share is not None:
            ledger.add(f"{score['wave_id']}:{score['branch_id']}", Kind.COUNTED, share)


def _judge_deliveries(dossier: Dossier, judge: _Judge) -> None:
    check_outcomes(
        dossier,
        injected=judge.known.injected,
        findings=judge.findings,
        is_trimmed=notification.EVENTS in judge.reading.trimmed,
    )
    if judge.known.webhooks is not None:
        check_webhooks(dossier, judge.webhooks, judge.arrived, judge.findings)


async def _check_sums(judge: _Judge, ledger: Ledger, tell: Tell) -> None:
    """Invariant 2. A branch and wave without approved scores may have sums, all of them zero."""
    async for place, facts in ledger.by_subject(Kind.SUMS, Kind.COUNTED):
        if place in judge.moving_sums:
            continue
        judge.findings.checked(2)
        tell("adding up branches and waves", 0)
        kept = Sums(*facts.get(Kind.SUMS, [Sums()])[0])
        wanted = Sums()
        for share in facts.get(Kind.COUNTED, ()):
            wanted = wanted.plus(Sums(*share))
        if kept != wanted:
            what = "comparison branch_waves is not the sum of the approved scores"
            judge.findings.add(2, what, f"{place} has {kept[:3]}, not {wanted[:3]}")


def _state_in(connections: Connections) -> StateOf:
    """What an item's state is now; of an appeal's file it is always ``stored``."""

    async def state_of(item: Item) -> str:
        reports = connections.databases["evidence"]["reports"]
        found = await reports.find_one(
            {"_id": item.visit_id, "items.item_id": item.item_id}, {"items.$": 1}
        )
        return str(found["items"][0]["state"]) if found else STORED

    return state_of


async def _items(ledger: Ledger, tell: Tell) -> AsyncIterator[Item]:
    """The evidence items of reports, and the files of appeals."""
    done = 0
    for kind in (Kind.REPORT, Kind.APPEAL):
        async for visit_id, facts in ledger.by_subject(kind, kind):
            for item in (item for fact in facts[kind] for item in fact["items"]):
                done += 1
                tell("asking for objects", done)
                yield Item(visit_id, *item)
