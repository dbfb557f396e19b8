"""What the ``type`` column says: XLSForm's types, their other names, and those not carried."""

import re
from dataclasses import dataclass

from incognita_shared.questionnaire.model import QuestionType

NATIVE = {
    "text": QuestionType.TEXT, "string": QuestionType.TEXT,
    "integer": QuestionType.INTEGER, "int": QuestionType.INTEGER,
    "decimal": QuestionType.DECIMAL,
    "date": QuestionType.DATE, "time": QuestionType.TIME,
    "datetime": QuestionType.MOMENT, "date_time": QuestionType.MOMENT,
    "image": QuestionType.PHOTO, "photo": QuestionType.PHOTO, "audio": QuestionType.AUDIO,
    "video": QuestionType.VIDEO, "file": QuestionType.FILE,
    "geopoint": QuestionType.POSITION, "gps": QuestionType.POSITION,
    "location": QuestionType.POSITION,
    "note": QuestionType.NOTE,
    "calculate": QuestionType.CALCULATED, "hidden": QuestionType.CALCULATED,
    "range": QuestionType.RATING,
}  # fmt: skip
CHANGED = {
    "barcode": (QuestionType.TEXT, "a barcode is typed in as a text"),
    "acknowledge": (QuestionType.BOOLEAN, "an acknowledgement is asked as a yes/no question"),
    "trigger": (QuestionType.BOOLEAN, "an acknowledgement is asked as a yes/no question"),
    "background-audio": (QuestionType.AUDIO, "the recording is made by hand, not by itself"),
    "start-geopoint": (QuestionType.POSITION, "the position is taken by hand, not by itself"),
}
"""Types that become another one, and what changes with it."""
REPORTED = (
    "start", "end", "today", "deviceid", "subscriberid", "simserial", "phonenumber", "username",
    "email", "audit", "imei", "uuid", "uri", "start_time", "end_time", "device_id", "caseid",
    "text_audit", "audio_audit", "speed_violations_count", "speed_violations_list",
    "speed_violations_audit", "comments", "sensor_statistic", "sensor_stream",
)  # fmt: skip
"""What a form app fills in by itself; a report says who and when without it."""
REFUSED = {
    "geotrace": "a line on a map cannot be carried: ask for positions",
    "geoshape": "an area on a map cannot be carried: ask for positions",
    "rank": "a ranking cannot be carried: ask for the first choice, the second and so on",
    "select_one_from_file": "choices from a file cannot be carried: write them in choices",
    "select_multiple_from_file": "choices from a file cannot be carried: write them in choices",
    "select_one_external": "choices from a file cannot be carried: write them in choices",
    "xml-external": "a file beside the form cannot be carried",
    "csv-external": "a file beside the form cannot be carried",
    "background-geopoint": "a position taken in the background cannot be carried",
    "osm": "OpenStreetMap features cannot be carried",
}
_SELECTS = {
    "select_one": QuestionType.SINGLE_CHOICE, "select one": QuestionType.SINGLE_CHOICE,
    "select1": QuestionType.SINGLE_CHOICE, "select one from": QuestionType.SINGLE_CHOICE,
    "select_multiple": QuestionType.MULTIPLE_CHOICE,
    "select multiple": QuestionType.MULTIPLE_CHOICE,
    "select all that apply": QuestionType.MULTIPLE_CHOICE,
    "select all that apply from": QuestionType.MULTIPLE_CHOICE,
}  # fmt: skip
_SELECT = re.compile(
    rf"(?P<what>{'|'.join(sorted(_SELECTS, key=len, reverse=True))})\s+(?P<list>\S+)"
    r"(?P<other>\s+or[_ ]other(?:[_ ]specify)?)?",
    re.IGNORECASE,
)
_MARK = re.compile(r"(begin|end)[\s_]*(group|repeat|lgroup|looped group)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TypeCell:
    """``word``: the first word in lower case. ``list_name`` and ``or_other`` of a select."""

    word: str
    native: QuestionType | None = None
    list_name: str = ""
    or_other: bool = False


def type_of(text: str) -> TypeCell:
    """What the cell says; ``native`` is None for what is no question of a known type."""
    joined = " ".join(text.split())
    select = _SELECT.fullmatch(joined)
    if select:
        native = _SELECTS[" ".join(select["what"].lower().split())]
        return TypeCell("select", native, select["list"], bool(select["other"]))
    whole = joined.lower().replace(" ", "_")
    if whole in CHANGED:
        return TypeCell(whole, CHANGED[whole][0])
    first = joined.split(" ")[0].lower() if joined else ""
    return TypeCell(first if first in REFUSED else whole, NATIVE.get(whole))


def mark_of(text: str) -> tuple[str, str] | None:
    """``begin`` or ``end``, and ``group`` or ``repeat``; None for a question's type."""
    match = _MARK.fullmatch(" ".join(text.split()))
    if match is None:
        return None
    return match[1].lower(), "group" if match[2].lower() == "group" else "repeat"
