"""The simulated replica set: committed documents, transactions with snapshots and conflicts."""

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

from bson import ObjectId
from pymongo.errors import DuplicateKeyError, OperationFailure

from tests.simulation.chance import Chance
from tests.simulation.loop import SimulatedLoop
from tests.simulation.store.documents import Document, Stored
from tests.simulation.store.filters import matches
from tests.simulation.store.updates import Change, upserted

Namespace = tuple[str, str]
Wait = Callable[[Callable[[], object]], None]
Steps = Generator[Wait, None, Any]
LIFETIME_S = 300.0
TRANSIENT = "TransientTransactionError"


class Transaction:
    """One open transaction: what it sees, and what it has changed."""

    def __init__(self, lsid: bytes, number: int, view: dict[Namespace, dict[Any, Stored]]) -> None:
        self.lsid = lsid
        self.number = number
        self.view = view
        self.written: dict[tuple[Namespace, Any], None] = {}  # in order
        self.waiting: list[Callable[[], object]] = []


def refused(code: int, text: str, *labels: str) -> OperationFailure:
    """The server's answer that something did not happen."""
    return OperationFailure(text, code, {"code": code, "errmsg": text, "errorLabels": list(labels)})


class StoreServer:
    """What one deployment of MongoDB holds. Each method runs at one moment, without interruption,
    or is a generator that waits only for a transaction's end."""

    name = "store"

    def __init__(self, loop: SimulatedLoop, chance: Chance) -> None:
        self._loop = loop
        self._chance = chance
        self.cut: float | None = None
        self.data: dict[Namespace, dict[Any, Stored]] = {}
        self.open: dict[bytes, Transaction] = {}
        self._latest: dict[bytes, int] = {}
        self._committed: dict[bytes, int] = {}
        self._locks: dict[tuple[Namespace, Any], Transaction] = {}
        self.outside: frozenset[str] = frozenset()
        """Negative control: collections whose changes take effect before their transaction."""

        self.blind: dict[str, frozenset[str]] = {}
        """Negative control: collection → fields of a filter that are not looked at."""
        self.on_change: dict[str, Callable[[Stored, Stored], None]] = {}
        """Collection → who is told of a change that took effect: before, after."""

    def documents(self, database: str, collection: str) -> list[Document]:
        """All committed documents, for the checker."""
        return [stored.value for stored in self.data.get((database, collection), {}).values()]

    # transactions

    def enter(self, lsid: bytes, number: int, *, starting: bool) -> Transaction:
        """The transaction that a statement belongs to."""
        found = self.open.get(lsid)
        if starting and number > self._latest.get(lsid, 0):
            if found:
                self.end(found)
            self._latest[lsid] = number
            view = {namespace: dict(held) for namespace, held in self.data.items()}
            new = self.open[lsid] = Transaction(lsid, number, view)
            self._loop.in_world(LIFETIME_S, self._expire, new)
            return new
        if found is None or found.number != number:
            raise refused(251, f"transaction {number} is not open", TRANSIENT)
        return found

    def commit(self, lsid: bytes, number: int) -> None:
        """Make it true, or say that it is already."""
        if self._committed.get(lsid) == number:
            return
        transaction = self.open.get(lsid)
        if transaction is None or transaction.number != number:
            raise refused(251, f"transaction {number} is not open", TRANSIENT)
        for namespace, key in transaction.written:
            self._set(namespace, key, transaction.view.get(namespace, {}).get(key))
        self._committed[lsid] = number
        self.end(transaction)

    def abort(self, lsid: bytes, number: int) -> None:
        """Undo it."""
        transaction = self.open.get(lsid)
        if transaction is None or transaction.number != number:
            raise refused(251, f"transaction {number} is not open", TRANSIENT)
        self.end(transaction)

    def kill(self, lsids: Sequence[bytes]) -> None:
        """``killSessions``."""
        for lsid in lsids:
            if transaction := self.open.get(lsid):
                self.end(transaction)

    def end(self, transaction: Transaction) -> None:
        """Give back its locks and let those go on who wait for them."""
        if self.open.get(transaction.lsid) is transaction:
            del self.open[transaction.lsid]
        for place in transaction.written:
            if self._locks.get(place) is transaction:
                del self._locks[place]
        for go_on in transaction.waiting:
            go_on()
        transaction.waiting.clear()

    def _expire(self, transaction: Transaction) -> None:
        if self.open.get(transaction.lsid) is transaction:
            self.end(transaction)

    # reading

    def find(
        self,
        namespace: Namespace,
        where: Mapping[str, Any],
        transaction: Transaction | None,
        *,
        sort: Sequence[tuple[str, int]] = (),
        skip: int = 0,
        limit: int = 0,
    ) -> list[Stored]:
        """What matches; without ``sort`` in whatever order."""
        held = (transaction.view if transaction else self.data).get(namespace, {})
        key = where.get("_id")
        if unseen := self.blind.get(namespace[1]):
            where = {name: value for name, value in where.items() if name not in unseen}
        if isinstance(key, str | int):
            one = held.get(key)
            found = [one] if one is not None and matches(one.value, where) else []
        else:
            found = [stored for stored in held.values() if matches(stored.value, where)]
        if sort:
            for name, direction in reversed(sort):
                found.sort(key=lambda each: each.value[name], reverse=direction < 0)
        elif len(found) > 1:
            turn = self._chance.pick(len(found))
            found = found[turn:] + found[:turn]
        return found[skip : skip + limit] if limit else found[skip:]

    # writing

    def insert(
        self, namespace: Namespace, document: Document, transaction: Transaction | None
    ) -> Steps:
        """Insert one document."""
        if "_id" not in document:
            document = {"_id": ObjectId(), **document}
        key = document["_id"]
        yield from self._lock(namespace, key, transaction)
        if key in self._view(namespace, transaction):
            self._fail(transaction, _duplicate(key))
        self._put(namespace, key, Stored(document), transaction)
        return key

    def change(
        self,
        namespace: Namespace,
        where: Mapping[str, Any],
        change: Change | None,
        transaction: Transaction | None,
        *,
        upsert: bool = False,
        sort: Sequence[tuple[str, int]] = (),
    ) -> Steps:
        """Change the first that matches, or delete it (``change`` None).

        Returns the document before and after, each None where there is none.
        """
        while True:
            found = self.find(namespace, where, transaction, sort=sort, limit=1)
            if not found:
                return (yield from self._upsert(namespace, where, change, transaction, upsert))
            before = found[0]
            key = before.value["_id"]
            waited = yield from self._lock(namespace, key, transaction)
            if not waited:
                break
        after = None if change is None else Stored(change(before.copy(), False))
        if after is not None and after.value["_id"] != key:
            self._fail(transaction, refused(66, "_id is immutable"))
        self._put(namespace, key, after, transaction)
        return before, after

    def _upsert(
        self,
        namespace: Namespace,
        where: Mapping[str, Any],
        change: Change | None,
        transaction: Transaction | None,
        wanted: bool,
    ) -> Steps:
        if not wanted or change is None:
            return None, None
        document = change(upserted(where), True)
        key = yield from self.insert(namespace, document, transaction)
        return None, self._view(namespace, transaction)[key]

    def _lock(self, namespace: Namespace, key: Any, transaction: Transaction | None) -> Steps:
        """Returns whether it had to wait, so that the filter must be looked at again."""
        place, waited = (namespace, key), False
        while (other := self._locks.get(place)) is not None and other is not transaction:
            if transaction is not None:
                self._fail(transaction, refused(112, f"write conflict on {place}", TRANSIENT))
            waited = True
            yield other.waiting.append
        if transaction is not None and place not in transaction.written:
            now = self._held(namespace).get(key)
            if now is not transaction.view.get(namespace, {}).get(key):
                self._fail(transaction, refused(112, f"write conflict on {place}", TRANSIENT))
        return waited

    def _put(
        self, namespace: Namespace, key: Any, stored: Stored | None, transaction: Transaction | None
    ) -> None:
        if transaction is not None and namespace[1] not in self.outside:
            transaction.written[namespace, key] = None
            self._locks[namespace, key] = transaction
        if transaction is None or namespace[1] in self.outside:
            self._set(namespace, key, stored)
        if transaction is not None:
            _keep(self._view(namespace, transaction), key, stored)

    def _set(self, namespace: Namespace, key: Any, stored: Stored | None) -> None:
        held = self._held(namespace)
        before, tell = held.get(key), self.on_change.get(namespace[1])
        if tell is not None and before is not None and stored is not None:
            tell(before, stored)
        _keep(held, key, stored)

    def _fail(self, transaction: Transaction | None, error: OperationFailure) -> None:
        if transaction is not None:
            self.end(transaction)
        raise error

    def _held(self, namespace: Namespace) -> dict[Any, Stored]:
        return self.data.setdefault(namespace, {})

    def _view(self, namespace: Namespace, transaction: Transaction | None) -> dict[Any, Stored]:
        if transaction is None:
            return self._held(namespace)
        return transaction.view.setdefault(namespace, {})


def _keep(held: dict[Any, Stored], key: Any, stored: Stored | None) -> None:
    if stored is None:
        held.pop(key, None)
    else:
        held[key] = stored


def _duplicate(key: Any) -> DuplicateKeyError:
    return DuplicateKeyError(f"E11000 duplicate key {key}", 11000, {"code": 11000})
