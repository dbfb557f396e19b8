"""JsonLogic as XPath: the same outcome on a phone as on the server, or a refusal that names why.

A question that is not answered is an empty text in a form and null in JsonLogic. With either no
order holds, and a yes/no question that is not answered equals neither yes nor no.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from incognita_shared.questionnaire.conditions import ANSWER, NOW, TODAY, VALUE, Context
from incognita_shared.questionnaire.model import Question, Questionnaire
from incognita_xlsform.names import fact_name, form_name
from incognita_xlsform.problems import NotExpressible
from incognita_xlsform.xpath.comparing import equal, ordered
from incognita_xlsform.xpath.own_operators import OWN_WRITERS
from incognita_xlsform.xpath.terms import Kind, Level, Term, kind_of, literal, number, quoted, truth


@dataclass(frozen=True)
class Place:
    """Where a rule stands: what ``value`` is there, and within which repeated section."""

    value: Term | None = None
    repeated: str | None = None


ANYWHERE = Place()


@dataclass
class XPathWriter:
    """Writes the rules of one questionnaire's form.

    ``constants``: what is known of branch and visit; None leaves references to fields of the form
    (``${ms_branch_city}``). ``sections``: ids of those in the form; answers of others are written
    as the values that ``answers`` gives them.
    """

    questionnaire: Questionnaire
    constants: Context | None = None
    sections: frozenset[str] | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    facts: set[str] = field(default_factory=set)
    _kinds: dict[str, Kind] = field(default_factory=dict)

    def condition(self, rule: dict[str, Any] | bool, place: Place = ANYWHERE) -> str:
        """The rule as a truth value. Raises NotExpressible."""
        return truth(self.term(rule, place)).text

    def term(self, node: object, place: Place) -> Term:
        """Any part of a rule. Raises NotExpressible."""
        if isinstance(node, list) and any(isinstance(each, dict) for each in node):
            return Term("", Kind.LISTED, value=[self.term(each, place) for each in node])
        if not isinstance(node, dict):
            return literal(node)
        ((operator, given),) = node.items()
        operands = given if isinstance(given, list) else [given]
        if operator == "var":
            return self._variable(operands, place)
        if operator in ("missing", "missing_some"):
            return self._missing(operator, operands, place)
        if operator == "in":
            return self._member(operands, place)
        terms = [self.term(each, place) for each in operands]
        writer = WRITERS.get(operator)
        if writer is None:
            raise NotExpressible(f"a form knows no operator {operator!r}")
        return writer(operator, terms)

    def answer(self, question: Question, name: str | None = None) -> Term:
        """The reference to a question's answer, of which it knows the kind."""
        text = f"${{{name or form_name(question.id)}}}"
        return Term(text, self._kind(question))

    def _kind(self, question: Question) -> Kind:
        if question.calculation is None:
            return kind_of(question)
        if question.id not in self._kinds:
            self._kinds[question.id] = Kind.ANY  # a calculation that names itself
            section = self.questionnaire.section_of[question.id]
            place = Place(repeated=section.id if section.repeat else None)
            found = self.term(question.calculation, place)
            kind = literal_kind(found)
            self._kinds[question.id] = Kind.TRUE_FALSE if kind is Kind.TRUTH else kind
        return self._kinds[question.id]

    def _variable(self, operands: list[Any], place: Place) -> Term:
        found = self._path(operands[0], place)
        if len(operands) == 1 or operands[1] is None:
            return found
        instead = self.term(operands[1], place)
        if found.kind is Kind.NOTHING:
            return instead
        if found.kind is Kind.LITERAL:
            return found
        if found.kind in (Kind.YES_NO, Kind.TRUE_FALSE):
            text = f"if({found.text} = '', {truth(instead).text}, {truth(found).text})"
            return Term(text, Kind.TRUTH)
        return Term(f"coalesce({found.text}, {instead.text})", found.kind)

    def _path(self, path: str, place: Place) -> Term:
        if path == VALUE:
            if place.value is None:
                raise NotExpressible("'value' means nothing here")
            return place.value
        if path == NOW:
            return Term("now()", Kind.MOMENT)
        if path == TODAY:
            return Term("today()", Kind.DATE)
        if path.startswith(ANSWER):
            return self._answer_at(path[len(ANSWER) :], place)
        if self.constants is None:
            self.facts.add(path)
            return Term(f"${{{fact_name(path)}}}", Kind.ANY)
        part, _, name = path.partition(".")
        known = self.constants.branch if part == "branch" else self.constants.visit
        return literal(known.get(name))

    def _answer_at(self, name: str, place: Place) -> Term:
        if name in self.questionnaire.repeated:
            if not self._is_here(name):
                return literal(self.answers.get(name))
            return Term(f"${{{form_name(name)}}}", Kind.REPETITIONS)
        question = self.questionnaire.by_id.get(name)
        if question is None:
            raise NotExpressible(f"answers.{name} is no question here")
        section = self.questionnaire.section_of[name]
        if not self._is_here(section.id):
            return literal(self._known(name, section.id))
        found = self.answer(question)
        if section.repeat and place.repeated != section.id:
            return replace(found, kind=Kind.VALUES, element=found.kind)
        return found

    def _is_here(self, section_id: str) -> bool:
        return self.sections is None or section_id in self.sections

    def _known(self, question_id: str, section_id: str) -> object:
        repetitions = self.answers.get(section_id)
        if isinstance(repetitions, list):
            return [each.get(question_id) for each in repetitions]
        return self.answers.get(question_id)

    def _missing(self, operator: str, operands: list[Any], place: Place) -> Term:
        """True where the list that JsonLogic gives would not be empty."""
        least, paths = (None, operands) if operator == "missing" else operands
        if len(paths) == 1 and isinstance(paths[0], list):
            paths = paths[0]
        found = [self._path(path, place) for path in paths]
        if least is None:
            texts = [f"{term.text} = ''" for term in found]
            return Term(" or ".join(texts) or "false()", Kind.TRUTH, Level.OR)
        counted = " + ".join(f"if({term.text} != '', 1, 0)" for term in found)
        return Term(f"{counted or 0} < {least}", Kind.TRUTH, Level.ORDER)

    def _member(self, operands: list[Any], place: Place) -> Term:
        needle, stack = (self.term(each, place) for each in operands)
        if stack.kind is Kind.NOTHING:
            return Term("false()", Kind.TRUTH)
        if isinstance(stack.value, list):
            return _in_list(needle, stack.value)
        if stack.kind is Kind.CHOICES:
            return Term(f"selected({stack.text}, {_text(needle)})", Kind.TRUTH)
        if stack.kind is Kind.VALUES:
            joined = f"join(' ', {stack.text})"
            return Term(f"selected({joined}, {_text(needle)})", Kind.TRUTH)
        if stack.kind in (Kind.TEXT, Kind.ANY) or isinstance(stack.value, str):
            return Term(f"contains({stack.text}, {_text(needle)})", Kind.TRUTH)
        raise NotExpressible(f"'in' cannot look into {stack.kind.value}")


