"""A collection seen by one chain. What a request may touch goes through here, and only here."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.results import (
    BulkWriteResult,
    DeleteResult,
    InsertManyResult,
    InsertOneResult,
    UpdateResult,
)

from incognita_shared.mongo.chain_bounds import (
    Document,
    Filter,
    ForeignChain,
    Update,
    Write,
    bound_filter,
    bound_pipeline,
    bound_write,
    kept_update,
    owned_document,
)

__all__ = ["ChainCollection", "ForeignChain"]

Sort = Sequence[tuple[str, int]]
QUERY_MAX_MS = 5_000


class ChainCollection:
    """Every filter, document and pipeline is bound to ``chain_id``; naming another one raises.

    Queries end after ``max_time_ms`` milliseconds on the server.
    """

    def __init__(
        self,
        collection: AsyncCollection[Document],
        chain_id: str,
        *,
        max_time_ms: int = QUERY_MAX_MS,
    ) -> None:
        if not isinstance(chain_id, str) or not chain_id:
            raise ForeignChain("a chain's collection needs the id of one chain")
        self._collection = collection
        self._chain_id = chain_id
        self._max_time_ms = max_time_ms

    async def find_one(
        self,
        where: Filter,
        projection: Filter | None = None,
        *,
        sort: Sort | None = None,
        session: AsyncClientSession | None = None,
    ) -> Document | None:
        return await self._collection.find_one(
            bound_filter(where, self._chain_id),
            projection,
            sort=sort,
            session=session,
            max_time_ms=self._max_time_ms,
        )

    async def find(
        self,
        where: Filter,
        projection: Filter | None = None,
        *,
        sort: Sort | None = None,
        skip: int = 0,
        limit: int = 0,
        session: AsyncClientSession | None = None,
    ) -> list[Document]:
        """All matching documents, at most ``limit`` of them unless it is 0."""
        cursor = self._collection.find(
            bound_filter(where, self._chain_id),
            projection,
            sort=sort,
            skip=skip,
            limit=limit,
            session=session,
            max_time_ms=self._max_time_ms,
        )
        return await cursor.to_list()

    async def count(self, where: Filter, *, session: AsyncClientSession | None = None) -> int:
        return await self._collection.count_documents(
            bound_filter(where, self._chain_id), session=session, maxTimeMS=self._max_time_ms
        )

    async def distinct(self, key: str, where: Filter | None = None) -> list[Any]:
        return await self._collection.distinct(
            key, bound_filter(where or {}, self._chain_id), maxTimeMS=self._max_time_ms
        )

    async def aggregate(
        self,
        pipeline: Sequence[Mapping[str, Any]],
        *,
        session: AsyncClientSession | None = None,
    ) -> list[Document]:
        """The pipeline over the chain's documents only; stages that read elsewhere are refused."""
        bound = bound_pipeline(pipeline, self._chain_id)
        cursor = await self._collection.aggregate(
            bound, session=session, maxTimeMS=self._max_time_ms
        )
        return await cursor.to_list()

    async def insert_one(
        self, document: Mapping[str, Any], *, session: AsyncClientSession | None = None
    ) -> InsertOneResult:
        return await self._collection.insert_one(
            owned_document(document, self._chain_id), session=session
        )

    async def insert_many(
        self,
        documents: Sequence[Mapping[str, Any]],
        *,
        ordered: bool = True,
        session: AsyncClientSession | None = None,
    ) -> InsertManyResult:
        return await self._collection.insert_many(
            [owned_document(document, self._chain_id) for document in documents],
            ordered=ordered,
            session=session,
        )

    async def update_one(
        self,
        where: Filter,
        update: Update,
        *,
        upsert: bool = False,
        session: AsyncClientSession | None = None,
    ) -> UpdateResult:
        return await self._collection.update_one(
            bound_filter(where, self._chain_id),
            kept_update(update, self._chain_id),
            upsert=upsert,
            session=session,
        )

    async def update_many(
        self, where: Filter, update: Update, *, session: AsyncClientSession | None = None
    ) -> UpdateResult:
        return await self._collection.update_many(
            bound_filter(where, self._chain_id),
            kept_update(update, self._chain_id),
            session=session,
        )

    async def replace_one(
        self,
        where: Filter,
        document: Mapping[str, Any],
        *,
        upsert: bool = False,
        session: AsyncClientSession | None = None,
    ) -> UpdateResult:
        return await self._collection.replace_one(
            bound_filter(where, self._chain_id),
            owned_document(document, self._chain_id),
            upsert=upsert,
            session=session,
        )

    async def find_one_and_update(
        self,
        where: Filter,
        update: Update,
        projection: Filter | None = None,
        *,
        upsert: bool = False,
        sort: Sort | None = None,
        session: AsyncClientSession | None = None,
    ) -> Document | None:
        """The document as it is after the update, or None if none matches."""
        return await self._collection.find_one_and_update(
            bound_filter(where, self._chain_id),
            kept_update(update, self._chain_id),
            projection,
            upsert=upsert,
            sort=sort,
            return_document=ReturnDocument.AFTER,
            session=session,
            maxTimeMS=self._max_time_ms,
        )

    async def delete_one(
        self, where: Filter, *, session: AsyncClientSession | None = None
    ) -> DeleteResult:
        return await self._collection.delete_one(
            bound_filter(where, self._chain_id), session=session
        )

    async def bulk_write(
        self,
        writes: Sequence[Write],
        *,
        ordered: bool = True,
        session: AsyncClientSession | None = None,
    ) -> BulkWriteResult:
        return await self._collection.bulk_write(
            [bound_write(write, self._chain_id) for write in writes],
            ordered=ordered,
            session=session,
        )
