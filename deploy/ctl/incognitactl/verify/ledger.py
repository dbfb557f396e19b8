"""Facts from everywhere, sorted by what they are about, on disk: memory does not grow with them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from enum import IntEnum
from types import TracebackType
from typing import Any, Self

import orjson

CHUNK = 5_000
CACHE_KIB = 65_536


class Kind(IntEnum):
    """What a fact was read from; within a dossier facts are in this order."""

    VISIT = 1  # assignment visits
    PAYOUT = 2
    OPEN_VISIT = 3  # evidence visits
    REPORT = 4
    SCORE = 5
    REVISION = 6
    CALLED_OFF = 7
    APPEAL = 8
    RESULT = 9
    DELIVERY = 10
    SOURCE = 11  # the catalog as assignment keeps it
    COPY = 12  # the catalog as another service keeps it
    RECORD = 13  # of a topic
    SUMS = 14  # comparison branch_waves
    COUNTED = 15  # what an approved score adds to them


class Ledger:
    """``add`` facts of any subject in any order, then go through them ``by_subject``.

    The file is a temporary one of SQLite's ($SQLITE_TMPDIR, $TMPDIR), gone with the connection.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for pragma in (
            "journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", f"cache_size=-{CACHE_KIB}",
        ):  # fmt: skip
            self._db.execute(f"PRAGMA {pragma}")
        for table in _TABLES:
            self._db.execute(
                f"CREATE TABLE {table} (subject TEXT, kind INT, position INT, body BLOB)"
            )
        self._rows: dict[str, list[tuple[str, int, int, bytes]]] = {each: [] for each in _TABLES}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def add(self, subject: str, kind: Kind, body: Any, position: int = 0) -> None:
        """Keep a fact: JSON data about ``subject``, ordered by ``position`` within its kind."""
        table = _table(kind)
        self._rows[table].append((subject, kind, position, orjson.dumps(body)))
        if len(self._rows[table]) >= CHUNK:
            self._write(table)

    async def by_subject(
        self, first: Kind, last: Kind
    ) -> AsyncIterator[tuple[str, dict[Kind, list[Any]]]]:
        """Each subject once, with its facts of the kinds from ``first`` to ``last``, in order.

        Both are of one table (``SUMS`` begins the second), so that facts may be added to the other.
        """
        self._write(_table(first))
        query = (
            f"SELECT subject, kind, body FROM {_table(first)} "  # noqa: S608 (one of our two)
            "WHERE kind BETWEEN ? AND ? ORDER BY subject, kind, position"
        )
        cursor = await asyncio.to_thread(self._db.execute, query, (first, last))
        with closing(cursor):
            subject: str | None = None
            facts: dict[Kind, list[Any]] = {}
            while rows := await asyncio.to_thread(cursor.fetchmany, CHUNK):
                for about, kind, body in rows:
                    if about != subject:
                        if subject is not None:
                            yield subject, facts
                        subject, facts = about, {}
                    facts.setdefault(Kind(kind), []).append(orjson.loads(body))
            if subject is not None:
                yield subject, facts

    def _write(self, table: str) -> None:
        self._db.execute("BEGIN")
        insert = f"INSERT INTO {table} VALUES (?, ?, ?, ?)"  # noqa: S608 (one of our two)
        self._db.executemany(insert, self._rows[table])
        self._db.execute("COMMIT")
        self._rows[table].clear()


_TABLES = ("facts", "sums")


def _table(kind: Kind) -> str:
    return "sums" if kind >= Kind.SUMS else "facts"
