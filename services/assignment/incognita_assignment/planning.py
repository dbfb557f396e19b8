"""Offers a wave's visits: who could go, who is asked, and the visits that come of it.

May be broken off and begun again at any point. Visits are inserted in chunks, each in a transaction
with a renewal of the lease on the wave, so a planner that has lost it changes nothing; a visit's id
follows from wave, branch and number, and what is there already is not planned again.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from opentelemetry.trace import use_span
from pymongo.asynchronous.client_session import AsyncClientSession

from incognita_assignment.demand import Demand, demand_of
from incognita_assignment.matching import (
    Assigned,
    Candidate,
    History,
    Matching,
    MatchRules,
    Unmatched,
    match,
)
from incognita_assignment.offers import new_visit, offered_event
from incognita_assignment.places import Place
from incognita_assignment.repository import visits as visit_repository
from incognita_assignment.repository import waves as wave_repository
from incognita_assignment.repository.shoppers import list_shoppers
from incognita_assignment.repository.visits import LedgerRow
from incognita_assignment.rules import COMMITTED, WaveMove
from incognita_assignment.schemas.waves import Progress, UnmatchedVisit, WaveBody
from incognita_assignment.visit import Visit
from incognita_assignment.wave import Job, Wave, moved
from incognita_shared.clock import now
from incognita_shared.mongo.client import Database
from incognita_shared.mongo.pending import with_events
from incognita_shared.telemetry import link_of, start_visit_root_span
from incognita_shared.telemetry.attributes import BRANCH_ID, CHAIN_ID, WAVE_ID
from incognita_shared.values import Channel

CHUNK = 500
LISTED_UNMATCHED = 500
LEASE = timedelta(seconds=8)
"""So long a wave waits after its planner was killed; a living one renews it all the time."""
BY_DISTANCE = (Channel.VISIT, Channel.DELIVERY)
"""Channels for which the shopper has to be near the branch."""

Document = dict[str, Any]


class LeaseLost(Exception):
    """The wave is no longer ours to plan: closed meanwhile, or taken over."""


class Overtaken(Exception):
    """A visit that was to be offered anew has changed; the job starts again from what is there."""


async def offer_visits(db: Database, wave: Wave, *, beat: Callable[[], None]) -> Progress:
    """Do the wave's job, offer or reoffer, to its end. Raises LeaseLost, Overtaken."""
    ledger = await visit_repository.wave_ledger(db, wave.chain_id, wave.wave_id)
    demand = await demand_of(db, wave, ledger)
    matching = await _match(db, wave, demand, ledger)
    beat()
    progress = _progress(wave.order, demand, matching)
    for chunk in _chunks(matching.assigned):
        progress.offered += len(chunk)
        await _write_chunk(db, wave, demand, chunk, progress)
        beat()
    progress.finished_at = now()
    await _end(db, wave, progress)
    return progress


async def _match(db: Database, wave: Wave, demand: Demand, ledger: Sequence[LedgerRow]) -> Matching:
    """Gather what matching looks at, then match beside the event loop."""
    order = wave.order
    starts_at = max(order.starts_at, now())
    rotation = timedelta(days=order.rotation_days)
    shoppers = await list_shoppers(db, wave.chain_id)
    in_wave: dict[str, set[str]] = {}
    for row in ledger:
        in_wave.setdefault(row.branch_id, set()).add(row.shopper_id)
    history = History(
        last_at=await visit_repository.last_visits(db, wave.chain_id, starts_at - rotation),
        in_wave={branch_id: frozenset(here) for branch_id, here in in_wave.items()},
        held=await visit_repository.held_by_shopper(db, wave.chain_id),
    )
    rules = MatchRules(
        starts_at=starts_at,
        rotation=rotation,
        skills=frozenset(order.required_skills),
        languages=frozenset(order.required_languages),
        by_distance=order.channel in BY_DISTANCE,
        visit_limit=_visit_limit(order, ledger),
    )
    places = [
        Place(branch_id, branch.city, branch.region, branch.position, demand.wanted[branch_id])
        for branch_id, branch in demand.branches.items()
    ]
    candidates = [
        Candidate(each.shopper_id, each.home, each.skills, each.languages, each.capacity)
        for each in shoppers
        if each.active
    ]
    return await asyncio.to_thread(match, places, candidates, history, rules)


