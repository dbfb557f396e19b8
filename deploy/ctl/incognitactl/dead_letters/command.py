"""``incognitactl dead-letters``: records that a service could not read."""

import argparse
import asyncio
import getpass
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from incognitactl.connections import SERVICES, Connections
from incognitactl.dead_letters.letters import DeadLetter, Origin
from incognitactl.dead_letters.resolutions import Resolved, State, dead_letters, resolution_of
from incognitactl.dead_letters.resolving import NotDone, discard, replay
from incognitactl.screen import say, show_json, show_table, warn

FOUND, WRONG = 1, 2
LOOK_EVERY_S = 0.2


def add(subparsers: Any) -> None:
    """``dead-letters list``, ``show``, ``replay`` and ``discard``."""
    parser = subparsers.add_parser(
        "dead-letters", help="unreadable records: list, show, replay, discard"
    )
    verbs = parser.add_subparsers(required=True, metavar="verb")
    listing = verbs.add_parser("list", help="the open ones; exit status 1 if there are any")
    listing.add_argument("--all", action="store_true", help="the replayed and discarded ones too")
    listing.set_defaults(run=_list)
    showing = verbs.add_parser("show", help="one of them with its headers and body")
    showing.add_argument("ids", type=_origin, metavar="ID", nargs=1)
    showing.set_defaults(run=_show)
    again = verbs.add_parser("replay", help="hand them back to the service that refused them")
    again.add_argument("ids", type=_origin, metavar="ID", nargs="*")
    again.add_argument("--all-matching", action="store_true", help="every open one that matches")
    again.add_argument("--again", action="store_true", help="those too that are done with")
    again.add_argument("--wait", type=float, default=30.0, metavar="SECONDS",
                       help="how long to wait for the outcome (30 s; 0: not at all)")  # fmt: skip
    again.set_defaults(run=_replay)
    giving_up = verbs.add_parser("discard", help="give them up, for a reason that is kept")
    giving_up.add_argument("ids", type=_origin, metavar="ID", nargs="*")
    giving_up.add_argument(
        "--all-matching", action="store_true", help="every open one that matches"
    )
    giving_up.add_argument("--reason", required=True, metavar="TEXT")
    giving_up.set_defaults(run=_discard)
    for verb in (again, giving_up):
        verb.add_argument("--by", default=getpass.getuser(), metavar="NAME", help="who does it")
    for verb in (listing, again, giving_up):
        _add_filters(verb)
    for verb in (listing, showing):
        verb.add_argument("--json", action="store_true", help="for machines")


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--service", choices=SERVICES, help="refused by this service")
    parser.add_argument("--topic", help="that came on this topic, without namespace")
    parser.add_argument("--since", type=_moment, metavar="TIME", help="refused since (ISO 8601)")
    parser.add_argument("--reason-contains", default="", metavar="TEXT")


def _origin(text: str) -> Origin:
    try:
        return Origin.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"not a time in ISO 8601: {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def _matching(
    arguments: argparse.Namespace, connections: Connections
) -> AsyncIterator[Resolved]:
    services = (arguments.service,) if arguments.service else SERVICES
    async for each in dead_letters(connections, services):
        letter = each.letter
        if (
            arguments.topic in (None, letter.origin.source.topic)
            and (arguments.since is None or letter.at >= arguments.since)
            and arguments.reason_contains in letter.reason
        ):
            yield each


async def _list(arguments: argparse.Namespace, connections: Connections) -> int:
    found = [
        each
        async for each in _matching(arguments, connections)
        if arguments.all or each.resolution.state.is_open
    ]
    if arguments.json:
        show_json([_plain(each) for each in found])
    elif found:
        columns = ("id", "type", "time", "reason", "state", "by", "at", "why")
        show_table(columns, [[_plain(each)[name] for name in columns] for each in found])
    else:
        say("no dead letter is open")
    return FOUND if any(each.resolution.state.is_open for each in found) else 0


