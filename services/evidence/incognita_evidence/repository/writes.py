"""Single writes of concurrent requests, those of a moment in one command of one round trip."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from bson.errors import BSONError
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError, DocumentTooLarge, WriteError, WTimeoutError

from incognita_shared.gathering import Gathered
from incognita_shared.mongo.tenant import ChainCollection

T = TypeVar("T")
Document = Mapping[str, Any]
_DUPLICATE_KEY = 11000
_WRITE_CONCERN_TIMEOUT = 64
_UNSENT = (BSONError, OverflowError, DocumentTooLarge)
"""What the driver raises for a document that it can't encode, whatever is to be sent with it."""


class Writes:
    """Writes to a chain's collection; each has its own outcome, whatever becomes of the others."""

    def __init__(self, collection: ChainCollection) -> None:
        self._collection = collection
        self._inserts: Gathered[Document, bool] = Gathered(self.insert_all)
        self._upserts: Gathered[UpdateOne, bool] = Gathered(self._upsert_all)

    async def insert(self, document: Document) -> bool:
        """False if there is a document of its ``_id``."""
        return await self._inserts.ask(document)

    async def upsert(self, where: Document, update: Document) -> bool:
        """Update the document of the ``_id`` in ``where``, or make it.

        False if it is there and the rest of ``where`` does not match: an update that matches
        nothing would not be told apart from its neighbours', the duplicate key is.
        """
        return await self._upserts.ask(UpdateOne(where, update, upsert=True))

    async def insert_all(self, documents: Sequence[Document]) -> list[bool | Exception]:
        """The outcome of each: True, False for a duplicate, or what went wrong with it."""

        async def send(some: Sequence[Document]) -> object:
            return await self._collection.insert_many(some, ordered=False)

        return await _outcomes(send, documents)

    async def _upsert_all(self, updates: Sequence[UpdateOne]) -> list[bool | Exception]:
        async def send(some: Sequence[UpdateOne]) -> object:
            return await self._collection.bulk_write(some, ordered=False)

        return await _outcomes(send, updates)


async def _outcomes(
    send: Callable[[Sequence[T]], Awaitable[object]], writes: Sequence[T]
) -> list[bool | Exception]:
    try:
        await send(writes)
    except BulkWriteError as error:
        return _told(error, len(writes))
    except _UNSENT as error:
        if len(writes) == 1:
            return [error]
        return [outcome for each in writes for outcome in await _outcomes(send, [each])]
    return [True] * len(writes)


def _told(error: BulkWriteError, count: int) -> list[bool | Exception]:
    details = error.details or {}
    for unsure in details["writeConcernErrors"]:
        if unsure.get("code") == _WRITE_CONCERN_TIMEOUT:
            raise WTimeoutError(unsure["errmsg"], unsure["code"], unsure) from error
        raise error
    outcomes: list[bool | Exception] = [True] * count
    for fault in details["writeErrors"]:
        duplicate = fault["code"] == _DUPLICATE_KEY
        outcomes[fault["index"]] = (
            False if duplicate else WriteError(fault["errmsg"], fault["code"], fault)
        )
    return outcomes