def _visit_limit(order: WaveBody, ledger: Sequence[LedgerRow]) -> int | None:
    """How many more visits the budget bears; None for any number."""
    cost = order.terms.fee.amount + order.terms.purchase_budget.amount
    if order.budget is None or not cost:
        return None
    committed = sum(1 for row in ledger if row.state in COMMITTED)
    return max(0, int(order.budget.amount // cost) - committed)


def _progress(order: WaveBody, demand: Demand, matching: Matching) -> Progress:
    left = [
        *demand.unmatched,
        *((one, number, str(why)) for one, number, why in matching.unmatched),
    ]
    counts = Counter(reason for _, _, reason in left)
    stopped = None
    if counts[Unmatched.BUDGET] and order.budget:
        stopped = (
            f"The budget of {order.budget.amount} {order.budget.currency} is spent; "
            f"{counts[Unmatched.BUDGET]} visits were not offered"
        )
    elif not demand.planned and not demand.branches:
        stopped = "No open branch passes the wave's filter"
    return Progress(
        planned=demand.planned,
        offered=demand.offered,
        unmatched=dict(counts),
        unmatched_visits=[
            UnmatchedVisit(branch_id=branch_id, number=number, reason=reason)
            for branch_id, number, reason in left[:LISTED_UNMATCHED]
        ],
        stopped=stopped,
    )


def _chunks(assigned: Sequence[Assigned]) -> Iterator[Sequence[Assigned]]:
    for start in range(0, len(assigned), CHUNK):
        yield assigned[start : start + CHUNK]


async def _write_chunk(
    db: Database, wave: Wave, demand: Demand, chunk: Sequence[Assigned], progress: Progress
) -> None:
    """Insert the visits, name them where they replace others, renew the lease: all or nothing."""
    offered = [
        new_visit(
            wave,
            demand.branches[each.branch_id],
            each,
            predecessor=demand.replaced.get((each.branch_id, each.number)),
            stages=demand.stages,
            at=now(),
        )
        for each in chunk
    ]
    documents = [await _document(wave, visit) for visit in offered]
    successors = [
        (demand.replaced[each.branch_id, each.number], visit.visit_id)
        for each, visit in zip(chunk, offered, strict=True)
        if (each.branch_id, each.number) in demand.replaced
    ]

    async def write(session: AsyncClientSession) -> None:
        told = {_field(wave): progress.model_dump()}
        if not await wave_repository.keep_job(db, wave, now() + LEASE, told, session=session):
            raise LeaseLost
        if successors and len(successors) != await visit_repository.name_successors(
            db, wave.chain_id, successors, session=session
        ):
            raise Overtaken
        await visit_repository.insert_offered(db, wave.chain_id, documents, session=session)

    async with db.client.start_session() as session:
        await session.with_transaction(write)


async def _document(wave: Wave, visit: Visit) -> Document:
    """The new visit with its first event, which begins the visit's trace."""
    link = link_of(wave.trace)
    span = start_visit_root_span(
        visit.visit_id,
        attributes={
            CHAIN_ID: visit.chain_id, BRANCH_ID: visit.branch_id, WAVE_ID: visit.wave_id,
        },
        links=[link] if link else [],
    )  # fmt: skip
    with use_span(span, end_on_exit=True):
        document = with_events(visit.document(), offered_event(visit))
    await asyncio.sleep(0)  # a chunk is 0.1 s of work: let requests through
    return document


def _field(wave: Wave) -> str:
    return "reoffer" if wave.job is Job.REOFFER else "progress"


async def _end(db: Database, wave: Wave, progress: Progress) -> None:
    update: Document = {"$set": {}}
    if wave.job is Job.OFFER:
        update = dict(moved(wave, WaveMove.OPENED).update)
    update["$set"] = {**update["$set"], _field(wave): progress.model_dump()}
    if not await wave_repository.end_job(db, wave, update):
        raise LeaseLost
