"""What the parts of a questionnaire are made of: texts by language, conditions, bounded numbers."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from incognita_shared.questionnaire.conditions import checked_rule
from incognita_shared.values import Exact

Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$")]
"""A language tag by BCP 47."""

Wording = Annotated[str, Field(min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
OptionalTexts = Annotated[dict[Language, Wording], Field(max_length=50)]
Texts = Annotated[OptionalTexts, Field(min_length=1)]
"""Language tag → text."""

Condition = Annotated[dict[str, Any] | bool, AfterValidator(checked_rule)]
"""A JsonLogic rule that is true or false of what ``conditions.holds`` describes."""

Calculation = Annotated[dict[str, Any], AfterValidator(checked_rule)]
"""A JsonLogic rule over the same, whose outcome is a number, a text or a truth value."""

Number = Annotated[Exact, Field(ge=-(10**12), le=10**12, max_digits=18, decimal_places=6)]

ExpectedValue = (
    StrictBool
    | Annotated[StrictInt, Field(ge=-(10**12), le=10**12)]
    | Annotated[StrictFloat, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
    | Annotated[StrictStr, Field(max_length=500, pattern=r"^[^\x00]*$")]
)
Expected = ExpectedValue | Annotated[list[ExpectedValue], Field(min_length=1, max_length=200)]
"""What an answer must be: one value, or for a multiple choice the very set of choice ids, or for
any other type a list of values of which one must be given."""

Seconds = Annotated[Exact, Field(ge=0, le=366 * 86_400, decimal_places=3)]
Points = Annotated[Exact, Field(ge=-10_000, le=10_000, max_digits=10, decimal_places=4)]
Weight = Annotated[Exact, Field(ge=0, le=1000, max_digits=8, decimal_places=4)]
Percent = Annotated[Exact, Field(ge=0, le=100)]
