"""One rebuild from beginning to end, or from where the last one was killed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from incognita_shared.mongo.checkpoint import COLLECTION as CHECKPOINTS
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.client import Database, ensure_collections
from incognita_shared.mongo.outbox import COLLECTION as OUTBOX
from incognita_shared.mongo.parking import RECORDS
from incognitactl.connections import Connections
from incognitactl.dead_letters.resolutions import State, dead_letters
from incognitactl.rebuild import hold
from incognitactl.rebuild.errors import Refused, Stopped
from incognitactl.rebuild.plans import Plan
from incognitactl.rebuild.progress import Progress
from incognitactl.rebuild.reading import LeftOut, Place, Reading
from incognitactl.rebuild.swap import drop_staging, staging_of, swap
from incognitactl.rebuild.topics import Reach, reach, require_stopped
from incognitactl.screen import warn
from incognitactl.services import create_indexes_of


@dataclass(frozen=True)
class Wish:
    """What the operator asked for. No ``projections``: all of the service's."""

    projections: tuple[str, ...]
    by: str
    from_what_is_left: bool = False
    without_reviewers: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of it. ``documents``: collection → how many there were, how many there are."""

    documents: dict[str, tuple[int, int]]
    left_out: LeftOut


class Rebuilding:
    """The rebuild of one service."""

    def __init__(self, connections: Connections, plan: Plan, wish: Wish) -> None:
        self._connections = connections
        self._plan = plan
        self._wish = wish
        self._db: Database = connections.databases[plan.service]
        self._chosen = plan.chosen(wish.projections)
        self._steps = plan.steps(wish.projections)
        self._left_out = LeftOut()

    async def run(self) -> Outcome:
        """Rebuild, or go on with what is under way. Raises Refused, Stopped."""
        await require_stopped(self._connections, self._plan.service)
        under_way = await hold.find(self._db)
        if under_way is None:
            await self._begin()
            under_way = await hold.find(self._db)
        if under_way is None or under_way.projections != tuple(self._chosen):
            what = ", ".join(under_way.projections) if under_way else "nothing"
            raise Refused(f"{what} is being rebuilt: finish that first, or give --abandon")
        collections = [name for each in self._chosen.values() for name in each.collections]
        before = await self._counts(collections)
        if under_way.state == hold.READING:
            await self._read(under_way)
            await self._check_nobody_worked(under_way)
            await hold.begin_swap(self._db)
        await swap(self._db, collections)
        await hold.release(self._db, outcome="done")
        await drop_staging(self._db)
        after = await self._counts(collections)
        return Outcome({name: (before[name], after[name]) for name in collections}, self._left_out)

    async def _begin(self) -> None:
        await self._require_all_said()
        found = await self._reach()
        checkpoints = await self._checkpoints()
        until: dict[Source, int] = {}
        for source, end in found.ends.items():
            read_to = checkpoints.get(source)
            is_own = source.topic == self._plan.own_topic
            if read_to is None and end > 0 and not is_own and not self._plan.may_read_again:
                raise Refused(
                    f"there is no checkpoint of {source}: nobody knows how far it was handled. "
                    "Start the service on its empty database: it reads everything again, and what "
                    "it says again has the ids that it had"
                )
            until[source] = end if read_to is None or is_own else read_to
            if until[source] > end:
                raise Refused(f"{source} ends at {end}, before {until[source]}, to where it was "
                              "handled: the topic is not the one that it was")  # fmt: skip
        await drop_staging(self._db)  # what a rebuild killed at its very end has left
        await hold.begin(
            self._db, list(self._chosen), by=self._wish.by, until=until, ends=found.ends,
            consumed=self._consumed(),
        )  # fmt: skip

    async def _reach(self) -> Reach:
        compacted = [
            topic.topic
            for topic in self._connections.topics
            if topic.config.get("cleanup.policy") == "compact"
        ]
        found = await reach(self._connections, [step.topic for step in self._steps])
        gone = found.cut_off(compacted)
        if gone:
            what = ", ".join(f"{source} begins at {found.begins[source]}" for source in gone[:3])
            text = f"the first records of {len(gone)} partition(s) are gone ({what})"
            if not self._wish.from_what_is_left:
                raise Refused(
                    f"{text}; what follows from them would be missing. Restore a backup, or give "
                    "--from-what-is-left to go without them for good"
                )
            warn(f"{text}: what follows from them alone will not be there any more")
        return found

    async def _checkpoints(self) -> dict[Source, int]:
        found = {}
        async for each in self._db[CHECKPOINTS].find({}):
            topic, _, partition = each["_id"].rpartition(":")
            found[Source(topic, int(partition))] = int(each["next"])
        return found

    def _consumed(self) -> list[Source]:
        return [
            Source(topic.topic, number)
            for topic in self._connections.topics
            if self._plan.service in topic.consumers
            for number in range(topic.partitions)
        ]

    async def _require_all_said(self) -> None:
        """The service's own topic can only be read back when it has everything that was decided."""
        if not self._reads_own_topic():
            return
        unsaid = await self._db[OUTBOX].count_documents({})
        unsaid += await self._db["scores"].count_documents({"has_pending": True})
        if unsaid:
            raise Refused(
                f"{self._plan.service} has decided what it has not said yet ({unsaid} documents): "
                "start it until that is published, and stop it again"
            )

    def _reads_own_topic(self) -> bool:
        return any(step.topic == self._plan.own_topic for step in self._steps)

    async def _read(self, under_way: hold.Rebuild) -> None:
        staging = staging_of(self._db)
        collections = [name for each in self._chosen.values() for name in each.collections]
        await create_indexes_of(self._plan.service)(staging)
        await ensure_collections(staging, collections)
        if self._reads_own_topic():
            from incognitactl.rebuild.known import keep_known

            await keep_known(self._db, staging, without_reviewers=self._wish.without_reviewers)
        found = await self._reach()
        total = sum(
            max(0, until - found.begins[source]) for source, until in under_way.until.items()
        )
        with Progress(f"rebuild of {self._plan.service}", total) as progress:
            reading = Reading(
                self._plan.service,
                staging,
                connections=self._connections,
                until=under_way.until,
                begins=found.begins,
                passed_over=await self._passed_over(),
                tolerant=self._wish.from_what_is_left,
                progress=progress,
            )
            await reading.run(self._steps)
        self._left_out = reading.left_out

    async def _passed_over(self) -> Collection[Place]:
        """Records that the service has not handled: they are parked, or dead letters."""
        places: set[Place] = set()
        async for each in self._db[RECORDS].find({}, {"source": 1, "offset": 1}):
            topic, _, partition = each["source"].rpartition(":")
            places.add((Source(topic, int(partition)), each["offset"]))
        async for one in dead_letters(self._connections, [self._plan.service]):
            state = one.resolution.state
            if state.is_open or state is State.DISCARDED:
                places.add((one.letter.origin.source, one.letter.origin.offset))
        return places

    async def _check_nobody_worked(self, under_way: hold.Rebuild) -> None:
        await require_stopped(self._connections, self._plan.service)
        if not self._reads_own_topic():
            return
        found = await reach(self._connections, [step.topic for step in self._steps])
        own = [source for source in found.ends if source.topic == self._plan.own_topic]
        pending = await self._db["scores"].count_documents({"has_pending": True})
        if pending or any(found.ends[source] != under_way.ends[source] for source in own):
            raise Stopped(
                f"{self._plan.service} has said something since the rebuild began: "
                "give --abandon and begin again"
            )

    async def _counts(self, collections: Sequence[str]) -> dict[str, int]:
        return {name: await self._db[name].count_documents({}) for name in collections}


async def abandon(connections: Connections, plan: Plan) -> bool:
    """Go back to what was there; False where nothing is under way. Raises Refused if too late."""
    db = connections.databases[plan.service]
    under_way = await hold.find(db)
    if under_way is None:
        return False
    if under_way.state == hold.SWAPPING:
        raise Refused("collections have been put in place already: finish it by the same command")
    await hold.release(db, outcome="abandoned")
    await drop_staging(db)
    return True
