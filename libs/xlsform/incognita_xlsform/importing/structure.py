"""Groups and repeats of a survey, as the flat sections that questionnaires have."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from incognita_xlsform.importing.cells import YES
from incognita_xlsform.importing.found import Found
from incognita_xlsform.importing.headers import Row
from incognita_xlsform.importing.kinds import TypeCell, mark_of, type_of
from incognita_xlsform.importing.naming import identifier_of

SHEET = "survey"


@dataclass(slots=True)
class DraftQuestion:
    """A row that asks something. ``groups``: rows of the groups in its section, outermost first.

    ``is_title``: the row begins a group, whose label is shown as a note.
    """

    row: Row
    id: str
    type: TypeCell
    groups: tuple[Row, ...] = ()
    is_title: bool = False


@dataclass(slots=True)
class DraftSection:
    """``row`` begins the group; None for questions outside of groups. ``groups`` are around it."""

    id: str
    row: Row | None
    repeats: bool = False
    groups: tuple[Row, ...] = ()
    questions: list[DraftQuestion] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Open:
    row: Row
    kind: str


class Structure:
    """Walks the survey's rows once; ``sections`` are in the order of the form."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._open: list[_Open] = []
        self._taken: dict[str, int] = {}
        self.sections: list[DraftSection] = []
        self._current: DraftSection | None = None

    def read(self, rows: list[Row]) -> list[DraftSection]:
        """The sections. What cannot be placed is an error."""
        for row in rows:
            self._read_row(row)
        for each in self._open:
            cause = f"the {each.kind} {each.row.get('name')} has no end_{each.kind}"
            self._found.error(SHEET, each.row.number, each.row.header("type"), cause)
        return [section for section in self.sections if self._has_questions(section)]

    def _read_row(self, row: Row) -> None:
        text = row.get("type")
        if row.get("disabled").lower() in YES:
            cause = f"the row {row.get('name')} is disabled, and not carried"
            self._found.warning(SHEET, row.number, row.header("disabled"), cause)
            return
        if not text:
            self._report_without_type(row)
            return
        mark = mark_of(text)
        if mark is None:
            self._add_question(row, text)
        elif mark[0] == "begin":
            self._begin(row, mark[1])
        else:
            self._end(row, mark[1])

    def _report_without_type(self, row: Row) -> None:
        if row.get("name") or row.texts.get("label"):
            self._found.error(SHEET, row.number, "type", "is missing")
        else:
            self._found.warning(SHEET, row.number, "type", "is missing: the row is a remark")

    def _add_question(self, row: Row, text: str) -> None:
        if self._current is None:
            self._current = self._section(row, None, repeats=False)
        name = row.get("name")
        question = DraftQuestion(row, self._id(row, name), type_of(text), self._inner())
        self._current.questions.append(question)

    def _begin(self, row: Row, kind: str) -> None:
        inside = next((each for each in self._open if each.kind == "repeat"), None)
        if kind == "repeat" and inside:
            cause = f"the repeat {row.get('name')} is within the repeat {inside.row.get('name')}"
            self._found.error(SHEET, row.number, row.header("type"), cause)
        self._open.append(_Open(row, kind))
        if kind == "repeat" or len(self._open) == 1:
            self._current = self._section(row, row, repeats=kind == "repeat")
            return
        self._found.warning(
            SHEET, row.number, row.header("type"),
            f"the inner group {row.get('name')} joins its section, its label as a note",
        )  # fmt: skip
        if self._current is None:
            self._resume()
        if row.texts.get("label") and self._current:
            identifier = self._id(row, row.get("name") or f"group_{row.number}")
            note = DraftQuestion(row, identifier, type_of("note"), self._inner(), is_title=True)
            self._current.questions.append(note)

    def _end(self, row: Row, kind: str) -> None:
        if not self._open:
            cause = f"ends a {kind}, and none has begun"
            self._found.error(SHEET, row.number, row.header("type"), cause)
            return
        last = self._open.pop()
        if last.kind != kind:
            begun = f"the {last.kind} {last.row.get('name')} (row {last.row.number})"
            self._found.error(
                SHEET, row.number, row.header("type"), f"ends a {kind} within {begun}"
            )
        if last.kind == "repeat" or not self._open:
            self._current = None
        if self._open and self._current is None:
            self._resume()

    def _resume(self) -> None:
        """Questions after a repeat within a group go on as a section of their own."""
        outer = self._open[0].row
        section = DraftSection(self._free(identifier_of(outer.get("name") or "group")), outer)
        self.sections.append(section)
        self._current = section

    def _section(self, at: Row, row: Row | None, *, repeats: bool) -> DraftSection:
        name = row.get("name") if row else "main"
        if row is not None and not name:
            cause = "a group has a name, by which its score is known"
            self._found.error(SHEET, at.number, at.header("name"), cause)
        around = tuple(each.row for each in self._open if each.row is not row)
        identifier = self._free(identifier_of(name or "group"))
        if row is at and identifier != name and not name.startswith("ms_id_"):
            self._report_renamed(at, name, identifier)
        section = DraftSection(identifier, row, repeats, around)
        self.sections.append(section)
        return section

    def _inner(self) -> tuple[Row, ...]:
        """The groups that are open within the current section."""
        section = self._current
        if section is None or section.row is None:
            return ()
        outside = {each.number for each in section.groups} | {section.row.number}
        return tuple(each.row for each in self._open if each.row.number not in outside)

    def _id(self, row: Row, name: str) -> str:
        if not name:
            self._found.error(SHEET, row.number, row.header("name"), "is missing")
            return self._free(f"row_{row.number}")
        identifier = identifier_of(name)
        free = self._free(identifier)
        here = self._current.names if self._current else set()
        if name in here:
            cause = f"the name {name} is there twice"
            self._found.error(SHEET, row.number, row.header("name"), cause)
        elif not name.startswith("ms_id_") and free != name:
            self._report_renamed(row, name, free)
        here.add(name)
        return free

    def _report_renamed(self, row: Row, name: str, identifier: str) -> None:
        taken = identifier_of(name) == name
        why = "it is taken" if taken else "ids have Latin letters, digits, _ and -"
        cause = f"the name {name} becomes {identifier}: {why}"
        self._found.warning(SHEET, row.number, row.header("name"), cause)

    def _free(self, identifier: str) -> str:
        free, number = identifier, self._taken.get(identifier, 0)
        while free in self._taken:
            number += 1
            free = f"{identifier[:58]}_{number + 1}"
        self._taken[identifier] = number
        self._taken.setdefault(free, 0)
        return free

    def _has_questions(self, section: DraftSection) -> bool:
        if section.questions:
            return True
        row = section.row
        if row is not None and not any(
            other is not section and other.questions and other.row is row
            for other in self.sections
        ) and not any(row in other.groups for other in self.sections):  # fmt: skip
            cause = f"the group {row.get('name')} has no questions"
            self._found.warning(SHEET, row.number, row.header("type"), cause)
        return False


def declared_rows(sections: list[DraftSection]) -> Iterator[tuple[DraftSection, DraftQuestion]]:
    """Every question with its section."""
    for section in sections:
        for question in section.questions:
            yield section, question
