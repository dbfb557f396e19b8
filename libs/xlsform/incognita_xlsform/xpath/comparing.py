"""Equality and order in XPath, by what is compared."""

import re
from itertools import pairwise

from incognita_xlsform.problems import NotExpressible
from incognita_xlsform.xpath.terms import Kind, Level, Term, literal, number, quoted, truth

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCKS = {Kind.DATE: "date", Kind.TIME: "decimal-time", Kind.MOMENT: "date-time"}
_TRUTHS = (Kind.TRUTH, Kind.YES_NO, Kind.TRUE_FALSE)
_STRICT = ("===", "!==")


def equal(operator: str, one: Term, other: Term) -> Term:
    """``==``, ``!=`` and their strict forms, for which null is equal to nothing but null."""
    negated = operator.startswith("!")
    if other.kind in _TRUTHS or one.kind in (Kind.LITERAL, Kind.NOTHING):
        one, other = other, one
    if isinstance(one.value, list) or isinstance(other.value, list):
        one, other = _same_choices(one, other)
    for term in (one, other):
        if term.kind in (Kind.FILES, Kind.POSITION, Kind.VALUES, Kind.REPETITIONS):
            raise NotExpressible(f"a form cannot compare {term.kind.value}")
    if one.kind in _TRUTHS or isinstance(one.value, bool) or isinstance(other.value, bool):
        return _same_truth(one, other, strict=operator in _STRICT, negated=negated)
    if one.kind in _CLOCKS or other.kind in _CLOCKS:
        one, other = _clocks(one, other)
    elif one.kind is Kind.NUMBER and isinstance(other.value, str):
        other = number(other)
    elif one.kind is Kind.TEXT and isinstance(other.value, int | float):
        other = Term(quoted(other.text), Kind.TEXT)
    return _comparison("!=" if negated else "=", one, other)


def ordered(operator: str, terms: list[Term]) -> Term:
    """``<`` and the like, of two, or of three for "between"."""
    pairs = [_ordered(operator, *pair) for pair in pairwise(terms)]
    if len(pairs) == 1:
        return pairs[0]
    return Term(" and ".join(pair.text for pair in pairs), Kind.TRUTH, Level.AND)


def _ordered(operator: str, one: Term, other: Term) -> Term:
    if Kind.NOTHING in (one.kind, other.kind):
        return Term("false()", Kind.TRUTH)
    if one.kind in _CLOCKS or other.kind in _CLOCKS:
        one, other = _clocks(one, other)
    else:
        for term in (one, other):
            if term.kind in (Kind.TEXT, Kind.CHOICES):
                raise NotExpressible(f"{operator!r} cannot order texts in a form")
        one, other = number(one), number(other)
    text = f"{one.within(Level.SUM)} {operator} {other.within(Level.SUM)}"
    return Term(text, Kind.TRUTH, Level.ORDER)


def _comparison(sign: str, one: Term, other: Term) -> Term:
    text = f"{one.within(Level.ORDER)} {sign} {other.within(Level.ORDER)}"
    return Term(text, Kind.TRUTH, Level.EQUALITY)


def _same_choices(one: Term, other: Term) -> tuple[Term, Term]:
    if isinstance(one.value, list):
        one, other = other, one
    values = other.value
    if one.kind is not Kind.CHOICES or not isinstance(values, list):
        raise NotExpressible("only a question of many choices can be compared with a list")
    if not all(isinstance(value, str) for value in values):
        raise NotExpressible("choices are compared with a list of choice ids")
    return one, literal(" ".join(values))


def _same_truth(one: Term, other: Term, *, strict: bool, negated: bool) -> Term:
    if one.kind is Kind.ANY and isinstance(other.value, bool):
        return _comparison("!=" if negated else "=", one, other)
    if one.kind not in _TRUTHS or (one.kind is Kind.TRUTH and other.kind in _TRUTHS):
        one, other = other, one
    if isinstance(other.value, str):
        raise NotExpressible("a yes/no question is compared with true or false")
    if one.kind in (Kind.YES_NO, Kind.TRUE_FALSE):
        return _answered(one, other, strict, negated)
    if isinstance(other.value, bool):
        plain = truth(one)
        wanted = other.value is not negated
        return plain if wanted else Term(f"not({plain.text})", Kind.TRUTH)
    text = f"({truth(one).text}) {'!=' if negated else '='} ({truth(other).text})"
    return Term(text, Kind.TRUTH, Level.EQUALITY)


def _answered(one: Term, other: Term, strict: bool, negated: bool) -> Term:
    """A yes/no question that is not answered equals neither true nor false."""
    sign = "!=" if negated else "="
    yes, no = ("yes", "no") if one.kind is Kind.YES_NO else ("true", "false")
    if isinstance(other.value, bool):
        return _comparison(sign, one, literal(yes if other.value else no))
    if other.kind in (one.kind, Kind.NOTHING):
        return _comparison(sign, one, other)
    if strict or other.kind is not Kind.TRUTH:
        raise NotExpressible("a yes/no question is compared with another, or with true or false")
    return _comparison(sign, one, Term(f"if({other.text}, '{yes}', '{no}')", Kind.TEXT))


def _clocks(one: Term, other: Term) -> tuple[Term, Term]:
    """Dates, times and moments as what a form can compare; a literal is made one of them."""
    kind = one.kind if one.kind in _CLOCKS else other.kind
    for term in (one, other):
        if term.kind not in (kind, Kind.NOTHING) and not isinstance(term.value, str):
            raise NotExpressible(f"a form cannot compare {kind.value} with {term.kind.value}")
    return _clock(one, kind), _clock(other, kind)


def _clock(term: Term, kind: Kind) -> Term:
    if term.kind is Kind.NOTHING or (term.kind is kind and kind is not Kind.TIME):
        return term
    if isinstance(term.value, str) and kind is Kind.DATE and not _DATE.fullmatch(term.value):
        raise NotExpressible(f"{term.value!a} is no date")
    return Term(f"{_CLOCKS[kind]}({term.text})", kind)
