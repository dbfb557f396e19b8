"""Attributes of a branch: what the chain says of it beyond the fixed fields, for conditions.

A drive-through, the number of tables, the format of the store: a questionnaire asks for them by
``branch.<name>``. A visit carries them as they were when it was offered.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from incognita_assignment.schemas.texts import PLAIN
from incognita_shared.values import Attributes

MOST = 90
"""Of a branch's own; those of ``FIXED`` come on top, and an event carries 100."""
LONGEST_NAME = 64
LONGEST_TEXT = 200
LARGEST_NUMBER = 10**12
FIXED = ("city", "region", "country", "ownership")
"""Fields of every branch that conditions may ask for by the same path."""

Told: TypeAlias = str | int | float | bool

_NAME = re.compile(rf"[A-Za-z0-9_:-]{{1,{LONGEST_NAME}}}")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,11})(\.\d{1,9})?", re.ASCII)
_TRUTH = {"true": True, "false": False}


def name_fault(name: str) -> str | None:
    """Why this can't be an attribute's name; None for a good one.

    A dot is refused because a path of a condition is cut at dots.
    """
    if not _NAME.fullmatch(name):
        return (
            f"an attribute's name has 1 to {LONGEST_NAME} of the characters A-Z a-z 0-9 _ : -, "
            f"not {name[:80]!a}"
        )
    if name in FIXED:
        return f"{name!r} is a field of the branch itself; set that"
    return None


def _name(name: str) -> str:
    fault = name_fault(name)
    if fault:
        raise ValueError(fault)
    return name


Name = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_:-]+$", min_length=1, max_length=LONGEST_NAME),
    AfterValidator(_name),
]
Attribute = (
    StrictBool
    | Annotated[StrictInt, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
    | Annotated[StrictFloat, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER, allow_inf_nan=False)]
    | Annotated[StrictStr, Field(max_length=LONGEST_TEXT), PLAIN]
)
OwnAttributes = Annotated[dict[Name, Attribute], Field(max_length=MOST)]
"""Name → text, number or truth value."""
AttributesPatch = Annotated[dict[Name, Attribute | None], Field(max_length=MOST)]
"""What is to change: an attribute that is not named stays, one that is null goes."""


def fault_of(value: object) -> str | None:
    """Why this can't be an attribute's value; None for a good one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        fits = -LARGEST_NUMBER <= value <= LARGEST_NUMBER
        return None if fits else f"a number lies within ±{LARGEST_NUMBER:,}"
    if not isinstance(value, str):
        return "must be a text, a number, true or false"
    if len(value) > LONGEST_TEXT:
        return f"{len(value):,} characters; an attribute has at most {LONGEST_TEXT}"
    return None


def value_of_cell(text: str) -> Told:
    """What a cell of a spreadsheet says: ``true`` and ``false``, a plain number, or the text."""
    truth = _TRUTH.get(text.casefold())
    if truth is not None:
        return truth
    found = _NUMBER.fullmatch(text)
    if found is None:
        return text
    return float(text) if found[1] else int(text)


def merged(stored: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What a branch has after the change, by name; null takes an attribute away."""
    whole = {**stored, **told}
    return {name: whole[name] for name in sorted(whole) if whole[name] is not None}


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both say the same; to Python alone ``True`` is 1, and 1 is 1.0."""
    return _typed(one) == _typed(other)


def _typed(told: Mapping[str, Any]) -> dict[str, tuple[type, Any]]:
    return {name: (type(value), value) for name, value in told.items()}


def snapshot(own: Mapping[str, Any], fixed: Mapping[str, Any]) -> Attributes:
    """All that conditions may ask of the branch: its own attributes and those of ``FIXED``."""
    return {**own, **{name: str(fixed[name]) for name in FIXED}}
