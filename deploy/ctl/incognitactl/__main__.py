"""incognitactl COMMAND. Exit status: 0 fine, 1 found something, 2 wrong usage or out of reach."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from incognita_shared.settings import SettingsError
from incognitactl.connections import Settings, UnreachableError, connected
from incognitactl.dead_letters import command as dead_letters
from incognitactl.parked import command as parked
from incognitactl.rebuild import command as rebuild
from incognitactl.verify import command as verify

COMMANDS = (verify, dead_letters, parked, rebuild)
"""Each has ``add(subparsers)``, which names itself by ``set_defaults(run=…)``, and that ``run``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="incognitactl", description=__doc__)
    subparsers = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        command.add(subparsers)
    arguments = parser.parse_args(argv)
    try:
        return asyncio.run(_run(arguments))
    except (SettingsError, UnreachableError) as error:
        print(f"incognitactl: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


async def _run(arguments: argparse.Namespace) -> int:
    async with connected(Settings.read()) as connections:
        status: int = await arguments.run(arguments, connections)
        return status


if __name__ == "__main__":
    sys.exit(main())