def literal_kind(term: Term) -> Kind:
    """The kind of a term, of a literal that of its value."""
    if term.kind is not Kind.LITERAL:
        return term.kind
    if isinstance(term.value, bool):
        return Kind.TRUTH
    return Kind.NUMBER if isinstance(term.value, int | float) else Kind.TEXT


def _text(term: Term) -> str:
    if term.kind is Kind.LITERAL and isinstance(term.value, int | float):
        if isinstance(term.value, bool):
            raise NotExpressible("'in' cannot look for true or false in a form")
        return quoted(term.text)
    if term.kind in (Kind.YES_NO, Kind.TRUE_FALSE, Kind.TRUTH) or isinstance(term.value, list):
        raise NotExpressible(f"'in' cannot look for {term.kind.value} in a form")
    return term.text


def _in_list(needle: Term, values: list[Any]) -> Term:
    """``selected`` where no value has a blank in it, else one comparison for each."""
    if any(isinstance(value, Term) for value in values):
        raise NotExpressible("'in' takes a list of values that are written out, in a form")
    texts = all(isinstance(value, str) for value in values)
    joinable = all(isinstance(v, str) and v and not set(v) & set(" \t\n\r") for v in values)
    if texts and joinable and values and needle.kind in (Kind.TEXT, Kind.ANY):
        return Term(f"selected({quoted(' '.join(values))}, {needle.text})", Kind.TRUTH)
    if not values:
        return Term("false()", Kind.TRUTH)
    return _any_of([equal("==", needle, literal(value)) for value in values])


def _any_of(terms: list[Term]) -> Term:
    text = " or ".join(term.within(Level.AND) for term in terms)
    return Term(text, Kind.TRUTH, Level.OR if len(terms) > 1 else terms[0].level)


