"""python -m incognita_local up | down | status | env | doctor | wipe | run -- COMMAND"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.table import Table

from incognita_local import checks, elsewhere, stack
from incognita_local.cache import Cache
from incognita_local.errors import LocalError
from incognita_local.records import StateDirectory, read_json

OURS = ("data", "logs", "pids", "servers.json", "servers.lock", "lock")


def up(state: StateDirectory) -> int:
    begun = time.monotonic()
    if not _can_start(state):
        return 1
    stack.Servers(state.path).start()
    print(f"Ready in {time.monotonic() - begun:.1f} s. State and logs: {state.path}")
    _print_urls(state)
    command = f"{Path(sys.executable).name} -m incognita_local env"
    print(f'In a shell: eval "$({command} --state {shlex.quote(str(state.path))})"')
    return 0


def run(command: list[str], state: Path | None) -> int:
    """The command's exit status; its servers and, without `--state`, their data are gone then."""
    if not command:
        print("run: name a command, for example: run -- pytest", file=sys.stderr)
        return 2
    with contextlib.ExitStack() as stays:
        place = state or stays.enter_context(tempfile.TemporaryDirectory(prefix="incognita-"))
        directory = StateDirectory(Path(place).resolve())
        if not _can_start(directory):
            return 1
        environment = stays.enter_context(stack.Servers(directory.path))
        return subprocess.run(command, env={**os.environ, **environment}, check=False).returncode


def _can_start(state: StateDirectory) -> bool:
    if all(os.environ.get(names[0]) for names in elsewhere.VARIABLES.values()):
        return True
    return _report(checks.run_all(Cache(), state.path, always_ask_network=False), all_of=False)


def down(state: StateDirectory) -> int:
    for name, outcome in stack.stop_all(state).items():
        print(f"{name}: {outcome}")
    return 0


def status(state: StateDirectory) -> int:
    """Exit status 0 when all servers run, 3 otherwise (as service managers do)."""
    table = Table("server", "state", "pid", "URL", "memory", "up since", box=None)
    all_run = True
    kept = read_json(state.servers_file)
    for name in stack.STOP_TIMEOUT_S:
        if url := os.environ.get(elsewhere.VARIABLES[name][0]):
            table.add_row(name, "elsewhere", "", url.rpartition("@")[2], "", "")
            continue
        process = state.process(name)
        if process and process.alive:
            url = str(kept.get(name, {}).get("url", ""))
            memory = f"{process.memory_bytes() / 1e6:.0f} MB"
            table.add_row(name, "runs", str(process.pid), url, memory, _span(process.uptime_s))
        else:
            all_run = False
            table.add_row(name, "died" if process else "stopped", "", "", "", "")
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    return 0 if all_run else 3


def env(state: StateDirectory) -> int:
    """Print export lines; the secrets appear here and nowhere else."""
    for key, value in stack.variables(state).items():
        print(f"export {key}={shlex.quote(value)}")
    return 0


def doctor(state: StateDirectory) -> int:
    found = checks.run_all(Cache(), state.path, always_ask_network=True)
    return 0 if _report(found, all_of=True) else 1


def wipe(state: StateDirectory) -> int:
    """Stop the servers and delete what they wrote; nothing else in the directory."""
    if not state.path.exists():
        print(f"{state.path} does not exist")
        return 0
    if not state.servers_file.exists():
        raise LocalError(f"{state.path} holds no servers.json, so it is not ours to delete from")
    down(state)
    for name in OURS:
        path = state.path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if not any(state.path.iterdir()):
        state.path.rmdir()
    print(f"deleted the servers' data in {state.path}")
    return 0


def _report(found: list[checks.Check], *, all_of: bool) -> bool:
    for check in found:
        if not check.ok:
            print(f"MISSING  {check.name}: {check.found}\n         → {check.hint}", file=sys.stderr)
        elif all_of:
            print(f"ok       {check.name}: {check.found}")
    return all(check.ok for check in found)


def _print_urls(state: StateDirectory) -> None:
    kept = read_json(state.servers_file)
    for name, names in elsewhere.VARIABLES.items():
        url = os.environ.get(names[0]) or kept.get(name, {}).get("url", "")
        print(f"  {name:<6} {str(url).rpartition('@')[2]}")


def _span(seconds: float) -> str:
    minutes, s = divmod(int(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours} h {m:02} min" if hours else f"{m} min {s:02} s"


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


COMMANDS = {"up": up, "down": down, "status": status, "env": env, "doctor": doctor, "wipe": wipe}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m incognita_local", description=__doc__)
    parser.add_argument("command", choices=[*COMMANDS, "run"])
    parser.add_argument("--state", type=Path, help="directory of data, logs and pids")
    parser.add_argument("program", nargs="*", help="with run: what to run, behind --")
    options = parser.parse_args(arguments)
    state = StateDirectory((options.state or stack.default_state()).resolve())
    signal.signal(signal.SIGTERM, _interrupt)  # so that an ended `up` leaves nothing half started
    try:
        if options.command == "run":
            return run(options.program, options.state)
        return COMMANDS[options.command](state)
    except LocalError as error:
        print(f"incognita_local {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; what was finished is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
