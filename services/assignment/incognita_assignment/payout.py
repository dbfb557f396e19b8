"""What a shopper has earned with a visit."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from incognita_assignment.visit import Kept, Visit
from incognita_shared.ids import derived_id
from incognita_shared.values import Moment, Money


class PayoutState(StrEnum):
    """Whether the agency has paid; ``withdrawn``: the approval was taken back before it did."""

    DUE = "due"
    PAID = "paid"
    WITHDRAWN = "withdrawn"


class Payout(Kept):
    """A payout as its document keeps it; there is at most one a visit.

    ``unapproved_at``: since when its report is not approved any more, if that is so. One that has
    been paid by then stays paid; this mark is what the agency finds it by.
    """

    payout_id: str = Field(alias="_id")
    chain_id: str
    visit_id: str
    wave_id: str
    branch_id: str
    shopper_id: str
    fee: Money
    reimbursement: Money
    state: PayoutState = PayoutState.DUE
    approved_at: Moment
    due_on: Moment
    reference: str | None = None
    paid_at: Moment | None = None
    unapproved_at: Moment | None = None

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> Self:
        """The payout that a document holds."""
        return cls.model_validate(document, extra="ignore")

    def document(self) -> dict[str, Any]:
        """JSON data, but for the times."""
        texts = self.model_dump(mode="json", by_alias=True)
        return {**texts, "approved_at": self.approved_at, "due_on": self.due_on}


def payout_for(visit: Visit, *, approved_at: datetime) -> Payout:
    """Fee and reimbursement by the terms agreed, due some days after the approval.

    The reimbursement is the whole agreed purchase budget: reports do not carry an amount spent in a
    form that can be relied on yet, and overspending is never reimbursed.
    """
    return Payout(
        payout_id=derived_id("payout", visit.visit_id),
        chain_id=visit.chain_id,
        visit_id=visit.visit_id,
        wave_id=visit.wave_id,
        branch_id=visit.branch_id,
        shopper_id=visit.shopper_id,
        fee=visit.terms.fee,
        reimbursement=visit.terms.purchase_budget,
        approved_at=approved_at,
        due_on=approved_at + timedelta(days=visit.terms.paid_days_after_approval),
    )
