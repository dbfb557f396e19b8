"""Opening hours: per weekday the spans in local time, as text or as JSON.

``{"mon": [["09:00", "17:30"]], "sat": [["10:00", "02:00"]]}``: a day that is missing is closed; an
end that is not after its start lies on the next day; nothing at all means unknown. As text: the
part of OpenStreetMap's ``opening_hours`` that chains use, like
``Mo-Fr 09:00-17:30; Sa 10:00-14:00; Su off`` or ``24/7``.
"""

import json
import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_LONGEST = 1_000
_TIME = r"(?:[01]?\d|2[0-3]):[0-5]\d|24:00"
_SPAN = re.compile(rf"\s*({_TIME})\s*[-–]\s*({_TIME})\s*")
_RULE = re.compile(r"\s*(?P<days>[a-z][a-z ,\-–]*?)?\s*(?P<times>off|closed|[\d:\-–, ]+)\s*")


def _in_order(spans: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    ordered = tuple(sorted(spans))
    for start, end in ordered:
        if start == end:
            raise ValueError(f"{start}-{end} is empty; all day is 00:00-24:00")
    for (begun, end), (start, _) in pairwise(ordered):
        if end > start or end < begun:
            raise ValueError(f"spans overlap at {start}")
    return ordered


Clock = Annotated[str, Field(pattern=r"^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$")]
Spans = Annotated[tuple[tuple[Clock, Clock], ...], Field(max_length=8), AfterValidator(_in_order)]
OpeningHours = dict[Weekday, Spans]

_JSON_FORM: TypeAdapter[OpeningHours] = TypeAdapter(OpeningHours)


def parse_opening_hours(text: str) -> OpeningHours:
    """Read either form. Raises ``ValueError`` with the cause in words."""
    if len(text) > _LONGEST:
        raise ValueError(f"longer than {_LONGEST} characters")
    if text.lstrip().startswith("{"):
        return _from_json(text)
    if text.strip() == "24/7":
        return dict.fromkeys(WEEKDAYS, (("00:00", "24:00"),))
    hours: dict[Weekday, tuple[tuple[str, str], ...]] = {}
    for rule in text.lower().strip().rstrip(";").split(";"):
        hours.update(_one_rule(rule))
    return _checked({day: spans for day, spans in hours.items() if spans})


def _from_json(text: str) -> OpeningHours:
    try:
        return _checked(json.loads(text))
    except (json.JSONDecodeError, RecursionError):
        raise ValueError("not JSON") from None


def _checked(hours: Mapping[Weekday, object]) -> OpeningHours:
    try:
        return _JSON_FORM.validate_python(hours)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ValueError(f"{where}: {first['msg']}") from None


def _one_rule(rule: str) -> dict[Weekday, tuple[tuple[str, str], ...]]:
    found = _RULE.fullmatch(rule)
    if found is None:
        raise ValueError(f"{rule.strip()!r} is not like 'Mo-Fr 09:00-17:30' or 'Su off'")
    days = _days(found["days"]) if found["days"] else list(WEEKDAYS)
    if found["times"] in ("off", "closed"):
        return dict.fromkeys(days, ())
    spans = []
    for part in found["times"].split(","):
        span = _SPAN.fullmatch(part)
        if span is None:
            raise ValueError(f"{part.strip()!r} is not like 09:00-17:30")
        spans.append((span[1].zfill(5), span[2].zfill(5)))
    return dict.fromkeys(days, tuple(spans))


def _days(text: str) -> list[Weekday]:
    days: list[Weekday] = []
    for part in text.replace("–", "-").split(","):
        first, _, last = (each.strip() for each in part.partition("-"))
        start, end = _day(first), _day(last or first)
        days += [WEEKDAYS[(start + step) % 7] for step in range((end - start) % 7 + 1)]
    return days


def _day(text: str) -> int:
    for index, day in enumerate(WEEKDAYS):
        if text in (day, day[:2]):
            return index
    raise ValueError(f"{text!r} is not a weekday like Mo or Tue")
