"""XPath as JsonLogic: the same outcome on the server as on a phone, or a refusal that names why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from incognita_shared.questionnaire.conditions import MAXIMUM_NODES, ConditionError, checked_rule
from incognita_xlsform.xpath import functions, relations
from incognita_xlsform.xpath.parsing import BadExpression, parse
from incognita_xlsform.xpath.relations import plain_truth
from incognita_xlsform.xpath.scope import Declared, Scope, Untranslatable, Value
from incognita_xlsform.xpath.terms import Kind
from incognita_xlsform.xpath.tree import (
    Call,
    Filtered,
    Negative,
    Node,
    Number,
    Operation,
    Own,
    Path,
    Reference,
    Text,
)
from incognita_xlsform.xpath.values import as_number, as_truth

DEEPEST_SPINE = 200


@dataclass(frozen=True)
class XPathReader:
    """Reads the expressions of one form, at one place in it.

    ``own``: what ``.`` is there. ``within``: the id of the repeated section. ``item``: what the
    columns of the choices sheet say of one choice, within a choice filter.
    """

    scope: Scope
    own: Value | None = None
    within: str | None = None
    item: Mapping[str, str] | None = None

    def condition(self, text: str) -> dict[str, Any] | bool:
        """As a truth value. Raises Untranslatable."""
        rule: dict[str, Any] | bool = self._checked(
            as_truth(plain_truth(self._read(text))).rule, text
        )
        return rule

    def truth(self, node: Node) -> dict[str, Any] | bool:
        """A part of an expression as a truth value. Raises Untranslatable."""
        rule: dict[str, Any] | bool = self._checked(
            as_truth(plain_truth(self.value(node))).rule, ""
        )
        return rule

    def calculation(self, text: str) -> Value:
        """As whatever it gives. Raises Untranslatable."""
        found = self._read(text)
        return replace(found, rule=self._checked(found.rule, text))

    def of(self, declared: Declared) -> "XPathReader":
        """The reader of that question's own rules."""
        own = Value({"var": "value"}, self.scope.kind_of(declared), declared)
        return XPathReader(self.scope, own, declared.section)

    def _read(self, text: str) -> Value:
        try:
            return self.value(parse(text))
        except BadExpression as error:
            raise Untranslatable(f"{shortened(text)} {error}") from None
        except RecursionError:
            raise Untranslatable(f"{shortened(text)} is nested too deep") from None

    def _checked(self, rule: object, text: str) -> Any:
        if not isinstance(rule, dict | bool):
            return rule
        if _is_larger(rule, MAXIMUM_NODES):
            raise Untranslatable(f"{shortened(text)} has more than {MAXIMUM_NODES} parts")
        try:
            return checked_rule(rule)
        except ConditionError as error:
            raise Untranslatable(f"{shortened(text)}: {error}") from None

    def value(self, node: Node) -> Value:  # noqa: PLR0911 - one a kind of node
        """Any part of an expression. Raises Untranslatable."""
        match node:
            case Number(number):
                return Value(number, Kind.LITERAL)
            case Text(text):
                return Value(text, Kind.LITERAL)
            case Reference(name):
                return self.scope.resolve(name, self.within)
            case Own():
                if self.own is None:
                    raise Untranslatable("'.' means nothing here")
                return self.own
            case Path(text):
                return self._path(text)
            case Negative(operand):
                return self._negative(operand)
            case Operation():
                return self._operation(node)
            case Filtered(operand, test):
                return self._filtered(operand, test)
            case Call(name, operands):
                return functions.call(self, name, operands)

    def _path(self, text: str) -> Value:
        if self.item is not None and text in self.item:
            return Value(self.item[text], Kind.LITERAL)
        if self.item is not None and "/" not in text:
            raise Untranslatable(f"names {text!r}, which is no column of the choices sheet")
        name = text.rpartition("/")[2]
        if "/" in text and name not in ("", ".", ".."):
            return self.scope.resolve(name, self.within)
        raise Untranslatable(f"has the path {text!r}; questions are named like ${{name}}")

    def _negative(self, operand: Node) -> Value:
        if isinstance(operand, Number):
            return Value(-operand.value, Kind.LITERAL)
        return Value({"-": [as_number(self.value(operand))]}, Kind.NUMBER)

    def _operation(self, node: Operation) -> Value:
        if node.operator in relations.CHAINED:
            operands = [self.value(each) for each in _chain(node)]
            return relations.chained(node.operator, operands)
        return relations.related(node.operator, self.value(node.left), self.value(node.right))

    def _filtered(self, operand: Node, test: Node) -> Value:
        """The values that are not blank, which those of a repeated question are anyway."""
        found = self.value(operand)
        blank = isinstance(test, Operation) and test.operator == "!="
        if found.kind is Kind.VALUES and blank and test == Operation("!=", Own(), Text("")):
            return replace(found, element=found.element, kind=Kind.VALUES)
        raise Untranslatable("has a test in [ ], which questionnaires cannot carry")


def _chain(node: Operation) -> list[Node]:
    """``a or b or c`` as its three operands."""
    found: list[Node] = []
    operator = node.operator
    left: Node = node
    while isinstance(left, Operation) and left.operator == operator:
        found.append(left.right)
        left = left.left
    return [left, *reversed(found)]


def _is_larger(rule: object, most: int) -> bool:
    """Counts no further than that: parts that are used twice would double at each level."""
    waiting, count = [rule], 0
    while waiting and count <= most:
        node = waiting.pop()
        count += 1
        if isinstance(node, dict):
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
            count -= 1
    return count > most


def shortened(text: str) -> str:
    """An expression as a message quotes it."""
    return repr(text if len(text) <= 60 else text[:57] + "...")  # noqa: PLR2004