def _joined(operator: str, terms: list[Term]) -> Term:
    """``and`` and ``or`` of truth values; JsonLogic's give the last value that decided."""
    if len(terms) == 1:
        return terms[0]
    level = Level.OR if operator == "or" else Level.AND
    text = f" {operator} ".join(truth(term).within(Level(level + 1)) for term in terms)
    return Term(text, Kind.TRUTH, level)


def _not(_: str, terms: list[Term]) -> Term:
    return Term(f"not({truth(terms[0]).text})", Kind.TRUTH)


def _sure(_: str, terms: list[Term]) -> Term:
    return truth(terms[0])


def _if(_: str, terms: list[Term]) -> Term:
    outcomes = [*terms[1::2], *(terms[-1:] if len(terms) % 2 else [])]
    kinds = {literal_kind(term) for term in outcomes} - {Kind.NOTHING}
    if Kind.VALUES in kinds or any(isinstance(term.value, list) for term in outcomes):
        raise NotExpressible("'if' cannot give a list in a form")
    truths = kinds & {Kind.TRUTH, Kind.YES_NO, Kind.TRUE_FALSE}
    if truths and kinds - truths:
        raise NotExpressible("'if' gives a truth value here and something else there")
    shown = [truth(term).text if truths else term.text for term in outcomes]
    text = shown[-1] if len(terms) % 2 else ("false()" if truths else "''")
    for test, outcome in reversed(list(zip(terms[:-1:2], shown, strict=False))):
        text = f"if({truth(test).text}, {outcome}, {text})"
    kind = Kind.TRUTH if truths else kinds.pop() if len(kinds) == 1 else Kind.ANY
    return Term(text, kind)


def _sum(operator: str, terms: list[Term]) -> Term:
    numbers = [number(term) for term in terms]
    if len(numbers) == 1:
        if operator == "-":
            return Term(f"-{numbers[0].within(Level.ATOM)}", Kind.NUMBER, Level.NEGATION)
        return Term(f"number({numbers[0].text})", Kind.NUMBER)
    first, *others = numbers
    text = f" {operator} ".join(
        [first.within(Level.SUM), *(each.within(Level.PRODUCT) for each in others)]
    )
    return Term(text, Kind.NUMBER, Level.SUM)


def _product(operator: str, terms: list[Term]) -> Term:
    sign = {"*": "*", "/": "div", "%": "mod"}[operator]
    first, *others = [number(term) for term in terms]
    if not others:
        return Term(f"number({first.text})", Kind.NUMBER)
    text = f" {sign} ".join(
        [first.within(Level.PRODUCT), *(each.within(Level.NEGATION) for each in others)]
    )
    return Term(text, Kind.NUMBER, Level.PRODUCT)


def _extreme(operator: str, terms: list[Term]) -> Term:
    if len(terms) == 1:
        return number(terms[0])
    text = f"{operator}({', '.join(number(term).text for term in terms)})"
    blanks = [f"{term.text} = ''" for term in terms if term.kind is not Kind.LITERAL]
    if blanks:  # a form passes over what is not answered, where JsonLogic gives nothing
        text = f"if({' or '.join(blanks)}, number(''), {text})"
    return Term(text, Kind.NUMBER)


def _cat(_: str, terms: list[Term]) -> Term:
    for term in terms:
        if literal_kind(term) not in (Kind.TEXT, Kind.NUMBER, Kind.ANY, Kind.DATE):
            raise NotExpressible(f"'cat' cannot join {literal_kind(term).value} in a form")
    return Term(f"concat({', '.join(term.text for term in terms)})", Kind.TEXT)


Writer = Callable[[str, list[Term]], Term]

WRITERS: Mapping[str, Writer] = {
    **dict.fromkeys(("==", "===", "!=", "!=="), lambda op, terms: equal(op, *terms)),
    **dict.fromkeys(("<", "<=", ">", ">="), ordered),
    **dict.fromkeys(("and", "or"), _joined),
    **dict.fromkeys(("if", "?:"), _if),
    **dict.fromkeys(("+", "-"), _sum),
    **dict.fromkeys(("*", "/", "%"), _product),
    **dict.fromkeys(("min", "max"), _extreme),
    "!": _not,
    "!!": _sure,
    "cat": _cat,
    **OWN_WRITERS,
}
"""Operator → how it is written; ``merge`` alone has no counterpart in a form."""
