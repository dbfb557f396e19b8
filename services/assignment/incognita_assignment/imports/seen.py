"""Which stores a file has named so far, at which row: on disk, so that memory stays flat."""

import sqlite3
from collections.abc import Iterable
from types import TracebackType


class SeenStores:
    """A private SQLite database that is gone when it is closed. Used by one thread at a time."""

    def __init__(self) -> None:
        # an empty name: a temporary file of SQLite's own, held in memory while it is small
        self._db = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE seen (store TEXT PRIMARY KEY, number INT) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def __enter__(self) -> "SeenStores":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def first_row(self, store_id: str, number: int) -> int:
        """The row that named the store first: ``number`` itself, if it is new."""
        self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (store_id, number))
        found = self._db.execute("SELECT number FROM seen WHERE store = ?", (store_id,))
        return int(found.fetchone()[0])

    def missing(self, store_ids: Iterable[str]) -> list[str]:
        """Those that no row has named."""
        query = "SELECT 1 FROM seen WHERE store = ?"
        return [each for each in store_ids if not self._db.execute(query, (each,)).fetchone()]
