"""What the names in a form's expressions stand for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from incognita_shared.questionnaire.model import QuestionType
from incognita_xlsform.names import fact_of
from incognita_xlsform.xpath.terms import KINDS, Kind


class Untranslatable(ValueError):
    """An expression that questionnaires cannot carry; the message names the part and why."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A question, or a section that repeats (``type`` is None), under its name in the form.

    ``section``: the id of the repeated section it stands in. ``choices``: id → label.
    ``ticked``: an acknowledgement, answered by ``OK`` in a form and by yes here.
    """

    id: str
    type: QuestionType | None
    section: str | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    calculation: str = ""
    ticked: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A translated part: a JsonLogic rule, and what it gives."""

    rule: object
    kind: Kind
    declared: Declared | None = None
    element: Kind = Kind.ANY


REPORTED = {"today": ("today", Kind.DATE), "now": ("now", Kind.MOMENT), "end": ("now", Kind.MOMENT)}
"""Names that authors give to what the report itself says."""


class Scope:
    """The names of one form."""

    def __init__(self) -> None:
        self._declared: dict[str, list[Declared]] = {}
        self._reported: dict[str, str] = {}
        self._kinds: dict[str, Kind] = {}
        self.read_calculation: Callable[[Declared], Value] | None = None

    def declare(self, name: str, declared: Declared) -> None:
        """Adds a question, or a section that repeats."""
        self._declared.setdefault(name, []).append(declared)

    def report(self, name: str, type_: str) -> None:
        """Adds a field that a form fills by itself, like ``start``."""
        self._reported[name] = type_

    def resolve(self, name: str, within: str | None) -> Value:
        """What ``${name}`` stands for within that repeated section. Raises Untranslatable."""
        path = fact_of(name)
        if path is not None:
            return Value({"var": path}, Kind.ANY)
        if name in self._reported:
            return self._own_report(name)
        found = self._declared.get(name, [])
        if not found:
            raise Untranslatable(f"names ${{{name}}}, which is no question here")
        if len(found) > 1:
            raise Untranslatable(f"names ${{{name}}}, and there are {len(found)} of that name")
        return self._value(found[0], within)

    def _own_report(self, name: str) -> Value:
        known = REPORTED.get(self._reported[name])
        if known is None:
            kind = self._reported[name]
            raise Untranslatable(f"names ${{{name}}} ({kind}), which conditions cannot ask for")
        return Value({"var": known[0]}, known[1])

    def _value(self, declared: Declared, within: str | None) -> Value:
        rule = {"var": f"answers.{declared.id}"}
        if declared.type is None:
            return Value(rule, Kind.REPETITIONS, declared)
        kind = self.kind_of(declared)
        if declared.section is not None and declared.section != within:
            return Value(rule, Kind.VALUES, declared, kind)
        return Value(rule, kind, declared)

    def kind_of(self, declared: Declared) -> Kind:
        """What its answer is; of a calculated question what its calculation gives."""
        if declared.type is not QuestionType.CALCULATED or self.read_calculation is None:
            return KINDS.get(declared.type, Kind.TEXT) if declared.type else Kind.REPETITIONS
        if declared.id not in self._kinds:
            self._kinds[declared.id] = Kind.ANY
            try:
                found = self.read_calculation(declared).kind
            except ValueError:  # said where the calculation itself is read
                found = Kind.ANY
            self._kinds[declared.id] = Kind.TRUE_FALSE if found is Kind.TRUTH else found
        return self._kinds[declared.id]