async def _show(arguments: argparse.Namespace, connections: Connections) -> int:
    found = await _named(arguments.ids, connections)
    if not found:
        return FOUND
    shown = _plain(found[0]) | _content(found[0].letter)
    if arguments.json:
        show_json(shown)
        return 0
    for name, value in shown.items():
        if name == "headers":
            for header, text in value.items():
                say(f"  {header}: {text}")
        elif value is not None:
            say(f"{name}: {value}")
    return 0


async def _replay(arguments: argparse.Namespace, connections: Connections) -> int:
    letters = await _chosen(arguments, connections)
    if letters is None:
        return WRONG
    asked: list[Origin] = []
    for each in letters:
        origin = each.letter.origin
        try:
            await replay(
                connections.databases[origin.consumer], each.letter,
                by=arguments.by, again=arguments.again,
            )  # fmt: skip
            asked.append(origin)
        except NotDone as error:
            say(f"{origin}: {each.resolution.state}: {error}")
    went = await _followed(connections, asked, within_s=arguments.wait)
    return 0 if went and len(asked) == max(len(letters), len(arguments.ids)) else FOUND


async def _discard(arguments: argparse.Namespace, connections: Connections) -> int:
    letters = await _chosen(arguments, connections)
    if letters is None:
        return WRONG
    done = 0
    for each in letters:
        origin = each.letter.origin
        try:
            await discard(
                connections.databases[origin.consumer], origin,
                by=arguments.by, reason=arguments.reason,
            )  # fmt: skip
            done += 1
            say(f"{origin}: discarded")
        except NotDone as error:
            say(f"{origin}: {each.resolution.state}: {error}")
    return 0 if done == max(len(letters), len(arguments.ids)) else FOUND


async def _chosen(arguments: argparse.Namespace, connections: Connections) -> list[Resolved] | None:
    if bool(arguments.ids) == arguments.all_matching:
        warn("name the dead letters, or --all-matching with a filter or without one")
        return None
    if arguments.ids:
        return await _named(arguments.ids, connections)
    found = [each async for each in _matching(arguments, connections)]
    return [each for each in found if each.resolution.state.is_open]


async def _named(ids: Sequence[Origin], connections: Connections) -> list[Resolved]:
    wanted = set(ids)
    services = {each.consumer for each in wanted}
    found = [
        each async for each in dead_letters(connections, services) if each.letter.origin in wanted
    ]
    for origin in sorted(wanted - {each.letter.origin for each in found}):
        warn(f"{origin} is no dead letter")
    return found


async def _followed(connections: Connections, asked: Sequence[Origin], *, within_s: float) -> bool:
    """Tell what becomes of each; True if all were handled, or none was waited for."""
    left, went, deadline = list(asked), True, time.monotonic() + within_s
    while left:
        for origin in list(left):
            now = await resolution_of(connections.databases[origin.consumer], origin)
            if now.state is State.REPLAYING and time.monotonic() < deadline:
                continue
            left.remove(origin)
            why = now.why if now.state in (State.FAILED, State.WAITING) else None
            if now.state is State.REPLAYING and within_s:
                why = f"not taken within {within_s:g} s; does {origin.consumer} run?"
            went = went and (now.state is State.REPLAYED or not within_s)
            say(f"{origin}: {now.state}{f': {why}' if why else ''}")
        if left:
            await asyncio.sleep(LOOK_EVERY_S)
    return went


def _plain(each: Resolved) -> dict[str, Any]:
    letter, resolution = each.letter, each.resolution
    return {
        "id": str(letter.origin),
        "type": letter.header("ce_type") or None,
        "subject": letter.header("ce_subject") or None,
        "time": letter.at,
        "reason": letter.reason,
        "state": str(resolution.state),
        "by": resolution.by,
        "at": resolution.at,
        "why": resolution.why,
    }


def _content(letter: DeadLetter) -> dict[str, Any]:
    def text(value: bytes | None) -> str | None:
        return None if value is None else value.decode(errors="backslashreplace")

    return {
        "key": text(letter.key),
        "headers": {name: text(value) for name, value in letter.headers},
        "body": text(letter.value),
    }
