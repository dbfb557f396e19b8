"""A shopper's form: nothing of scores in it, and a field for everything that a report needs."""

import re
from collections.abc import Mapping

from pyxform.utils import default_is_dynamic

from incognita_shared.questionnaire.model import (
    MEDIA_TYPES,
    EvidenceRule,
    Question,
    QuestionType,
    Section,
)
from incognita_shared.values import EvidenceKind
from incognita_xlsform.form_rows import FormRows, Row, naming
from incognita_xlsform.languages import language_name, word
from incognita_xlsform.names import (
    evidence_name,
    file_name,
    not_applicable_name,
    screen_name,
)
from incognita_xlsform.question_types import is_range
from incognita_xlsform.xpath.terms import quoted
from incognita_xlsform.xpath.writing import Place, XPathWriter

FILES_OFFERED = 3
"""How many files a form offers where more than asked for may be given."""
MOST_FILES = 20
_SHOWN = re.compile(r"\$\{([^{}]*)\}")

_FILE_TYPES = {
    EvidenceKind.PHOTO: "image",
    EvidenceKind.RECEIPT: "image",
    EvidenceKind.BUSINESS_CARD: "image",
    EvidenceKind.AUDIO: "audio",
    EvidenceKind.VIDEO: "video",
    EvidenceKind.DOCUMENT: "file",
}
_SIZES = {
    QuestionType.TEXT: "string-length(.)",
    QuestionType.MULTIPLE_CHOICE: "count-selected(.)",
    QuestionType.INTEGER: ".",
    QuestionType.DECIMAL: ".",
    QuestionType.DURATION: ".",
    QuestionType.RATING: ".",
}


class DeviceRows(FormRows):
    """Rows for ``names.field_of`` to read back."""

    def __init__(self, writer: XPathWriter) -> None:
        super().__init__(writer, scoring=False)

    def add_section(self, section: Section) -> None:
        """Adds the section with its questions."""
        self.survey.append(self.section_row(section))
        for question in section.questions:
            self._add_question(question, section)
        self.survey.append(self.end_row(section))

    def texts(self, column: str, texts: Mapping[str, str]) -> Row:
        """One column a language; ``${name}`` shows an answer, unless there is none of that name."""
        shown = {
            language: _SHOWN.sub(
                lambda found: found[0] if self.knows(found[1].strip()) else "…", text
            )
            for language, text in texts.items()
        }
        return super().texts(column, shown)

    def default_of(self, question: Question) -> str:
        """Written as a literal text where pyxform would take it for an expression."""
        cell = super().default_of(question)
        if question.type in MEDIA_TYPES:
            return ""
        if default_is_dynamic(cell, self.type_of(question).partition(" ")[0]):
            return f"string({quoted(cell)})"
        return cell

    def _add_question(self, question: Question, section: Section) -> None:
        row = self.question_row(question, section)
        row |= self._ranged(question, row)
        if question.scoring.not_applicable_allowed:
            self._add_screen(question, row)
        else:
            self.survey.append(row)
        self._add_files(question)
        for number, rule in enumerate(question.evidence):
            if rule.kind is not MEDIA_TYPES.get(question.type):
                self._add_evidence(question, section, number, rule)

    def _ranged(self, question: Question, row: Row) -> Row:
        size = _SIZES.get(question.type)
        low, high = question.minimum, question.maximum
        if question.type is QuestionType.DURATION and low is None:
            low = 0  # type: ignore[assignment]
        if size is None or is_range(question) or (low is None and high is None):
            return {}
        ends = [f"{size} >= {low:f}"] if low is not None else []
        ends += [f"{size} <= {high:f}"] if high is not None else []
        if row.get("constraint"):
            ends.append(f"({row['constraint']})")
        return {"constraint": " and ".join(ends)}

    def _add_screen(self, question: Question, row: Row) -> None:
        """The question and "does not apply" on one screen, so that a tick hides the question."""
        group = {"type": "begin_group", "name": screen_name(question.id)}
        group |= {"appearance": "field-list"}
        if row.get("relevant"):
            group["relevant"] = row["relevant"]
        tick = not_applicable_name(question.id)
        row["relevant"] = f"not(${{{tick}}} = 'OK')"
        labels = {
            f"label::{language_name(each)}": word("not_applicable", each) for each in self.languages
        }
        self.survey += [
            group,
            row,
            {"type": "acknowledge", "name": tick, **labels},
            {"type": "end_group"},
        ]

    def _add_files(self, question: Question) -> None:
        kind = MEDIA_TYPES.get(question.type)
        if kind is None:
            return
        least = max(
            int(question.minimum or 1),
            *(each.minimum_count for each in question.evidence if each.kind is kind),
            1,
        )
        most = FILES_OFFERED if question.maximum is None else int(question.maximum)
        for number in range(2, min(max(least, most), MOST_FILES) + 1):
            row = {"type": self.type_of(question), "name": file_name(question.id, number)}
            row |= self._numbered_label(question, kind, number)
            row["relevant"] = f"${{{file_name(question.id, number - 1)}}} != ''"
            if number <= least:
                row["required"] = "yes"
            self.survey.append(row)

    def _add_evidence(
        self, question: Question, section: Section, index: int, rule: EvidenceRule
    ) -> None:
        asked = self._asked(question, section, rule)
        most = min(rule.maximum_count, max(rule.minimum_count, FILES_OFFERED), MOST_FILES)
        for number in range(1, most + 1):
            row = {
                "type": _FILE_TYPES[rule.kind],
                "name": evidence_name(question.id, index, number),
            }
            row |= self._numbered_label(question, rule.kind, number)
            before = f"${{{evidence_name(question.id, index, number - 1)}}} != ''"
            relevant = asked if number == 1 else before
            if relevant:
                row["relevant"] = relevant
            if number <= rule.minimum_count:
                row["required"] = "yes"
            if not rule.gallery_allowed and row["type"] in ("image", "video"):
                row["appearance"] = "new"
            self.survey.append(row)

    def _asked(self, question: Question, section: Section, rule: EvidenceRule) -> str:
        """When the rule asks: the question is asked and applies, and the rule's own condition."""
        tests = []
        place = self.place_of(question, section)
        if question.relevant is not None:
            tests.append(self.writer.condition(question.relevant, place))
        if question.scoring.not_applicable_allowed:
            tests.append(f"not(${{{not_applicable_name(question.id)}}} = 'OK')")
        if rule.when is not None:
            own = Place(self.writer.answer(question), place.repeated)
            with naming(question.id, "evidence"):
                tests.append(self.writer.condition(rule.when, own))
        return tests[0] if len(tests) == 1 else " and ".join(f"({test})" for test in tests)

    def _numbered_label(self, question: Question, kind: EvidenceKind, number: int) -> Row:
        texts = {
            language: f"{word(kind, language)} {number}: {text}"
            for language in self.languages
            if (text := question.label.get(language) or self._any_label(question))
        }
        return self.texts("label", texts)

    def _any_label(self, question: Question) -> str:
        default = self.questionnaire.default_language
        return question.label.get(default) or next(iter(question.label.values()))
