"""A consumer group by the classic protocol: join barrier, generations, session time-outs."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiokafka.structs import TopicPartition

from tests.simulation.chance import Chance
from tests.simulation.loop import SimulatedLoop


@dataclass
class Member:
    """One consumer as the coordinator knows it."""

    topics: Sequence[str]
    seen: float
    waiting: "asyncio.Future[tuple[int, list[TopicPartition]]] | None" = None


class Group:
    """The coordinator's side."""

    def __init__(
        self,
        loop: SimulatedLoop,
        chance: Chance,
        partitions_of: Callable[[str], list[TopicPartition]],
        *,
        session_s: float,
        rebalance_s: float,
    ) -> None:
        self._loop = loop
        self._chance = chance
        self._partitions_of = partitions_of
        self._session_s = session_s
        self._rebalance_s = rebalance_s
        self.members: dict[str, Member] = {}
        self.generation = 0
        self.joining = False
        self._round = 0

    def join(
        self, member: str, topics: Sequence[str]
    ) -> "asyncio.Future[tuple[int, list[TopicPartition]]]":
        """A future of (generation, partitions), set when all have joined."""
        known = self.members.setdefault(member, Member(topics, self._loop.time()))
        known.waiting = asyncio.Future(loop=self._loop)
        self._rebalance()
        self._complete_if_all_joined()
        return known.waiting

    def heartbeat(self, member: str, generation: int) -> str:
        """``"ok"``, ``"rebalance"`` or ``"unknown"``."""
        known = self.members.get(member)
        if known is None:
            return "unknown"
        known.seen = self._loop.time()
        if self.joining or generation != self.generation:
            return "rebalance"
        return "ok"

    def leave(self, member: str) -> None:
        """The member goes, and its partitions go to others."""
        if self.members.pop(member, None) is not None:
            self._rebalance()
            self._complete_if_all_joined()

    def is_current(self, member: str, generation: int) -> bool:
        """Whether the member may commit offsets."""
        return member in self.members and generation == self.generation and not self.joining

    def _rebalance(self) -> None:
        if self.joining:
            return
        self.joining = True
        self._round += 1
        self._loop.in_world(self._rebalance_s, self._complete, self._round)

    def _complete_if_all_joined(self) -> None:
        if all(member.waiting is not None for member in self.members.values()):
            # a broker waits a little for more members to come
            self._loop.in_world(self._chance.between(0, 0.3), self._settle, self._round)

    def _settle(self, number: int) -> None:
        if all(member.waiting is not None for member in self.members.values()):
            self._complete(number)

    def _complete(self, number: int) -> None:
        if not self.joining or number != self._round:
            return
        self.joining = False
        self.generation += 1
        joined = {name: each for name, each in self.members.items() if each.waiting is not None}
        self.members = joined
        shares = self._shares(joined)
        for name, member in joined.items():
            waiting, member.waiting = member.waiting, None
            member.seen = self._loop.time()
            if waiting is not None and not waiting.done():
                waiting.set_result((self.generation, shares[name]))
            self._watch(name, member)

    def _shares(self, joined: dict[str, Member]) -> dict[str, list[TopicPartition]]:
        shares: dict[str, list[TopicPartition]] = {name: [] for name in joined}
        topics = dict.fromkeys(topic for each in joined.values() for topic in each.topics)
        names = sorted(joined)
        turn = self._chance.pick(len(names)) if names else 0
        for topic in topics:
            for partition in self._partitions_of(topic):
                shares[names[turn % len(names)]].append(partition)
                turn += 1
        return shares

    def _watch(self, name: str, member: Member, generation: int | None = None) -> None:
        """Look whether the member's session has run out, as long as this generation lasts."""
        current = self.generation if generation is None else generation
        if generation is not None:
            if self.members.get(name) is not member or current != self.generation:
                return
            if self._loop.time() - member.seen >= self._session_s and member.waiting is None:
                self.leave(name)
                return
        due = max(0.05, member.seen + self._session_s - self._loop.time())
        self._loop.in_world(due, self._watch, name, member, current)
