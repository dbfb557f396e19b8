"""``incognitactl rebuild``: a projection, or all of a service's that can be, from the topics."""

import argparse
import getpass
from typing import Any

from pymongo.errors import PyMongoError

from incognitactl.connections import SERVICES, Connections
from incognitactl.rebuild.errors import Refused, Stopped
from incognitactl.rebuild.plans import PLANS, Plan
from incognitactl.rebuild.rebuilding import Outcome, Rebuilding, Wish, abandon
from incognitactl.screen import say, show_table, warn

FOUND, WRONG = 1, 2


def add(subparsers: Any) -> None:
    """``rebuild SERVICE``."""
    parser = subparsers.add_parser("rebuild", help="projections from the topics, service stopped")
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument(
        "--projection", action="append", default=[], metavar="NAME", help="only this; repeatable"
    )  # fmt: skip
    parser.add_argument("--list", action="store_true", help="what can be rebuilt, and what not")
    parser.add_argument("--abandon", action="store_true", help="end a rebuild that is under way")
    parser.add_argument(
        "--from-what-is-left", action="store_true",
        help="although the first records of a topic are gone, and what follows from them with them",
    )  # fmt: skip
    parser.add_argument(
        "--without-reviewers", action="store_true",
        help="scoring: although nobody knows any more which reviewer decided",
    )  # fmt: skip
    parser.add_argument("--by", default=getpass.getuser(), metavar="NAME", help="who does it")
    parser.set_defaults(run=run)


async def run(arguments: argparse.Namespace, connections: Connections) -> int:
    """0 when it is done, 1 when it stopped on the way, 2 when it was refused."""
    plan = PLANS[arguments.service]
    if arguments.list:
        _list(plan)
        return 0
    try:
        if arguments.abandon:
            went = await abandon(connections, plan)
            say("abandoned; nothing was changed" if went else "no rebuild is under way")
            return 0
        wish = Wish(
            tuple(arguments.projection), arguments.by,
            from_what_is_left=arguments.from_what_is_left,
            without_reviewers=arguments.without_reviewers,
        )  # fmt: skip
        _tell(plan, await Rebuilding(connections, plan, wish).run())
    except Refused as error:
        warn(str(error))
        return WRONG
    except Stopped as error:
        warn(f"{error}. {_GO_ON}")
        return FOUND
    except PyMongoError as error:
        warn(f"MongoDB: {str(error)[:300]}. {_GO_ON}")
        return WRONG
    return 0


_GO_ON = "The service is held; the same command goes on, --abandon goes back"


def _list(plan: Plan) -> None:
    for name, each in plan.projections.items():
        say(f"{name}: {', '.join(each.collections)}")
    for name, why in plan.kept.items():
        say(f"not {name}: {why}")


def _tell(plan: Plan, outcome: Outcome) -> None:
    rows = [(name, before, after) for name, (before, after) in outcome.documents.items()]
    show_table(("collection", "documents before", "now"), rows)
    if outcome.left_out.unreadable:
        say(f"left out as unreadable, as the service did: {outcome.left_out.unreadable} records")
    places = outcome.left_out.without_cause
    if places:
        say(f"left out, for what they refer to is gone: {len(places)} ({', '.join(places[:5])})")
    for name, why in plan.kept.items():
        say(f"{name} left as it is: {why}")
