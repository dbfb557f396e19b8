"""Parts of an XPath expression that know what they give, so that each is joined as it must be."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from incognita_shared.questionnaire.model import MEDIA_TYPES, Question, QuestionType
from incognita_xlsform.problems import NotExpressible


class Kind(StrEnum):
    """What an expression gives."""

    TRUTH = "a truth value"
    YES_NO = "yes or no"  # the texts by which a form answers a yes/no question
    TRUE_FALSE = "true or false, as text"  # what a form makes of a calculated truth value
    NUMBER = "a number"
    TEXT = "a text"
    CHOICES = "a set of choices"
    DATE = "a date"
    TIME = "a time"
    MOMENT = "a moment"
    FILES = "files"
    POSITION = "a position"
    VALUES = "the values of a repeated question"
    REPETITIONS = "repetitions"
    LISTED = "a list of values"
    ANY = "an unknown value"
    LITERAL = "a value"
    NOTHING = "nothing"


class Level(IntEnum):
    """How tightly a term binds; an operand that binds less tightly needs parentheses."""

    OR = 1
    AND = 2
    EQUALITY = 3
    ORDER = 4
    SUM = 5
    PRODUCT = 6
    NEGATION = 7
    ATOM = 9


@dataclass(frozen=True, slots=True)
class Term:
    """An expression, what it gives, how tightly it binds; ``value`` of a literal."""

    text: str
    kind: Kind
    level: Level = Level.ATOM
    value: object = None
    element: Kind = Kind.ANY

    def within(self, level: Level) -> str:
        """The text as an operand of an operation of this level."""
        return self.text if self.level >= level else f"({self.text})"


KINDS = {
    QuestionType.BOOLEAN: Kind.YES_NO,
    QuestionType.INTEGER: Kind.NUMBER,
    QuestionType.DECIMAL: Kind.NUMBER,
    QuestionType.DURATION: Kind.NUMBER,
    QuestionType.RATING: Kind.NUMBER,
    QuestionType.MULTIPLE_CHOICE: Kind.CHOICES,
    QuestionType.DATE: Kind.DATE,
    QuestionType.TIME: Kind.TIME,
    QuestionType.MOMENT: Kind.MOMENT,
    QuestionType.POSITION: Kind.POSITION,
    QuestionType.CALCULATED: Kind.ANY,
    QuestionType.NOTE: Kind.NOTHING,
    **dict.fromkeys(MEDIA_TYPES, Kind.FILES),
}


def kind_of(question: Question) -> Kind:
    """What an answer of the question is, within a form."""
    return KINDS.get(question.type, Kind.TEXT)


def quoted(text: str) -> str:
    """A text as an XPath literal, which has no escapes."""
    if "'" not in text:
        return f"'{text}'"
    if '"' not in text:
        return f'"{text}"'
    parts = [f"'{part}'" for part in text.split("'")]
    return "concat(" + ', "\'", '.join(parts) + ")"


def number_text(number: float) -> str:
    """A number as XPath writes it: no exponent."""
    if isinstance(number, int):
        return str(number)
    text = repr(number)
    if "e" in text or "E" in text:
        text = f"{number:.20f}".rstrip("0").rstrip(".")
        if float(text) != number:
            raise NotExpressible(f"the number {number!r} is too small or too exact for a form")
    return text


def literal(value: object) -> Term:
    """A JsonLogic value as it stands."""
    match value:
        case None:
            return Term("''", Kind.NOTHING, value=None)
        case bool():
            return Term("true()" if value else "false()", Kind.LITERAL, value=value)
        case int() | float():
            text = number_text(value)
            level = Level.NEGATION if text.startswith("-") else Level.ATOM
            return Term(text, Kind.LITERAL, level, value=value)
        case str():
            return Term(quoted(value), Kind.LITERAL, value=value)
        case list():
            return Term("", Kind.LITERAL, value=value)
    raise NotExpressible(f"a condition cannot hold a {type(value).__name__}")


def truth(term: Term) -> Term:
    """Whether the term holds, as JsonLogic sees it: nothing, 0 and the empty text do not."""
    if term.kind is Kind.TRUTH:
        return term
    if term.kind is Kind.NOTHING:
        return Term("false()", Kind.TRUTH)
    if term.kind is Kind.LITERAL:
        return Term("true()" if term.value else "false()", Kind.TRUTH)
    match term.kind:
        case Kind.YES_NO:
            text = f"{term.within(Level.EQUALITY)} = 'yes'"
        case Kind.TRUE_FALSE:
            text = f"{term.within(Level.EQUALITY)} = 'true'"
        case Kind.NUMBER:
            return Term(f"boolean(number({term.text}))", Kind.TRUTH)
        case Kind.VALUES | Kind.REPETITIONS:
            text = f"count({term.text}) > 0"
            return Term(text, Kind.TRUTH, Level.ORDER)
        case _:
            text = f"{term.within(Level.EQUALITY)} != ''"
    return Term(text, Kind.TRUTH, Level.EQUALITY)


def number(term: Term) -> Term:
    """The term as a number; nothing stays nothing (NaN), with which no comparison holds."""
    match term.kind:
        case Kind.NUMBER | Kind.ANY:
            return term
        case Kind.NOTHING:
            return Term("number('')", Kind.NUMBER)
        case Kind.TRUTH:
            return Term(f"number({term.text})", Kind.NUMBER)
        case Kind.YES_NO | Kind.TRUE_FALSE:
            blank = f"{term.within(Level.EQUALITY)} = ''"
            yes = truth(term).text
            return Term(f"if({blank}, number(''), if({yes}, 1, 0))", Kind.NUMBER)
        case Kind.LITERAL:
            return _literal_number(term)
        case Kind.TEXT:
            return Term(f"number({term.text})", Kind.NUMBER)
    raise NotExpressible(f"a form cannot reckon with {term.kind.value}")


def _literal_number(term: Term) -> Term:
    if isinstance(term.value, int | float):
        given = number_text(int(term.value) if isinstance(term.value, bool) else term.value)
        level = Level.NEGATION if given.startswith("-") else Level.ATOM
        return Term(given, Kind.NUMBER, level)
    if isinstance(term.value, str):
        try:
            return _literal_number(literal(float(term.value)))
        except ValueError:
            pass
    raise NotExpressible(f"{term.text or 'a list'} is no number")
