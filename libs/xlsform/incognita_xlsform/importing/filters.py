"""A choice filter as one condition a choice.

A list may have thousands of choices, so an expression is translated once for each different row of
what it asks for, and the export's own form once for each of its clauses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from incognita_xlsform.xpath.parsing import BadExpression, parse
from incognita_xlsform.xpath.reading import XPathReader
from incognita_xlsform.xpath.relations import joined
from incognita_xlsform.xpath.tree import Call, Node, Operation, Path, Text

Rule = dict[str, Any] | bool
Clause = tuple[frozenset[str], Node]
NAME = "name"


def choice_rules(text: str, items: Iterable[Mapping[str, str]], reader: XPathReader) -> list[Rule]:
    """For each choice the condition under which it is offered. Raises Untranslatable."""
    clauses = _clauses(text)
    if clauses is not None:
        return _by_clause(clauses, items, reader)
    known: dict[tuple[str, ...], Rule] = {}
    rules = []
    for item in items:
        asked = tuple(value for column, value in item.items() if column in text)
        if asked not in known:
            known[asked] = replace(reader, item=item).condition(text)
        rules.append(known[asked])
    return rules


def _by_clause(
    clauses: list[Clause], items: Iterable[Mapping[str, str]], reader: XPathReader
) -> list[Rule]:
    read = [(ids, reader.truth(node)) for ids, node in clauses]
    rules = []
    for item in items:
        own = [rule for ids, rule in read if item[NAME] in ids]
        rules.append(joined("and", own).rule if len(own) != 1 else own[0])
    return rules  # type: ignore[return-value]


def _clauses(text: str) -> list[Clause] | None:
    """``(not(selected('a b', name)) or …) and …``, as the export writes it; None for another."""
    try:
        node = parse(text)
    except BadExpression:
        return None
    parts: list[Node] = []
    while isinstance(node, Operation) and node.operator == "and":
        parts.append(node.right)
        node = node.left
    found = [_clause(part) for part in (node, *reversed(parts))]
    return None if None in found else [each for each in found if each is not None]


def _clause(node: Node) -> Clause | None:
    match node:
        case Operation(
            "or", Call("not", (Call("selected", (Text(ids), Path("name"))),)), condition
        ):
            return frozenset(ids.split()), condition
    return None
