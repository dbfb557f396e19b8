"""``incognitactl parked``: visits that wait because one of their events keeps failing."""

import argparse
from collections.abc import Sequence
from typing import Any

from incognita_shared.mongo.client import Document
from incognitactl.connections import SERVICES, Connections
from incognitactl.parked.visits import (
    Outcome,
    ParkedVisit,
    followed,
    parked_visits,
    records_of,
    unpark,
)
from incognitactl.screen import say, show_json, show_table, warn

FOUND, WRONG = 1, 2


def add(subparsers: Any) -> None:
    """``parked list``, ``show`` and ``unpark``."""
    parser = subparsers.add_parser("parked", help="visits that wait: list, show, unpark")
    verbs = parser.add_subparsers(required=True, metavar="verb")
    listing = verbs.add_parser("list", help="all that wait; exit status 1 if there are any")
    listing.set_defaults(run=_list)
    showing = verbs.add_parser("show", help="the records that wait for a visit, in order")
    showing.add_argument("subject", metavar="SUBJECT", help="the visit's id")
    showing.set_defaults(run=_show)
    asking = verbs.add_parser("unpark", help="ask the service to handle what waits")
    asking.add_argument("subject", metavar="SUBJECT", nargs="*", help="the visit's id")
    asking.add_argument("--all", action="store_true", help="whatever is parked")
    asking.add_argument(
        "--wait", type=float, nargs="?", const=60.0, metavar="SECONDS",
        help="follow until each is handled or has failed again (60 s by default)",
    )  # fmt: skip
    asking.set_defaults(run=_unpark)
    for verb in (listing, showing, asking):
        verb.add_argument("--service", choices=SERVICES, help="in this service only")
    for verb in (listing, showing):
        verb.add_argument("--json", action="store_true", help="for machines")


def _services(arguments: argparse.Namespace) -> Sequence[str]:
    return (arguments.service,) if arguments.service else SERVICES


async def _list(arguments: argparse.Namespace, connections: Connections) -> int:
    found = [each async for each in parked_visits(connections, _services(arguments))]
    if arguments.json:
        show_json([_plain(each) for each in found])
    elif found:
        show_table(
            ("service", "partition", "visit", "records", "since", "state", "reason"),
            [(each.service, each.source, each.subject, each.waiting, each.since,
              "asked back" if each.unpark else "parked", each.reason) for each in found],
        )  # fmt: skip
    else:
        say("nothing is parked")
    return FOUND if found else 0


async def _show(arguments: argparse.Namespace, connections: Connections) -> int:
    found = [
        each async for each in parked_visits(connections, _services(arguments), [arguments.subject])
    ]
    if not found:
        warn(f"{arguments.subject} is not parked")
        return FOUND
    shown = [
        _plain(visit)
        | {"records": [_record(one) for one in await records_of(_db(connections, visit), visit)]}
        for visit in found
    ]
    if arguments.json:
        show_json(shown)
        return 0
    for visit in shown:
        say(f"{visit['service']} {visit['source']}, since {visit['since']}: {visit['reason']}")
        columns = ("offset", "type", "id", "time", "reason")
        show_table(columns, [[one[name] for name in columns] for one in visit["records"]])
    return 0


async def _unpark(arguments: argparse.Namespace, connections: Connections) -> int:
    if bool(arguments.subject) == arguments.all:
        warn("name the visits, or --all")
        return WRONG
    wanted = None if arguments.all else arguments.subject
    found = [each async for each in parked_visits(connections, _services(arguments), wanted)]
    missing = set(arguments.subject) - {each.subject for each in found}
    for subject in sorted(missing):
        warn(f"{subject} is not parked")
    asked = [each for each in found if await unpark(_db(connections, each), each)]
    went = True
    if arguments.wait is None:
        for each in asked:
            say(f"{each.service} {each.source} {each.subject}: asked back, {each.waiting} records")
    else:
        went = await followed(connections, asked, within_s=arguments.wait, told=_tell)
    return FOUND if missing or not went else 0


def _tell(visit: ParkedVisit, outcome: Outcome, why: str | None) -> None:
    say(f"{visit.service} {visit.source} {visit.subject}: {outcome}{f': {why}' if why else ''}")


def _db(connections: Connections, visit: ParkedVisit) -> Any:
    return connections.databases[visit.service]


def _plain(visit: ParkedVisit) -> dict[str, Any]:
    names = ("service", "source", "subject", "reason", "since", "unpark", "waiting")
    return {name: getattr(visit, name) for name in names}


def _record(document: Document) -> dict[str, Any]:
    headers = {name: bytes(value).decode(errors="replace") for name, value in document["headers"]}
    return {
        "offset": document["offset"],
        "type": headers.get("ce_type"),
        "id": headers.get("ce_id"),
        "time": headers.get("ce_time"),
        "reason": document["reason"],
        "body": (document["value"] or b"").decode(errors="replace"),
    }
