"""The choices sheet: lists by name."""

from collections import Counter
from dataclasses import dataclass, field

from incognita_xlsform.choice_lists import YES_NO
from incognita_xlsform.importing.cells import number_of
from incognita_xlsform.importing.found import Found
from incognita_xlsform.importing.headers import Row, Table
from incognita_xlsform.importing.texts import Languages

SHEET = "choices"
_MEDIA = ("image", "big-image", "audio", "video")


@dataclass(slots=True)
class ChoiceList:
    """The rows of one list, and its choices as the model takes them, without filters."""

    name: str
    rows: list[Row] = field(default_factory=list)
    choices: list[dict[str, object]] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)

    def item(self, row: Row, others: list[str]) -> dict[str, str]:
        """What a choice filter may ask of the choice."""
        own = {header: row.get(header) for header in others}
        return own | {"name": row.get("name"), "label": self.labels.get(row.get("name"), "")}


def lists_of(table: Table | None, languages: Languages, found: Found) -> dict[str, ChoiceList]:
    """Name → list, in order."""
    lists: dict[str, ChoiceList] = {}
    if table is None:
        return lists
    for row in table.rows:
        name, choice = row.get("list_name"), row.get("name")
        if not name or not choice:
            missing = "list_name" if not name else "name"
            found.error(SHEET, row.number, row.header(missing), "is missing")
            continue
        entry = lists.setdefault(name, ChoiceList(name))
        label = languages.checked(table, row, "label", found)
        if not label and name != YES_NO:
            cause = f"the choice {choice} has no label: it shows its name"
            found.warning(SHEET, row.number, "label", cause)
            label = {languages.default: choice}
        entry.rows.append(row)
        entry.labels[choice] = label.get(languages.default) or choice
        entry.choices.append({"id": choice, "label": label} | _points(row, found))
        for column in _MEDIA:
            if column in row.texts:
                cause = f"the {column} of the choice {choice} is not carried"
                found.warning(SHEET, row.number, row.header(column), cause)
    _refuse_twice(lists, found)
    return lists


def _points(row: Row, found: Found) -> dict[str, object]:
    points = number_of(SHEET, row, "ms_points", found)
    return {} if points is None else {"points": points}


def _refuse_twice(lists: dict[str, ChoiceList], found: Found) -> None:
    for entry in lists.values():
        times = Counter(row.get("name") for row in entry.rows)
        for row in entry.rows:
            if times[row.get("name")] > 1:
                cause = f"the choice {row.get('name')} is there twice in the list {entry.name}"
                found.error(SHEET, row.number, row.header("name"), cause)
