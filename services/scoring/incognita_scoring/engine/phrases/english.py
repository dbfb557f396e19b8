"""The reasons of a score in English."""

from decimal import Decimal

from incognita_scoring.engine.phrases.wording import Phrases
from incognita_scoring.engine.rounding import shown


def _points(earned: Decimal, possible: Decimal) -> str:
    return f"{shown(earned)} of {shown(possible)} point" + ("" if possible == 1 else "s")


ENGLISH = Phrases(
    decimal_mark=".",
    points=_points,
    quoted="“{}”",
    or_=" or ",
    and_=" and ",
    yes="yes",
    no="no",
    given="given",
    hours="{} h",
    minutes="{} min",
    seconds="{} s",
    total="{fact}: {points}.",
    bonus="{fact}: {points} of bonus.",
    answered="Answered {said}",
    as_expected="Answered {said}, as expected",
    otherwise="Answered {said}, expected {expected}",
    in_band="Answered {said}, which lies {limits}",
    in_no_band="Answered {said}, which lies in no band",
    band_from="from {low}",
    band_below="below {high}",
    band_between="from {low} and below {high}",
    band_open="anywhere",
    took="Took {time}, the standard is {standard}",
    counted="Counted {number}, the standard is {standard}",
    at_least="at least {}",
    at_most="at most {}",
    grace=" (and {} of grace)",
    granted="Granted on appeal",
    not_answered="Not answered, although it had to be",
    left_out_on_appeal="Left out on appeal.",
    not_scored="Not scored.",
    not_asked="Not asked: it did not apply to this visit.",
    not_applicable="Not applicable, says the shopper.",
    not_applicable_counts=(
        "Not applicable, says the shopper, which counts in this section: {points}."
    ),
    start_not_applicable="Not applicable: its start did not apply.",
    optional="Not scored: the answer was optional, none was given.",
    nothing_to_reckon="Not scored: the answers it is reckoned from are missing.",
    unclear="Not scored. {reason}",
    relevance_unknown="Whether it applies to this visit can't be told.",
    unreadable="The answer is not of the kind that was asked for.",
    misfit="The questionnaire's rule does not fit the answer.",
    start_missing="The start of this standard was not answered.",
    ended_early="It ended before it started.",
    other_types="Start and end of this standard are not of the same type.",
)
