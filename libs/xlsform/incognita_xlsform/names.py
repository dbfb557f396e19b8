"""Names of a form's elements: every id has exactly one, and every name says what it stands for.

A form knows only names that XML knows, so an id that is none (``2b``, ``a:b``) is spelled with its
other signs in hexadecimal. Names that begin with ``ms_`` are ours.
"""

import re
from dataclasses import dataclass
from typing import Literal

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_FIELD = re.compile(r"ms_(?:(na)|(file)_([0-9]+)|(evidence)_([0-9]+)_([0-9]+))_(.+)", re.DOTALL)
_FACT = re.compile(r"ms_(branch|visit)_(.+)")
_RESERVED = {"meta", "instanceid", "instancename", "data", "name", "__version__"}
_SPELLED = "ms_id_"

Role = Literal["answer", "not_applicable", "evidence"]


@dataclass(frozen=True, slots=True)
class FormField:
    """What one element of a device's form holds.

    ``answer``: the answer, of media the file with this ``number`` (from 1). ``not_applicable``:
    ``OK`` when the shopper ticked that the question does not apply. ``evidence``: the file with
    this ``number`` (from 1) for the question's evidence rule ``rule`` (from 0).
    """

    question_id: str
    role: Role
    number: int = 1
    rule: int | None = None


def form_name(identifier: str) -> str:
    """The element's name of a question or section."""
    ours = identifier.lower().startswith("ms_") or identifier.lower() in _RESERVED
    if _PLAIN.fullmatch(identifier) and not ours:
        return identifier
    return _SPELLED + _spelled(identifier)


def id_of(name: str) -> str:
    """The id that ``form_name`` spelled; any other name is its own id."""
    return _read(name[len(_SPELLED) :]) if name.startswith(_SPELLED) else name


def file_name(question_id: str, number: int) -> str:
    """The element of a media question's file with this number, from 1."""
    name = form_name(question_id)
    return name if number == 1 else f"ms_file_{number}_{name}"


def not_applicable_name(question_id: str) -> str:
    """The element that is ``OK`` when the question does not apply."""
    return f"ms_na_{form_name(question_id)}"


def evidence_name(question_id: str, rule: int, number: int) -> str:
    """The element of one file that the question's evidence rule asks for."""
    return f"ms_evidence_{rule}_{number}_{form_name(question_id)}"


def screen_name(question_id: str) -> str:
    """The group that shows a question and its "does not apply" at once; its name says no more."""
    return f"ms_screen_{form_name(question_id)}"


def field_of(name: str) -> FormField:
    """What the element of this name holds."""
    match = _FIELD.fullmatch(name)
    if match is None:
        return FormField(id_of(name), "answer")
    na, file, number, _, rule, item, rest = match.groups()
    if na:
        return FormField(id_of(rest), "not_applicable")
    if file:
        return FormField(id_of(rest), "answer", int(number))
    return FormField(id_of(rest), "evidence", int(item), int(rule))


def fact_name(path: str) -> str:
    """The element for a path like ``branch.city`` or ``visit.scenario``."""
    part, _, attribute = path.partition(".")
    return f"ms_{part}_{_spelled(attribute)}"


def fact_of(name: str) -> str | None:
    """The path for which ``fact_name`` gave this name; None for any other."""
    match = _FACT.fullmatch(name)
    return f"{match[1]}.{_read(match[2])}" if match else None


def _spelled(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", lambda sign: f".{ord(sign[0]):x}.", text)


def _read(text: str) -> str:
    return re.sub(r"\.([0-9a-f]{1,6})\.", _sign, text)


def _sign(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return chr(code) if code < 0x110000 else match[0]  # noqa: PLR2004 - the end of Unicode
