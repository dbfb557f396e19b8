"""Question types as XLSForm calls them."""

from incognita_shared.questionnaire.model import Question, QuestionType

TYPES = {
    QuestionType.INTEGER: "integer",
    QuestionType.DECIMAL: "decimal",
    QuestionType.TEXT: "text",
    QuestionType.DATE: "date",
    QuestionType.TIME: "time",
    QuestionType.MOMENT: "dateTime",
    QuestionType.DURATION: "decimal",
    QuestionType.PHOTO: "image",
    QuestionType.AUDIO: "audio",
    QuestionType.VIDEO: "video",
    QuestionType.FILE: "file",
    QuestionType.POSITION: "geopoint",
    QuestionType.CALCULATED: "calculate",
    QuestionType.NOTE: "note",
}

WITHOUT_INPUT = (QuestionType.NOTE, QuestionType.CALCULATED)


def is_range(question: Question) -> bool:
    """Whether a rating can be a range: both of its ends are integers, the first the lower."""
    low, high = question.minimum, question.maximum
    if question.type is not QuestionType.RATING or low is None or high is None:
        return False
    return low == int(low) and high == int(high) and low < high


def range_parameters(question: Question) -> str:
    """The ``parameters`` of a rating that is a range."""
    ends = f"start={int(question.minimum or 0)} end={int(question.maximum or 0)} step=1"
    return f"{ends} {question.presentation.get('parameters', '')}".strip()
