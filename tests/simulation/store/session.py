"""Sessions: PyMongo's own rules for retrying a transaction, over the simulated server."""

import uuid
from typing import TYPE_CHECKING, Any

from bson.binary import Binary
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.client_session_shared import SessionOptions, _TxnState
from pymongo.errors import OperationFailure

from tests.simulation.store.server import StoreServer, Transaction, refused

if TYPE_CHECKING:
    from tests.simulation.store.client import SimulatedClient


class _ServerSession:
    """The session's name on the server, and the number of its transaction."""

    def __init__(self, number: int) -> None:
        self.session_id = {"id": Binary(uuid.UUID(int=number).bytes, 4)}
        self.transaction_id = 0
        self.dirty = False

    def inc_transaction_id(self) -> None:
        self.transaction_id += 1


class SimulatedSession(AsyncClientSession):
    """``with_transaction``, its retries and its states are the library's."""

    def __init__(self, client: "SimulatedClient", number: int) -> None:
        super().__init__(client, _ServerSession(number), SessionOptions(), False)  # type: ignore[arg-type]

    @property
    def lsid(self) -> bytes:
        """The session's name."""
        return bytes(self._server_session.session_id["id"])

    def _materialize(self, *_: Any, **__: Any) -> None:
        """It is there from the beginning."""

    def _start_retryable_write(self) -> None:
        self._server_session.inc_transaction_id()

    async def _finish_transaction_with_retry(self, command_name: str) -> dict[str, Any]:
        client: Any = self._client
        server: StoreServer = client.server
        lsid, number = self.lsid, self._server_session.transaction_id
        if command_name == "abortTransaction":
            await client.call("abort", lambda: server.abort(lsid, number))
            return {}
        stuck = client.server_is_slow()
        await client.call("commit", lambda: _commit(server, lsid, number, stuck=stuck))
        return {}


def _commit(server: StoreServer, lsid: bytes, number: int, *, stuck: float) -> None:
    """``stuck``: 0 for an ordinary commit; else its time runs out, below 0.5 before it happens."""
    if not stuck:
        server.commit(lsid, number)
        return
    if stuck >= 0.5:
        server.commit(lsid, number)
    else:
        server.abort(lsid, number)
    raise refused(50, "operation exceeded time limit")


def statement(server: StoreServer, session: AsyncClientSession | None) -> "Statement":
    """What a statement of this session has to say to the server about its transaction."""
    if session is None or not session.in_transaction:
        return Statement(server, None, 0, False)
    if not isinstance(session, SimulatedSession):
        raise OperationFailure("a session of another client")
    starting = session._transaction.state is _TxnState.STARTING
    session._transaction.state = _TxnState.IN_PROGRESS
    return Statement(server, session.lsid, session._server_session.transaction_id, starting)


class Statement:
    """A statement's place in a transaction, or outside of any."""

    def __init__(
        self, server: StoreServer, lsid: bytes | None, number: int, starting: bool
    ) -> None:
        self._server = server
        self._lsid = lsid
        self._number = number
        self._starting = starting

    @property
    def inside(self) -> bool:
        """Whether it belongs to a transaction."""
        return self._lsid is not None

    def transaction(self) -> Transaction | None:
        """To be called when the server gets to it."""
        if self._lsid is None:
            return None
        return self._server.enter(self._lsid, self._number, starting=self._starting)
