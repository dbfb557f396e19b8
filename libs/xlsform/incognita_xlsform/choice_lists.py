"""The choices sheet: equal lists are written once and shared."""

from incognita_shared.questionnaire.model import Choice, Question
from incognita_xlsform.languages import language_name, word
from incognita_xlsform.names import form_name
from incognita_xlsform.texts import translated
from incognita_xlsform.xpath.terms import quoted
from incognita_xlsform.xpath.writing import Place, XPathWriter

YES_NO = "ms_yes_no"

_Entry = tuple[str, tuple[tuple[str, str], ...], str]


class ChoiceLists:
    """Gathers the lists of a form's questions as rows."""

    def __init__(self, languages: tuple[str, ...], default: str, *, points: bool) -> None:
        self.rows: list[dict[str, str]] = []
        self._languages = languages
        self._default = default
        self._points = points
        self._named: dict[tuple[_Entry, ...], str] = {}
        self._yes_no = False

    def of(self, question: Question) -> str:
        """The name of the list with the question's choices."""
        entries = tuple(self._entry(choice) for choice in question.choices)
        if entries not in self._named:
            self._named[entries] = name = form_name(question.id)
            for choice in question.choices:
                self.rows.append(self._row(name, choice))
        return self._named[entries]

    def yes_no(self) -> str:
        """The built-in list by which yes/no questions are answered."""
        if not self._yes_no:
            self._yes_no = True
            for name in ("yes", "no"):
                row = {"list_name": YES_NO, "name": name}
                for language in self._languages:
                    row[f"label::{language_name(language)}"] = word(name, language)
                self.rows.append(row)
        return YES_NO

    def _entry(self, choice: Choice) -> _Entry:
        points = "" if choice.points is None or not self._points else str(choice.points)
        return choice.id, tuple(sorted(choice.label.items())), points

    def _row(self, list_name: str, choice: Choice) -> dict[str, str]:
        row = {"list_name": list_name, "name": choice.id}
        fallback = None if self._points else self._default
        row |= translated("label", choice.label, self._languages, fallback)
        if self._points and choice.points is not None:
            row["ms_points"] = str(choice.points)
        return row


def choice_filter(question: Question, writer: XPathWriter, place: Place) -> str:
    """An expression that holds of the choices offered; empty where all always are."""
    groups: dict[str, list[str]] = {}
    for choice in question.choices:
        if choice.relevant is not None:
            rule = writer.condition(choice.relevant, place)
            groups.setdefault(rule, []).append(choice.id)
    clauses = [
        f"(not(selected({quoted(' '.join(ids))}, name)) or ({rule}))"
        for rule, ids in groups.items()
    ]
    return " and ".join(clauses)
