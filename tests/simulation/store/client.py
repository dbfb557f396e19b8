"""The client, the databases and the cursors, as far as the delivery core uses PyMongo's."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Self

from bson.binary import Binary
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import AutoReconnect

from incognita_shared.clock import now
from tests.simulation.network import Network
from tests.simulation.store.collection import SimulatedCollection
from tests.simulation.store.documents import Unmodelled
from tests.simulation.store.server import TRANSIENT, StoreServer
from tests.simulation.store.session import SimulatedSession


class SimulatedClient:
    """One process's connection."""

    topology_description = SimpleNamespace(logical_session_timeout_minutes=30)

    def __init__(
        self,
        server: StoreServer,
        network: Network,
        *,
        new_session: Callable[[], int],
        server_is_slow: Callable[[], float],
    ) -> None:
        self.server = server
        self.server_is_slow = server_is_slow
        self._network = network
        self._new_session = new_session
        self._databases: dict[str, SimulatedDatabase] = {}
        self.admin = SimulatedDatabase(self, "admin")

    async def call(self, what: str, serve: Callable[[], Any], *, inside: bool = False) -> Any:
        """The server's answer; ``inside`` a transaction a lost connection may be tried again."""

        def lost() -> Exception:
            error = AutoReconnect(f"{what}: connection lost")
            error._add_error_label(TRANSIENT if inside else "RetryableWriteError")
            return error

        return await self._network.call(what, serve, lost=lost)

    def start_session(self, **options: Any) -> SimulatedSession:
        if options:
            raise Unmodelled(f"start_session {options}")
        return SimulatedSession(self, self._new_session())

    def get_database(self, name: str, **_: Any) -> "SimulatedDatabase":
        if name not in self._databases:
            self._databases[name] = SimulatedDatabase(self, name)
        return self._databases[name]

    def __getitem__(self, name: str) -> "SimulatedDatabase":
        return self.get_database(name)

    def _return_server_session(self, _: Any) -> None:
        """The server keeps it until it expires."""


class SimulatedDatabase:
    """A database; every collection is there from the beginning."""

    def __init__(self, client: SimulatedClient, name: str) -> None:
        self.client = client
        self.name = name
        self._collections: dict[str, SimulatedCollection] = {}

    def __getitem__(self, name: str) -> SimulatedCollection:
        if name not in self._collections:
            self._collections[name] = SimulatedCollection(self.client, (self.name, name))
        return self._collections[name]

    def get_collection(self, name: str, **_: Any) -> SimulatedCollection:
        return self[name]

    async def command(
        self, command: str | Mapping[str, Any], *, session: AsyncClientSession | None = None
    ) -> dict[str, Any]:
        said: dict[str, Any] = {command: 1} if isinstance(command, str) else dict(command)
        server = self.client.server
        if "killSessions" in said:
            lsids = [bytes(_uuid_bytes(each["id"])) for each in said["killSessions"]]
            await self.client.call("killSessions", lambda: server.kill(lsids))
        elif "ping" in said or "hello" in said:
            await self.client.call("ping", lambda: None)
        else:
            raise Unmodelled(f"command {said}")
        return {"ok": 1, "localTime": now()}

    async def list_collection_names(self) -> list[str]:
        return [name for database, name in self.client.server.data if database == self.name]

    async def create_collection(self, name: str) -> SimulatedCollection:
        self.client.server.data.setdefault((self.name, name), {})
        return self[name]


def _uuid_bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, Binary) else bytes(value.bytes)


class SimulatedCursor:
    """Asks once, when it is first read."""

    def __init__(self, ask: Callable[..., Any], options: dict[str, Any]) -> None:
        self._ask = ask
        self._options = options
        self._found: AsyncIterator[dict[str, Any]] | None = None

    def sort(self, key: str | Sequence[tuple[str, int]], direction: int = 1) -> Self:
        self._options["sort"] = [(key, direction)] if isinstance(key, str) else list(key)
        return self

    def limit(self, count: int) -> Self:
        self._options["limit"] = count
        return self

    async def to_list(self, length: int | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._ask(**self._options)
        return found[:length]

    def __aiter__(self) -> AsyncIterator[dict[str, Any]]:
        return self._each()

    async def _each(self) -> AsyncIterator[dict[str, Any]]:
        for document in await self.to_list():
            yield document
