"""What a wave still has to offer: each branch its quota, and anew what fell through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from incognita_assignment.repository import visits as visit_repository
from incognita_assignment.repository.branches import Branch, open_branches
from incognita_assignment.repository.questionnaires import find_fixed
from incognita_assignment.repository.visits import Fallen, LedgerRow
from incognita_assignment.wave import Job, Wave
from incognita_shared.mongo.client import Database
from incognita_shared.questionnaire.model import Stage


@dataclass(frozen=True, slots=True)
class Demand:
    """What is to be offered: branches, the numbers wanted at each, and whom new visits replace.

    ``stages``: the parts of each visit, where the wave's questionnaire has any.
    """

    branches: Mapping[str, Branch]
    wanted: Mapping[str, tuple[int, ...]]
    replaced: Mapping[tuple[str, int], Fallen]
    planned: int
    offered: int
    unmatched: tuple[tuple[str, int, str], ...] = ()
    stages: tuple[Stage, ...] = ()


async def demand_of(db: Database, wave: Wave, ledger: Sequence[LedgerRow]) -> Demand:
    """What the wave's job, offer or reoffer, comes down to.

    ``ledger``: every visit that the wave has so far; what is there is not wanted again.
    """
    order = wave.order
    stages = await stages_of(db, wave)
    found = open_branches(db, wave.chain_id, order.branch_filter)
    branches = {branch.branch_id: branch async for branch in found}
    if wave.job is Job.REOFFER:
        return replace(await _demand_again(db, wave, branches), stages=stages)
    numbers = range(1, order.visits_per_branch + 1)
    there = {(row.branch_id, row.number) for row in ledger}
    wanted = {
        branch_id: tuple(number for number in numbers if (branch_id, number) not in there)
        for branch_id in branches
    }
    missing = sum(len(each) for each in wanted.values())
    planned, offered = missing + len(there), len(there)
    return Demand(branches, wanted, {}, planned=planned, offered=offered, stages=stages)


async def stages_of(db: Database, wave: Wave) -> tuple[Stage, ...]:
    """The stages of the wave's questionnaire, also if that has been retired since."""
    order = wave.order
    found = await find_fixed(db, wave.chain_id, order.questionnaire_id, order.questionnaire_version)
    return found.stages if found else ()


async def _demand_again(db: Database, wave: Wave, branches: Mapping[str, Branch]) -> Demand:
    """Each visit that fell through gets the number that follows its own, quota by quota."""
    fallen = await visit_repository.list_fallen(db, wave.chain_id, wave.wave_id)
    quota = wave.order.visits_per_branch
    replaced = {
        (visit.branch_id, visit.number + quota): visit
        for visit in fallen
        if visit.branch_id in branches
    }
    wanted: dict[str, tuple[int, ...]] = dict.fromkeys(branches, ())
    for branch_id, number in sorted(replaced):
        wanted[branch_id] = (*wanted[branch_id], number)
    closed = tuple(
        (visit.branch_id, visit.number + quota, "branch_closed")
        for visit in fallen
        if visit.branch_id not in branches
    )
    return Demand(branches, wanted, replaced, planned=len(fallen), offered=0, unmatched=closed)
