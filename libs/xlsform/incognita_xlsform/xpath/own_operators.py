"""The operators that questionnaires have beside JsonLogic's own, in XPath."""

from collections.abc import Callable, Mapping

from incognita_shared.questionnaire.operators import pattern_of
from incognita_xlsform.problems import NotExpressible
from incognita_xlsform.xpath.terms import Kind, Level, Term, literal, number, quoted

ANCHORED = ("^(?:", ")$")
"""Around each pattern: engines differ in whether a pattern fits the whole text by itself."""


def _over(name: str, operator: str, terms: list[Term]) -> Term:
    (values,) = terms
    if values.kind is Kind.VALUES and values.element in (Kind.NUMBER, Kind.ANY):
        return Term(f"{name}({values.text}[. != ''])", Kind.NUMBER)
    if isinstance(values.value, list):
        return _over_list(name, values.value)
    raise NotExpressible(f"{operator!r} takes the numbers of a repeated section, in a form")


def _over_list(name: str, values: list[object]) -> Term:
    """What is not answered is passed over, as a form's min and max do by themselves."""
    terms = [each if isinstance(each, Term) else literal(each) for each in values]
    texts = [number(term).text for term in terms if term.kind is not Kind.NOTHING]
    if name == "sum":
        return Term(
            " + ".join(f"coalesce({text}, 0)" for text in texts) or "0", Kind.NUMBER, Level.SUM
        )
    return Term(f"{name}({', '.join(texts)})" if texts else "number('')", Kind.NUMBER)


def _sum(operator: str, terms: list[Term]) -> Term:
    return _over("sum", operator, terms)


def _lowest(operator: str, terms: list[Term]) -> Term:
    return _over("min", operator, terms)


def _highest(operator: str, terms: list[Term]) -> Term:
    return _over("max", operator, terms)


_SIZES = {
    Kind.TEXT: "string-length({})",
    Kind.DATE: "string-length({})",
    Kind.ANY: "string-length({})",
    Kind.CHOICES: "count-selected({})",
    Kind.VALUES: "count({}[. != ''])",
    Kind.REPETITIONS: "count({})",
    Kind.FILES: "if({} != '', 1, 0)",
    Kind.NOTHING: "0",
}


def _size(_: str, terms: list[Term]) -> Term:
    (term,) = terms
    if term.kind in _SIZES:
        return Term(_SIZES[term.kind].format(term.text), Kind.NUMBER)
    if isinstance(term.value, str | list):
        return Term(str(len(term.value)), Kind.NUMBER)
    raise NotExpressible(f"'size' cannot count {term.kind.value}")


def _matches(_: str, terms: list[Term]) -> Term:
    text, pattern = terms
    if not isinstance(pattern.value, str):
        raise NotExpressible("'matches' takes a pattern that is written out")
    if text.kind not in (Kind.TEXT, Kind.ANY) and not isinstance(text.value, str):
        raise NotExpressible(f"'matches' takes a text, not {text.kind.value}")
    test = f"regex({text.text}, {quoted(pattern.value.join(ANCHORED))})"
    if text.kind is Kind.TEXT and pattern_of(pattern.value).fullmatch("") and text.text != ".":
        return Term(f"{text.text} != '' and {test}", Kind.TRUTH, Level.AND)
    return Term(test, Kind.TRUTH)


def _seconds(_: str, terms: list[Term]) -> Term:
    (term,) = terms
    if term.kind is Kind.TIME:
        return Term(f"round(decimal-time({term.text}) * 86400, 0)", Kind.NUMBER)
    if term.kind in (Kind.MOMENT, Kind.DATE):
        return Term(f"round(decimal-date-time({term.text}) * 86400, 0)", Kind.NUMBER)
    raise NotExpressible(f"'seconds' takes a date, a time or a moment, not {term.kind.value}")


def _days(_: str, terms: list[Term]) -> Term:
    (term,) = terms
    if term.kind is Kind.DATE:
        return Term(f"round(decimal-date-time({term.text}), 0)", Kind.NUMBER)
    if term.kind is Kind.MOMENT:
        return Term(f"int(decimal-date-time({term.text}))", Kind.NUMBER)
    if isinstance(term.value, str):
        return Term(f"round(decimal-date-time(date({quoted(term.value[:10])})), 0)", Kind.NUMBER)
    raise NotExpressible(f"'days' takes a date or a moment, not {term.kind.value}")


def _round(_: str, terms: list[Term]) -> Term:
    value, digits = (*terms, literal(0))[:2]
    return Term(f"round({number(value).text}, {number(digits).text})", Kind.NUMBER)


OWN_WRITERS: Mapping[str, Callable[[str, list[Term]], Term]] = {
    "sum": _sum,
    "lowest": _lowest,
    "highest": _highest,
    "size": _size,
    "matches": _matches,
    "seconds": _seconds,
    "days": _days,
    "round": _round,
}
"""Operator → how it is written."""
