"""One collection's methods, as far as the delivery core uses PyMongo's."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pymongo import DeleteMany, DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.results import (
    BulkWriteResult,
    DeleteResult,
    InsertManyResult,
    InsertOneResult,
    UpdateResult,
)

from tests.simulation.store.documents import Document, Unmodelled, projected
from tests.simulation.store.server import Namespace, Steps
from tests.simulation.store.session import statement
from tests.simulation.store.updates import by_update
from tests.simulation.store.writes import applied, step

if TYPE_CHECKING:
    from tests.simulation.store.client import SimulatedClient, SimulatedCursor

Session = AsyncClientSession | None
IGNORED = frozenset({"max_time_ms", "maxTimeMS", "hint", "batch_size", "comment"})


class SimulatedCollection:
    """Each call is one request to the server."""

    def __init__(self, client: "SimulatedClient", namespace: Namespace) -> None:
        self._client = client
        self._namespace = namespace
        self.name = namespace[1]

    def with_options(self, **_: Any) -> "SimulatedCollection":
        return self

    async def create_index(self, keys: Any, **options: Any) -> str:
        if options.get("unique"):
            raise Unmodelled("unique index")
        return str(options.get("name", keys))

    # reading

    def find(
        self,
        where: Mapping[str, Any] | None = None,
        projection: Any = None,
        *,
        session: Session = None,
        **options: Any,
    ) -> "SimulatedCursor":
        from tests.simulation.store.client import SimulatedCursor

        known: dict[str, Any] = {
            name: options.pop(name) for name in ("sort", "skip", "limit") if name in options
        }
        _refuse(options)

        async def ask(**chosen: Any) -> list[Document]:
            return await self._find(where or {}, projection, session, chosen)

        return SimulatedCursor(ask, known)

    async def find_one(
        self,
        where: Mapping[str, Any] | None = None,
        projection: Any = None,
        *,
        session: Session = None,
        sort: Sequence[tuple[str, int]] | None = None,
        **options: Any,
    ) -> Document | None:
        _refuse(options)
        found = await self._find(where or {}, projection, session, {"sort": sort, "limit": 1})
        return found[0] if found else None

    async def count_documents(
        self, where: Mapping[str, Any], *, session: Session = None, **options: Any
    ) -> int:
        _refuse(options)
        return len(await self._find(where, None, session, {}))

    async def _find(
        self,
        where: Mapping[str, Any],
        projection: Any,
        session: Session,
        chosen: Mapping[str, Any],
    ) -> list[Document]:
        asked, said = where, statement(self._client.server, session)
        options = {name: value for name, value in chosen.items() if value}

        def serve() -> list[Document]:
            found = self._client.server.find(self._namespace, asked, said.transaction(), **options)
            return [projected(stored.copy(), projection) for stored in found]

        result: list[Document] = await self._client.call(
            f"find {self.name}", serve, inside=said.inside
        )
        return result

    # writing

    async def insert_one(
        self, document: Mapping[str, Any], *, session: Session = None
    ) -> InsertOneResult:
        counts = await self._write("insert", [InsertOne(dict(document))], session, single=True)
        return InsertOneResult(counts["ids"][0], True)

    async def insert_many(
        self,
        documents: Sequence[Mapping[str, Any]],
        *,
        ordered: bool = True,
        session: Session = None,
    ) -> InsertManyResult:
        writes = [InsertOne(dict(each)) for each in documents]
        counts = await self._write("insert", writes, session, ordered=ordered)
        return InsertManyResult(counts["ids"], True)

    async def update_one(
        self,
        where: Mapping[str, Any],
        update: Any,
        *,
        upsert: bool = False,
        session: Session = None,
    ) -> UpdateResult:
        write = UpdateOne(where, update, upsert=upsert)
        return _update_result(await self._write("update", [write], session, single=True))

    async def update_many(
        self, where: Mapping[str, Any], update: Any, *, session: Session = None
    ) -> UpdateResult:
        return _update_result(await self._write("update", [UpdateMany(where, update)], session))

    async def replace_one(
        self,
        where: Mapping[str, Any],
        document: Mapping[str, Any],
        *,
        upsert: bool = False,
        session: Session = None,
    ) -> UpdateResult:
        write = ReplaceOne(where, dict(document), upsert=upsert)
        return _update_result(await self._write("replace", [write], session, single=True))

    async def delete_one(
        self, where: Mapping[str, Any], *, session: Session = None
    ) -> DeleteResult:
        counts = await self._write("delete", [DeleteOne(where)], session, single=True)
        return DeleteResult({"n": counts["nRemoved"]}, True)

    async def delete_many(
        self, where: Mapping[str, Any], *, session: Session = None
    ) -> DeleteResult:
        counts = await self._write("delete", [DeleteMany(where)], session)
        return DeleteResult({"n": counts["nRemoved"]}, True)

    async def bulk_write(
        self, writes: Sequence[Any], *, ordered: bool = True, session: Session = None
    ) -> BulkWriteResult:
        counts = await self._write("bulk", list(writes), session, ordered=ordered)
        return BulkWriteResult(counts, True)

    async def find_one_and_update(
        self,
        where: Mapping[str, Any],
        update: Any,
        projection: Any = None,
        *,
        upsert: bool = False,
        sort: Sequence[tuple[str, int]] | None = None,
        return_document: bool = False,
        session: Session = None,
        **options: Any,
    ) -> Document | None:
        _refuse(options)
        asked, change = where, by_update(update)
        said = statement(self._client.server, session)

        def serve() -> Steps:
            both = yield from self._client.server.change(
                self._namespace, asked, change, said.transaction(), upsert=upsert, sort=sort or ()
            )
            stored = both[1] if return_document else both[0]
            return None if stored is None else projected(stored.copy(), projection)

        result: Document | None = await self._client.call(
            f"find_one_and_update {self.name}", serve, inside=said.inside
        )
        return result

    async def _write(
        self,
        what: str,
        writes: list[Any],
        session: Session,
        *,
        ordered: bool = True,
        single: bool = False,
    ) -> Document:
        if not writes:
            raise ValueError("a bulk write must not be empty")
        said = statement(self._client.server, session)
        server = self._client.server
        steps = [step(server, self._namespace, write) for write in writes]

        def serve() -> Steps:
            return (yield from applied(server, steps, said.transaction(), ordered=ordered))

        try:
            counts: Document = await self._client.call(
                f"{what} {self.name}", serve, inside=said.inside
            )
        except DuplicateKeyError as error:
            if single:
                raise
            raise BulkWriteError({"writeErrors": [{"code": 11000}]}) from error
        return counts


def _update_result(counts: Document) -> UpdateResult:
    upserted = counts["upserted"][0]["_id"] if counts["upserted"] else None
    said = {"n": counts["nMatched"] + counts["nUpserted"], "nModified": counts["nModified"]}
    if upserted is not None:
        said["upserted"] = upserted
    return UpdateResult(said, True)


def _refuse(options: Mapping[str, Any]) -> None:
    if unknown := set(options) - IGNORED:
        raise Unmodelled(f"options {sorted(unknown)}")
