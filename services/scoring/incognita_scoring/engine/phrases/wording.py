"""What the reasons of a score are made of, in one language."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from incognita_scoring.engine.rounding import shown


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Phrases:
    """Templates for ``str.format``; what stands in braces is a number or text that is ready.

    ``total`` makes a reason of a fact and its points; whole reasons end with a full stop, facts
    and the rest without one. ``points`` says ``earned`` of ``possible`` with its plural form.
    """

    decimal_mark: str
    points: Callable[[Decimal, Decimal], str]
    quoted: str
    or_: str
    and_: str
    yes: str
    no: str
    given: str
    hours: str
    minutes: str
    seconds: str

    total: str
    bonus: str
    answered: str
    as_expected: str
    otherwise: str
    in_band: str
    in_no_band: str
    band_from: str
    band_below: str
    band_between: str
    band_open: str
    took: str
    counted: str
    at_least: str
    at_most: str
    grace: str
    granted: str
    not_answered: str

    left_out_on_appeal: str
    not_scored: str
    not_asked: str
    not_applicable: str
    not_applicable_counts: str
    start_not_applicable: str
    optional: str
    nothing_to_reckon: str
    unclear: str
    """Around one of those below."""
    relevance_unknown: str
    unreadable: str
    misfit: str
    start_missing: str
    ended_early: str
    other_types: str

    def number(self, number: Decimal) -> str:
        """A number as readers of the language write it."""
        text = shown(number)
        return text if self.decimal_mark == "." else text.replace(".", self.decimal_mark)
