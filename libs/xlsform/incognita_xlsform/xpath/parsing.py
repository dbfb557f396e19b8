"""The XPath of forms, read into a tree: expressions of XPath 1.0 with ``${name}``.

A parser of its own, for it must take functions that only forms have and ``${name}``, and say in an
author's words what it does not understand.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

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

MOST_SIGNS = 32_767
DEEPEST = 60

_NAME = r"[^\W\d][\w.-]*"
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<reference>\$\{{(?P<to>[^{{}}]*)\}})
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<number>\d+(?:\.\d*)?|\.\d+)
    | (?P<path>(?:/|\.\.|\./|current\(\)/)[^\s()\[\]=!<>+*|,'"]*)
    | (?P<name>{_NAME}(?::{_NAME})?(?:/[\w./-]*)?)
    | (?P<sign><=|>=|!=|[-=<>+*|(),.\[\]])
    | (?P<end>$)
    )""",
    re.VERBOSE,
)
_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "})

_LEVELS = {
    "or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "div": 6, "mod": 6, "|": 8,
}  # fmt: skip


class BadExpression(ValueError):
    """The text is no expression; the message says where it stops being one."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@lru_cache(maxsize=4_096)
def parse(text: str) -> Node:
    """The tree of the expression. Raises BadExpression."""
    if len(text) > MOST_SIGNS:
        raise BadExpression(f"is longer than {MOST_SIGNS} characters")
    parser = _Parser(list(_tokens(text.translate(_QUOTES))))
    found = parser.expression(0)
    parser.expect_end()
    return found


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while True:
        match = _TOKEN.match(text, at)
        if match is None:
            rest = text[at:].lstrip()
            if rest[:1] in "'\"":
                raise BadExpression(f"a text that begins with {rest[:15]} has no closing quote")
            raise BadExpression(f"cannot be read from {rest[:20]!r} on")
        kind = "end" if match["end"] is not None else _kind(match)
        content = match["to"].strip() if kind == "reference" else match[kind]
        yield _Token(kind, content or "", at)
        if kind == "end":
            return
        at = match.end()


def _kind(match: re.Match[str]) -> str:
    return next(k for k in ("reference", "text", "number", "path", "name", "sign") if match[k])


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def expression(self, least: int) -> Node:
        """Precedence climbing: operators that bind more tightly than ``least``."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadExpression(f"is nested more than {DEEPEST} deep")
        left = self._operand()
        while (level := self._level()) > least:
            operator = self._take().text
            left = Operation(operator, left, self.expression(level))
        self._depth -= 1
        return left

    def expect_end(self) -> None:
        """Refuses what is left over."""
        token = self._tokens[self._at]
        if token.kind != "end":
            raise BadExpression(f"has {token.text!r} where an operator or the end should be")

    def _level(self) -> int:
        token = self._tokens[self._at]
        return _LEVELS.get(token.text, 0) if token.kind in ("sign", "name") else 0

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _operand(self) -> Node:
        token = self._take()
        if token.kind == "sign" and token.text == "-":
            return Negative(self.expression(7))
        found = self._single(token)
        while self._is_sign("["):
            self._take()
            found = Filtered(found, self.expression(0))
            self._close("]")
        return found

    def _single(self, token: _Token) -> Node:  # noqa: PLR0911 - one a kind of token
        match token.kind:
            case "number":
                number = float(token.text)
                return Number(int(number) if "." not in token.text else number)
            case "text":
                return Text(token.text[1:-1])
            case "reference":
                return Reference(token.text)
            case "path":
                return Path(token.text)
            case "name":
                return self._call(token) if self._is_sign("(") else Path(token.text)
        if token.text == ".":
            return Own()
        if token.text == "(":
            found = self.expression(0)
            self._close(")")
            return found
        shown = repr(token.text) if token.text else "its end"
        raise BadExpression(f"has {shown} where a value should be")

    def _call(self, name: _Token) -> Node:
        self._take()
        operands: list[Node] = []
        if not self._is_sign(")"):
            operands.append(self.expression(0))
            while self._is_sign(","):
                self._take()
                operands.append(self.expression(0))
        self._close(")")
        if self._tokens[self._at].kind == "path":
            raise BadExpression(f"takes a path from {name.text}(), which cannot be carried")
        return Call(name.text, tuple(operands))

    def _is_sign(self, sign: str) -> bool:
        token = self._tokens[self._at]
        return token.kind == "sign" and token.text == sign

    def _close(self, sign: str) -> None:
        if not self._is_sign(sign):
            found = self._tokens[self._at].text
            raise BadExpression(
                f"has {found!r} where {sign!r} should be" if found else f"lacks {sign!r}"
            )
        self._take()
