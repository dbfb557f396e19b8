"""Payouts: whose they are, and when they were paid."""

from pymongo.asynchronous.client_session import AsyncClientSession

from incognita_assignment.errors import no_such
from incognita_assignment.payout import Payout, PayoutState
from incognita_assignment.repository import payouts as repository
from incognita_assignment.repository import visits as visit_repository
from incognita_assignment.visit_changes import paid
from incognita_shared.clock import now
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Conflict


async def mark_paid(db: Database, chain_id: str, payout_id: str, reference: str) -> Payout:
    """Note that the agency has paid; the same reference again changes nothing.

    Raises NotFound, and Conflict if it was paid under another reference, or withdrawn. Payout and
    visit, which carries the event, change in one transaction.
    """

    async def write(session: AsyncClientSession) -> Payout:
        payout = await repository.find_payout(db, chain_id, payout_id, session=session)
        if payout is None:
            raise no_such("payout", payout_id)
        if payout.state is PayoutState.PAID:
            return _paid_before(payout, reference)
        if payout.state is PayoutState.WITHDRAWN:
            raise Conflict(
                "The approval was taken back: nothing is due now",
                state=payout.state.value,
                allowed=[],
            )
        return await _pay(db, payout, reference, session)

    async with db.client.start_session() as session:
        return await session.with_transaction(write)


async def _pay(db: Database, payout: Payout, reference: str, session: AsyncClientSession) -> Payout:
    at = now()
    marked = await repository.mark_paid(
        db, payout.chain_id, payout.payout_id, reference=reference, at=at, session=session
    )
    visit = await visit_repository.find_visit(db, payout.chain_id, payout.visit_id, session=session)
    if marked is None or visit is None:
        raise Conflict("The payout is being changed by others; try again")
    change = paid(visit, payout_id=payout.payout_id, reference=reference, at=at)
    await visit_repository.apply_change(db, payout.chain_id, change, session=session)
    return marked


def _paid_before(payout: Payout, reference: str) -> Payout:
    if payout.reference != reference:
        raise Conflict(
            f"The payout was paid under the reference {payout.reference!r}",
            state=payout.state.value,
            allowed=[],
        )
    return payout
