"""What commands show: tables for people, JSON for machines, one line a problem on stderr."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """The rows under their names; no cell is cut off where the output is not a terminal."""
    console = Console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_text(cell)) for cell in row))
    if not console.is_terminal:
        console = Console(width=100_000)
    console.print(table)


def show_json(value: Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> None:
    """The value as indented JSON; times in ISO 8601."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def say(text: str) -> None:
    """One line to the reader."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def warn(text: str) -> None:
    """One line beside the output proper."""
    sys.stderr.write(f"incognitactl: {text}\n")
    sys.stderr.flush()


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M:%SZ")
        case _:
            return str(cell)
