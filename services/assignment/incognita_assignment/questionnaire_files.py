"""Questionnaires as workbooks: read into a draft, written from any version."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from incognita_shared.problems import Invalid, field_error
from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.odk_validate import validated
from incognita_xlsform.problems import NotExpressible, Problem, Severity
from incognita_xlsform.reading import read_workbook
from incognita_xlsform.writing import write_workbook

_one_at_a_time = asyncio.Semaphore(1)
"""A large workbook takes a core for seconds; the others wait rather than share it."""


async def read_file(
    content: bytes, *, file_name: str, language: str
) -> tuple[Questionnaire, list[Problem]]:
    """The questionnaire and the warnings. Raises ``Invalid`` that lists every problem."""
    async with _one_at_a_time:
        return await asyncio.to_thread(_read, content, file_name, language)


async def write_file(definition: Questionnaire) -> bytes:
    """The workbook. Raises ``Invalid`` for what no workbook can say."""
    try:
        return await asyncio.to_thread(write_workbook, definition)
    except NotExpressible as error:
        raise Invalid(
            f"The questionnaire cannot be a workbook: {error}",
            errors=[field_error("definition", str(error))],
        ) from None


def _read(content: bytes, file_name: str, language: str) -> tuple[Questionnaire, list[Problem]]:
    imported = read_workbook(content, file_name=file_name, language=language)
    problems = list(imported.problems)
    if imported.questionnaire is not None:
        problems += validated(imported.questionnaire).problems
    errors = [each for each in problems if each.severity is Severity.ERROR]
    if imported.questionnaire is None or errors:
        raise _refused(errors, problems)
    return imported.questionnaire, problems


def _refused(errors: Sequence[Problem], problems: Sequence[Problem]) -> Invalid:
    what = "error" if len(errors) == 1 else "errors"
    return Invalid(
        f"The workbook has {len(errors)} {what}, nothing was made of it",
        errors=[_as_error(each) for each in errors],
        problems=[{**asdict(each), "severity": str(each.severity)} for each in problems],
    )


def _as_error(problem: Problem) -> dict[str, Any]:
    row = "" if problem.row is None else f"[{problem.row}]"
    column = "" if problem.column is None else f".{problem.column}"
    place = {"sheet": problem.sheet, "row": problem.row, "column": problem.column}
    return {"field": f"{problem.sheet or 'workbook'}{row}{column}", "cause": problem.cause, **place}
