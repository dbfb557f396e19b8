"""What has become of dead letters, read back from where it is written down.

``dead_letter_resolutions`` in the database of the service that refused the record:
``{_id: "<topic>:<partition>:<offset>", verb: replay|discard, by, at, reason, earlier: [...]}``.

A replay parks the record under its own offset with the wish to have it back, so that the owner of
its partition handles it in a transaction of its own. Whether that has happened is not written down
a second time: a record that still lies in the parking has not been handled.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from incognita_shared.mongo.client import Database, Document
from incognita_shared.mongo.parking import RECORDS, SUBJECTS
from incognitactl.connections import SERVICES, Connections
from incognitactl.dead_letters.letters import DeadLetter, Origin, read_letters

COLLECTION = "dead_letter_resolutions"


class State(StrEnum):
    """What has become of a dead letter."""

    OPEN = "open"
    REPLAYING = "replaying"
    """Waits for the owner of its partition, who looks every two seconds."""
    WAITING = "waiting"
    """Lies among the records of its visit, which is parked; ``parked unpark`` handles them all."""
    FAILED = "failed"
    """Was replayed, and refused again."""
    REPLAYED = "replayed"
    DISCARDED = "discarded"

    @property
    def is_open(self) -> bool:
        """Whether the record has neither been handled nor given up."""
        return self not in (State.REPLAYED, State.DISCARDED)


@dataclass(frozen=True, slots=True)
class Resolution:
    """Where a dead letter stands, who brought it there, and why."""

    state: State
    by: str | None = None
    at: datetime | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Resolved:
    """A dead letter with where it stands."""

    letter: DeadLetter
    resolution: Resolution


def resolution_id(origin: Origin) -> str:
    """The key within the database of the service that refused the record."""
    return f"{origin.source}:{origin.offset}"


def parked_id(origin: Origin) -> str:
    """The key of the record in the parking, as ``ParkedRecord.id`` has it."""
    return f"{origin.source}:{origin.offset:015d}"


def own_subject(origin: Origin) -> str:
    """What a replayed record is parked under: nothing else ever waits behind it."""
    return f"dead-letter:{origin.offset}"


async def dead_letters(
    connections: Connections, consumers: Collection[str] = SERVICES
) -> AsyncIterator[Resolved]:
    """Every dead letter of these services with where it stands now."""
    known = {
        consumer: await resolutions_of(connections.databases[consumer]) for consumer in consumers
    }
    async for letter in read_letters(connections, consumers):
        resolution = known[letter.origin.consumer].get(resolution_id(letter.origin))
        yield Resolved(letter, resolution or Resolution(State.OPEN))


async def resolution_of(db: Database, origin: Origin) -> Resolution:
    """Where one dead letter stands now."""
    found = await resolutions_of(db, {"_id": resolution_id(origin)})
    return found.get(resolution_id(origin), Resolution(State.OPEN))


async def resolutions_of(
    db: Database, where: Mapping[str, object] | None = None
) -> dict[str, Resolution]:
    """``resolution_id`` → where it stands, of all that an operator has ever touched."""
    documents = [each async for each in db[COLLECTION].find(where or {})]
    ids = [each["parked"] for each in documents if each["verb"] == "replay"]
    parked = {
        each["_id"]: each
        async for each in db[RECORDS].find({"_id": {"$in": ids}}, {"source": 1, "subject": 1})
    }
    names = [f"{each['source']}:{each['subject']}" for each in parked.values()]
    subjects = {each["_id"]: each async for each in db[SUBJECTS].find({"_id": {"$in": names}})}
    return {each["_id"]: _resolution(each, parked, subjects) for each in documents}


def _resolution(
    document: Document, parked: Mapping[str, Document], subjects: Mapping[str, Document]
) -> Resolution:
    by, at, why = document["by"], document["at"], document["reason"]
    if document["verb"] == "discard":
        return Resolution(State.DISCARDED, by, at, why)
    record = parked.get(document["parked"])
    if record is None:
        return Resolution(State.REPLAYED, by, at, why)
    subject = subjects.get(f"{record['source']}:{record['subject']}", {})
    if subject.get("unpark"):
        return Resolution(State.REPLAYING, by, at, why)
    is_own = record["subject"] == document["subject"]
    return Resolution(State.FAILED if is_own else State.WAITING, by, at, subject.get("reason"))
