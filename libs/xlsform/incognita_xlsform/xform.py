"""The form of a visit as ODK Collect and KoboCollect download it: an XForm without any scoring."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

from incognita_shared.questionnaire.conditions import Context
from incognita_shared.questionnaire.model import MEDIA_TYPES, Questionnaire
from incognita_shared.values import EvidenceKind, EvidenceRequirement
from incognita_xlsform.agreed_rows import agreed_rows, not_explained
from incognita_xlsform.claims import END, POSITION, START
from incognita_xlsform.export import sheets_of
from incognita_xlsform.names import field_of
from incognita_xlsform.problems import NotExpressible

_FORM_ID = "incognita-form-id"
_TITLE = "incognita-form-title"
_VERSION = "incognita-form-version"


@dataclass(frozen=True, slots=True)
class FormTemplate:
    """A form of which only id, version and title are left to say."""

    xml: bytes

    def form(self, *, form_id: str, version: str, title: str) -> bytes:
        """The form; the same bytes for the same words."""
        xml = self.xml
        for name, text in ((_FORM_ID, form_id), (_VERSION, version)):
            xml = xml.replace(f'"{name}"'.encode(), quoteattr(text).encode())
        return xml.replace(_TITLE.encode(), escape(_printable(title)).encode())


def form_of(
    questionnaire: Questionnaire,
    *,
    form_id: str,
    version: str,
    title: str,
    context: Context,
    stage_id: str | None = None,
    agreed: Sequence[EvidenceRequirement] = (),
) -> bytes:
    """The XForm of one visit, or of one stage of it. Raises as ``template_of``."""
    template = template_of(questionnaire, context=context, stage_id=stage_id, agreed=agreed)
    return template.form(form_id=form_id, version=version, title=title)


def template_of(
    questionnaire: Questionnaire,
    *,
    context: Context,
    stage_id: str | None = None,
    agreed: Sequence[EvidenceRequirement] = (),
    answers: Mapping[str, Any] | None = None,
    located: bool = True,
) -> FormTemplate:
    """The form for all visits with this context.

    ``agreed``: the evidence that the visit's terms ask for. ``answers``: of the other stages.
    ``located``: whether the form notes where it was begun. Raises NotExpressible for what a form
    cannot say.
    """
    sheets = sheets_of(
        questionnaire, scoring=False, constants=context, stage_id=stage_id, answers=answers
    )
    rows = _explainable(sheets["survey"], questionnaire)
    noted = [{"type": "start", "name": START}, {"type": "end", "name": END}]
    if located:
        noted.append({"type": "start-geopoint", "name": POSITION})
    last = agreed_rows(
        agreed,
        also=_explained(rows, questionnaire),
        brought=_files_by_kind(rows, questionnaire),
        languages=questionnaire.languages,
    )
    settings = {
        **sheets["settings"][0],
        "id_string": _FORM_ID,
        "form_title": _TITLE,
        "version": _VERSION,
    }
    workbook = {
        "survey": [*noted, *rows, *last],
        "choices": sheets["choices"],
        "settings": [settings],
    }
    try:
        found = convert(workbook, validate=False, pretty_print=False)
    except PyXFormError as error:
        raise NotExpressible(str(error)) from error
    return FormTemplate(found.xform.encode())


def _explainable(
    rows: Sequence[dict[str, str]], questionnaire: Questionnaire
) -> list[dict[str, str]]:
    """Evidence is required as long as the shopper has not said why it will not come."""
    return [
        row | {"required": not_explained(kind)}
        if row.get("required") == "yes" and (kind := _evidence_kind(row, questionnaire))
        else row
        for row in rows
    ]


def _evidence_kind(row: Mapping[str, str], questionnaire: Questionnaire) -> EvidenceKind | None:
    found = field_of(row.get("name", ""))
    question = questionnaire.by_id.get(found.question_id)
    if question is None or found.role != "evidence" or found.rule is None:
        return None
    return question.evidence[found.rule].kind


def _files_by_kind(
    rows: Sequence[Mapping[str, str]], questionnaire: Questionnaire
) -> dict[EvidenceKind, list[str]]:
    """Kind → the elements outside of repetitions that hold files of it."""
    found: dict[EvidenceKind, list[str]] = defaultdict(list)
    for row in rows:
        name = row.get("name", "")
        field = field_of(name)
        question = questionnaire.by_id.get(field.question_id)
        if question is None or questionnaire.section_of[question.id].repeat:
            continue
        kind = _evidence_kind(row, questionnaire)
        if kind is None and field.role == "answer":
            kind = MEDIA_TYPES.get(question.type)
        if kind is not None:
            found[kind].append(name)
    return found


def _explained(
    rows: Sequence[Mapping[str, str]], questionnaire: Questionnaire
) -> list[EvidenceKind]:
    """The kinds that the questions' evidence rules ask for, each once."""
    kinds = (_evidence_kind(row, questionnaire) for row in rows)
    return list(dict.fromkeys(kind for kind in kinds if kind is not None))


def _printable(text: str) -> str:
    """Without the characters that XML has no way to write."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
