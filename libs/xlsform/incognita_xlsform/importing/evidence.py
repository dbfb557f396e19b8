"""The column ``ms_evidence``: ``photo 1..3; receipt 1 when ${bought} = 'yes'``."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from incognita_shared.values import EvidenceKind

_RULE = re.compile(
    r"(?P<kind>[a-z_]+)(?:\s+(?P<low>\d+)(?:\s*\.\.\s*(?P<high>\d+))?)?"
    r"(?P<options>(?:[\s,]+(?:position|no_gallery|age\s*=\s*\d+|keep\s*=\s*\d+))*)",
    re.IGNORECASE,
)
_WHEN = re.compile(r"\swhen\s", re.IGNORECASE)
_LONGEST = 200
_OPTION = re.compile(r"(position|no_gallery|age|keep)(?:\s*=\s*(\d+))?", re.IGNORECASE)
Read = Callable[[str], dict[str, Any] | bool | None]


class BadEvidence(ValueError):
    """A part of the cell that is no rule; the message says what one looks like."""


def evidence_of(text: str, read: Read) -> list[dict[str, Any]]:
    """The rules; ``read`` makes a condition of XPath. Raises BadEvidence."""
    return [_rule(part.strip(), read) for part in _parts(text) if part.strip()]


def _parts(text: str) -> Iterator[str]:
    """Splits at semicolons that do not stand within quotes."""
    start, quote = 0, ""
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign == ";":
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _rule(text: str, read: Read) -> dict[str, Any]:
    head, *when = _WHEN.split(text, maxsplit=1)
    match = _RULE.fullmatch(head.strip()) if len(head) <= _LONGEST else None
    if match is None:
        raise BadEvidence(
            f"{text[:80]!r} is no evidence: write photo 1..3 or receipt 1 when ${{x}} = 'yes'"
        )
    kind = match["kind"].lower()
    if kind not in list(EvidenceKind):
        raise BadEvidence(f"{kind!r} is no evidence: it is one of {', '.join(EvidenceKind)}")
    rule: dict[str, Any] = {"kind": kind}
    if match["low"]:
        low = int(match["low"])
        rule["minimum_count"] = low
        rule["maximum_count"] = int(match["high"]) if match["high"] else max(low, 1)
    for option, number in _OPTION.findall(match["options"] or ""):
        rule |= _option(option.lower(), number)
    if when:
        rule["when"] = read(when[0].strip())
    return rule


def _option(option: str, number: str) -> dict[str, Any]:
    match option:
        case "position":
            return {"position_required": True}
        case "no_gallery":
            return {"gallery_allowed": False}
        case "age":
            return {"maximum_age_s": int(number or 0)}
    return {"retention_days": int(number or 0)}
