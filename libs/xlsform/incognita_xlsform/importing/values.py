"""Cells that hold an answer: defaults and expected values."""

from incognita_shared.questionnaire.model import QuestionType
from incognita_xlsform.importing.cells import NO, YES, plain_number

_NUMBERS = (
    QuestionType.INTEGER,
    QuestionType.DECIMAL,
    QuestionType.DURATION,
    QuestionType.RATING,
    QuestionType.CALCULATED,
)


def value_of(type_: QuestionType, text: str) -> str | int | float | bool:
    """The cell as an answer of that type. Raises ValueError that says what it has to be."""
    if type_ is QuestionType.BOOLEAN:
        if text.lower() not in YES + NO:
            raise ValueError(f"{text!r} is neither yes nor no")
        return text.lower() in YES
    if type_ is QuestionType.CALCULATED and text.lower() in ("true", "false"):
        return text.lower() == "true"
    number = plain_number(text) if type_ in _NUMBERS else None
    if number is not None:
        return float(number) if "." in number else int(number)
    if type_ in _NUMBERS and type_ is not QuestionType.CALCULATED:
        raise ValueError(f"{text!r} is no number")
    return text
