"""How a chain, or one of its programmes, wants its reports reviewed."""

from typing import Annotated

from pydantic import Field

from incognita_scoring.second_review import SecondReview
from incognita_shared.values import Value


class ReviewRule(Value):
    """``appeal_days``: how long after its approval a report may be appealed; None: the setting."""

    second_review: SecondReview = SecondReview()
    appeal_days: Annotated[int, Field(ge=0, le=365)] | None = None


NO_RULE = ReviewRule()
