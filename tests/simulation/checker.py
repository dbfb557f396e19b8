"""What must hold: while it runs, that no event comes before its fact; at the end, everything."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aiokafka.structs import ConsumerRecord

from incognita_shared.kafka.topics import dead_letter_topic
from tests.simulation.events import COUNTS, REPORTS
from tests.simulation.store.documents import Stored
from tests.simulation.store.server import StoreServer

if TYPE_CHECKING:
    from tests.simulation.world import World

Violations = list[str]
_FACTS = {
    "incognita.step.reported.v1": ("door", "visits", "visit_id", "seq"),
    "incognita.step.counted.v1": ("counter", "counts", "visit_id", "out_seq"),
    "incognita.branch.totalled.v1": ("counter", "totals", "branch_id", "steps"),
}


def unfounded(store: StoreServer, record: ConsumerRecord) -> Violations:
    """An event on a topic whose fact is not committed."""
    read = _read(record)
    if read is None:
        return []
    name, body = read
    database, collection, key, counter = _FACTS[name]
    held = store.data.get((database, collection), {}).get(body[key])
    if held is None or held.value[counter] < body["seq"]:
        return [f"{name} {body[key]} {body['seq']} is on its topic before it is true"]
    return []


def turned_back(before: Stored, after: Stored) -> Violations:
    """A checkpoint that somebody who was not its owner any more has set."""
    if after.value["next"] >= before.value["next"]:
        return []
    at = f"{before.value['next']} to {after.value['next']}"
    return [f"the checkpoint of {before.value['_id']} went back from {at}"]


def outstanding(world: "World") -> list[str]:
    """What is still under way; empty when everything has come to rest."""
    left: list[str] = []
    plan, store = world.plan, world.store
    visits = {each["_id"]: each for each in store.documents("door", "visits")}
    counts = {each["_id"]: each for each in store.documents("counter", "counts")}
    for visit in plan.visits:
        if visits.get(visit, {}).get("seq", 0) < plan.steps:
            left.append(f"{visit} not reported")
        if not counts.get(visit, {}).get("looked_through"):
            left.append(f"{visit} not looked through")
    for (database, name), held in store.data.items():
        if name in ("visits", "counts"):
            left += _pending(name, held.values())
        if name in ("outbox", "parked_subjects", "parked_records"):
            left += [f"{database}.{name} {key}" for key in held]
    left += _behind(world)
    return left


def _pending(name: str, held: Iterable[Any]) -> list[str]:
    return [f"{name} {each.value['_id']} has pending" for each in held if each.value.get("pending")]


def _behind(world: "World") -> list[str]:
    behind: list[str] = []
    for service, topic in (("counter", REPORTS), ("sink", COUNTS)):
        held = world.store.data.get((service, "checkpoints"), {})
        for partition in world.broker.partitions_of(topic):
            end = world.broker.ends.get(partition, 0)
            stored = held.get(f"{topic}:{partition.partition}")
            at = stored.value["next"] if stored else 0
            if at != end:
                behind.append(f"{service} at {at} of {end} in {topic}:{partition.partition}")
    return behind


def violations(world: "World") -> Violations:
    """What is wrong in stores and topics, once everything has come to rest."""
    wrong: Violations = []
    visits = {each["_id"]: each for each in world.store.documents("door", "visits")}
    for visit, seq in sorted(world.accepted):
        if visits.get(visit, {"seq": 0})["seq"] < seq:
            wrong.append(f"step {seq} of {visit} was accepted and is not there")
    counts = {each["_id"]: each for each in world.store.documents("counter", "counts")}
    totals = {each["_id"]: each for each in world.store.documents("counter", "totals")}
    steps: dict[str, int] = defaultdict(int)
    points: dict[str, int] = defaultdict(int)
    for key, report in visits.items():
        branch, made, count = report["branch_id"], sum(report["points"]), counts.get(key, {})
        steps[branch] += report["seq"]
        points[branch] += made
        wrong += _in_order(f"counts {key}", count.get("applied", []), report["seq"])
        if count.get("points") != made:
            wrong.append(f"points of {key}: {count.get('points')}, not {made}")
    for branch, number in steps.items():
        found = totals.get(branch, {})
        if (found.get("steps"), found.get("points")) != (number, points[branch]):
            wrong.append(f"total of {branch}: {found}, not {number}, {points[branch]}")
    wrong += _topic(world, REPORTS, {key: visit["seq"] for key, visit in visits.items()})
    said = {key: count["out_seq"] for key, count in counts.items()} | dict(steps)
    wrong += _topic(world, COUNTS, said)
    heard = {each["_id"]: each for each in world.store.documents("sink", "heard")}
    for key, last in said.items():
        wrong += _in_order(f"heard {key}", heard.get(key, {}).get("applied", []), last)
    return wrong + _dead_letters(world)


def _topic(world: "World", topic: str, expected: dict[str, int]) -> Violations:
    """First copies in order and without gaps; in a calm run, no second copies."""
    first: dict[str, list[int]] = {key: [] for key in expected}
    wrong: Violations = []
    repeated = 0
    for record in world.broker.records(topic):
        read = _read(record)
        if read is None:
            continue
        body = read[1]
        seen = first.setdefault(body.get("visit_id", body["branch_id"]), [])
        if body["seq"] in seen:
            repeated += 1
        else:
            seen.append(body["seq"])
    for key, seen in first.items():
        wrong += _in_order(f"{topic} {key}", seen, expected.get(key, 0))
    if repeated and world.storm.calm:
        wrong.append(f"{topic}: {repeated} repeated though nothing went wrong")
    return wrong


def _in_order(what: str, seen: list[int], last: int) -> Violations:
    if seen == list(range(1, last + 1)):
        return []
    return [f"{what}: {seen}, expected 1 to {last}"]


def _dead_letters(world: "World") -> Violations:
    found = set()
    for record in world.broker.records(dead_letter_topic(REPORTS, "counter")):
        said = {name: value.decode() for name, value in record.headers}
        found.add(
            (said["dlq_source_topic"], int(said["dlq_source_partition"]),
             int(said["dlq_source_offset"]))
        )  # fmt: skip
    others = world.broker.records(dead_letter_topic(COUNTS, "sink"))
    if found == world.poison and not others:
        return []
    return [f"dead letters {sorted(found)} and {len(others)}, poison {sorted(world.poison)}"]


def _read(record: ConsumerRecord) -> tuple[str, dict[str, Any]] | None:
    name = dict(record.headers).get("ce_type", b"").decode()
    if name not in _FACTS or record.value == b"{broken" or "dlq" in record.topic:
        return None
    return name, json.loads(record.value)
