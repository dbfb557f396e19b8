"""Payouts over HTTP."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from incognita_assignment.payout import PayoutState
from incognita_shared.values import Id, Moment, Money, Value


class MarkPaid(Value):
    """The agency's own reference of the payment."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reference": "SEPA-2026-11-0042"}]})

    reference: Annotated[str, Field(min_length=1, max_length=200)]


class PayoutView(BaseModel):
    """What a shopper has earned with one approved visit.

    ``unapproved_at``: when the approval was taken back. A payout that had not been paid by then is
    withdrawn, and due again if the report is approved after all; one that had been paid stays paid.
    """

    payout_id: Id
    visit_id: Id
    wave_id: Id
    branch_id: Id
    shopper_id: Id
    fee: Money
    reimbursement: Money
    state: PayoutState
    approved_at: Moment
    due_on: Moment
    reference: str | None
    paid_at: Moment | None
    unapproved_at: Moment | None
