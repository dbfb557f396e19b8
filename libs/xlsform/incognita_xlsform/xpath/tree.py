"""An XPath expression as a tree."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A literal."""

    value: int | float


@dataclass(frozen=True, slots=True)
class Text:
    """A literal."""

    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """``${name}``."""

    name: str


@dataclass(frozen=True, slots=True)
class Own:
    """``.``: the question's own value."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path of a kind that only a form's own tree has: ``../x``, ``/data/x``, a bare name."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """``name(…)``."""

    name: str
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """``left operator right``."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Negative:
    """``-operand``."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class Filtered:
    """``operand[test]``."""

    operand: "Node"
    test: "Node"


Node = Number | Text | Reference | Own | Path | Call | Operation | Negative | Filtered
