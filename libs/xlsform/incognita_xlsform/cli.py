"""``incognita-questionnaire``: questionnaires between spreadsheets and JSON, without a server.

Exit codes: 0 done, 1 refused (every reason on standard error), 2 the command itself is wrong.
"""

import argparse
import io
import json
import sys
from pathlib import Path

from pydantic import ValidationError

from incognita_shared.questionnaire.model import Questionnaire
from incognita_xlsform.odk_validate import validated
from incognita_xlsform.problems import NotExpressible
from incognita_xlsform.reading import read_workbook
from incognita_xlsform.workbook.bounds import LARGEST_FILE
from incognita_xlsform.writing import write_workbook

DONE, REFUSED, WRONG = 0, 1, 2
LARGE = 300_000
"""Bytes of a workbook from which on it takes long enough to say so."""
MOST_JSON = 20_000_000


class _CannotRead(Exception):
    """The message says which file and why."""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; the outcome is the exit code."""
    options = _parser().parse_args(arguments)
    try:
        done: int = options.run(options)
    except _CannotRead as error:
        return _fail(str(error))
    except OSError as error:
        return _fail(f"{error.filename or ''}: {error.strerror or error}")
    except KeyboardInterrupt:
        return _fail("stopped")
    return done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="incognita-questionnaire", description="Questionnaires as spreadsheets, both ways."
    )
    commands = parser.add_subparsers(required=True, metavar="import|export")
    reader = commands.add_parser("import", help="check a workbook and make JSON of it")
    reader.add_argument("file", type=Path, metavar="FILE.xlsx")
    reader.add_argument("--out", type=Path, metavar="FILE.json", help="else only the check")
    reader.add_argument(
        "--language", default="en", metavar="TAG", help="of a workbook that names none (en)"
    )
    reader.set_defaults(run=_import)
    writer = commands.add_parser("export", help="make a workbook of JSON")
    writer.add_argument("file", type=Path, metavar="FILE.json")
    writer.add_argument("--out", type=Path, metavar="FILE.xlsx", help="else beside the JSON")
    writer.set_defaults(run=_export)
    return parser


def _import(options: argparse.Namespace) -> int:
    content = _content(options.file, LARGEST_FILE + 1)
    if len(content) > LARGE:
        print(f"reading {options.file.name}, {len(content) / 1e6:.1f} MB …", file=sys.stderr)
    imported = read_workbook(content, file_name=options.file.name, language=options.language)
    problems = list(imported.problems)
    questionnaire = imported.questionnaire
    if questionnaire is not None:
        found = validated(questionnaire)
        problems += found.problems
        if found.refused:
            questionnaire = None
    for problem in problems:
        print(problem, file=sys.stderr)
    if questionnaire is None:
        print(f"{options.file.name} is refused", file=sys.stderr)
        return REFUSED
    if options.out is not None:
        options.out.write_text(questionnaire.model_dump_json(indent=2) + "\n", encoding="utf-8")
    count = len(questionnaire.by_id)
    sections, languages = len(questionnaire.sections), ", ".join(questionnaire.languages)
    print(f"{options.file.name}: {count} questions in {sections} sections, languages {languages}")
    return DONE


def _export(options: argparse.Namespace) -> int:
    content = _content(options.file, MOST_JSON)
    try:
        questionnaire = Questionnaire.model_validate(json.loads(content))
    except ValidationError as error:
        for each in error.errors():
            path = ".".join(str(step) for step in each["loc"])
            print(f"{path}: {each['msg']}", file=sys.stderr)
        return REFUSED
    except (ValueError, RecursionError) as error:
        print(f"{options.file.name} is no JSON: {error}", file=sys.stderr)
        return REFUSED
    try:
        workbook = write_workbook(questionnaire)
    except NotExpressible as error:
        print(f"{options.file.name} cannot be a workbook: {error}", file=sys.stderr)
        return REFUSED
    out = options.out or options.file.with_suffix(".xlsx")
    out.write_bytes(workbook)
    print(out)
    return DONE


def _content(path: Path, most: int) -> bytes:
    if path.is_dir():
        raise _CannotRead(f"{path} is a folder, not a file")
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        raise _CannotRead(f"{path} cannot be read: {error.strerror}") from None


def _fail(message: str) -> int:
    print(f"incognita-questionnaire: {message}", file=sys.stderr)
    return WRONG


def console() -> None:
    """The console script; a terminal that lacks a letter gets it spelled."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())
