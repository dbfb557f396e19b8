"""Query plans of what the code really sends: captured while it runs, then explained."""

import json
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from bson import json_util
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from incognita_shared.settings import MongoSettings

Command = dict[str, Any]
QUERIES = ("find", "update", "delete", "aggregate", "distinct", "count", "findAndModify")
_OF_THE_SESSION = {
    "lsid", "txnNumber", "autocommit", "startTransaction", "$db", "$clusterTime",
    "$readPreference", "readConcern", "writeConcern", "ordered", "maxTimeMS",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """How MongoDB runs one command. ``examined`` and ``returned`` count documents."""

    collection: str
    command: Command
    stages: frozenset[str]
    examined: int
    returned: int

    @property
    def scans(self) -> bool:
        """Whether it walks a collection, or sorts in memory more than documents named by id."""
        named = "_id" in self.command.get("filter", {})
        return "COLLSCAN" in self.stages or ("SORT" in self.stages and not named)

    def __str__(self) -> str:
        return f"{self.collection}: {json.dumps(self.command, default=json_util.default)[:600]}"


@dataclass
class Plans(CommandListener):
    """Listens to a client; keeps one command of each shape while ``capturing``."""

    commands: dict[str, Command] = field(default_factory=dict)
    sent: int = 0
    _on: bool = False

    @contextmanager
    def capturing(self) -> Iterator[None]:
        """Only what is sent within the block is kept."""
        self._on = True
        try:
            yield
        finally:
            self._on = False

    def started(self, event: CommandStartedEvent) -> None:
        self.sent += self._on
        if not self._on or event.command_name not in QUERIES:
            return
        given = {
            name: value for name, value in event.command.items() if name not in _OF_THE_SESSION
        }
        for each in _singly(given):
            self.commands.setdefault(_shape(each), each)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Nothing to note."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Nothing to note."""

    async def explained(self, db: AsyncDatabase[Any]) -> list[Plan]:
        """The plan of each shape of command that was captured."""
        return [await _explained(db, command) for command in self.commands.values()]

    async def none_scans(
        self,
        db: AsyncDatabase[Any],
        *,
        most_examined: int | None = None,
        fewest: int = 1,
        passed_over: Collection[str] = (),
    ) -> None:
        """Fails with the first plan that scans, or that examines more documents than that.

        ``fewest``: how many shapes of commands there must be, lest nothing was looked at.
        ``passed_over``: collections of a few documents whatever is stored, quickest read whole.
        """
        found = await self.explained(db)
        assert len(found) >= fewest
        for plan in found:
            if plan.collection not in passed_over:
                assert not plan.scans, plan
                assert most_examined is None or plan.examined <= most_examined, plan


@pytest.fixture
def plans() -> Plans:
    """What the test's database is asked."""
    return Plans()


@pytest.fixture
async def listened(
    mongo_settings: MongoSettings, namespace: str, plans: Plans
) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """A database of this test alone whose commands ``plans`` hears; dropped at the end."""
    name = f"{namespace}_test"
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        mongo_settings.uri.get_secret_value(), tz_aware=True, event_listeners=[plans],
        uuidRepresentation="standard",
    )  # fmt: skip
    try:
        yield client.get_database(
            name, write_concern=WriteConcern("majority"), read_concern=ReadConcern("majority")
        )
    finally:
        await client.drop_database(name)
        await client.close()


async def multiplied(db: AsyncDatabase[Any], collection: str, times: int, **changed: Any) -> None:
    """Add ``times`` copies of a document, so that a scan would show."""
    document = await db[collection].find_one({})
    assert document is not None
    copies = [{**document, **changed, "_id": f"copy-{n}"} for n in range(times)]
    await db[collection].insert_many(copies)


def _singly(command: Command) -> list[Command]:
    """Each update or deletion of a command that holds many, for explain takes one."""
    part = {"update": "updates", "delete": "deletes"}.get(next(iter(command)))
    if part is None:
        return [command]
    return [{**command, part: [each]} for each in command[part]]


def _shape(command: Mapping[str, Any]) -> str:
    return json.dumps(_shape_of(command), sort_keys=True)


def _shape_of(value: Any) -> Any:
    match value:
        case Mapping():
            return {str(name): _shape_of(each) for name, each in value.items()}
        case list() | tuple():
            return sorted({json.dumps(_shape_of(each)) for each in value})
        case str():
            return value if value.startswith("$") else "text"
        case _:
            return type(value).__name__


async def _explained(db: AsyncDatabase[Any], command: Command) -> Plan:
    name = next(iter(command))
    plain = {key: value for key, value in command.items() if key != "cursor"}
    if name == "aggregate":
        plain["cursor"] = {}
    told = await db.command("explain", plain, verbosity="executionStats")
    first = told["stages"][0]["$cursor"] if "stages" in told else told
    statistics = first["executionStats"]
    return Plan(
        collection=str(command[name]),
        command=command,
        stages=frozenset(_stages(first["queryPlanner"]["winningPlan"])),
        examined=statistics["totalDocsExamined"],
        returned=statistics["nReturned"],
    )


def _stages(plan: Any) -> Iterator[str]:
    match plan:
        case Mapping():
            if isinstance(plan.get("stage"), str):
                yield plan["stage"]
            for each in plan.values():
                yield from _stages(each)
        case list():
            for each in plan:
                yield from _stages(each)
