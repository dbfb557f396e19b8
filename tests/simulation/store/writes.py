"""What the server does for each of PyMongo's write operations."""

from collections.abc import Callable, Generator, Mapping
from typing import Any

from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import DuplicateKeyError

from tests.simulation.store.documents import Document, Unmodelled
from tests.simulation.store.server import Namespace, Steps, StoreServer, Transaction
from tests.simulation.store.updates import Change, by_replacement, by_update

Step = Callable[[Transaction | None, Document], Steps]


def applied(
    server: StoreServer, steps: list[Step], transaction: Transaction | None, *, ordered: bool
) -> Generator[Any, None, Document]:
    """Do one after the other; returns the counts of a bulk write's answer."""
    counts: Document = {
        "nInserted": 0, "nUpserted": 0, "nMatched": 0, "nModified": 0, "nRemoved": 0,
        "upserted": [], "ids": [],
    }  # fmt: skip
    if transaction is None and server.cut is not None:
        steps = steps[: int(len(steps) * server.cut)] if len(steps) > 1 else steps
    duplicate: DuplicateKeyError | None = None
    for each in steps:
        try:
            yield from each(transaction, counts)
        except DuplicateKeyError as error:
            if ordered or transaction is not None:
                raise
            duplicate = error
    if duplicate:
        raise duplicate
    return counts


def step(server: StoreServer, namespace: Namespace, write: Any) -> Step:
    """What the server does for one of PyMongo's write operations."""
    if isinstance(write, InsertOne):
        document = write._doc

        def insert(transaction: Transaction | None, counts: Document) -> Steps:
            key = yield from server.insert(namespace, document, transaction)
            counts["nInserted"] += 1
            counts["ids"].append(key)

        return insert
    where = write._filter
    if isinstance(write, DeleteOne | DeleteMany):
        return _changing(server, namespace, where, None, many=isinstance(write, DeleteMany))
    if isinstance(write, ReplaceOne):
        return _changing(
            server, namespace, where, by_replacement(write._doc), upsert=bool(write._upsert)
        )
    if not isinstance(write, UpdateOne | UpdateMany) or write._array_filters:
        raise Unmodelled(f"write {write}")
    change = by_update(write._doc)
    many = isinstance(write, UpdateMany)
    return _changing(server, namespace, where, change, upsert=bool(write._upsert), many=many)


def _changing(
    server: StoreServer,
    namespace: Namespace,
    where: Mapping[str, Any],
    change: Change | None,
    *,
    upsert: bool = False,
    many: bool = False,
) -> Step:
    def apply(transaction: Transaction | None, counts: Document) -> Steps:
        filters = [where]
        if many:
            found = server.find(namespace, where, transaction)
            filters = [{**where, "_id": each.value["_id"]} for each in found]
        for each in filters:
            before, after = yield from server.change(
                namespace, each, change, transaction, upsert=upsert
            )
            _count(counts, before, after)

    return apply


def _count(counts: Document, before: Any, after: Any) -> None:
    if before is None and after is None:
        return
    if before is None:
        counts["nUpserted"] += 1
        counts["upserted"].append({"index": 0, "_id": after.value["_id"]})
    elif after is None:
        counts["nRemoved"] += 1
    else:
        counts["nMatched"] += 1
        counts["nModified"] += before.raw != after.raw
