"""``python -m schemas.tool write|check``."""

import argparse
import sys
from pathlib import Path

from schemas.tool.compatibility import breaking_changes
from schemas.tool.files import ROOT, all_files


def main() -> int:
    """Exit status 0: written, or nothing to complain of; 1: drift or a breaking change."""
    parser = argparse.ArgumentParser(prog="schemas", description=__doc__)
    parser.add_argument("command", choices=["write", "check"])
    if parser.parse_args().command == "write":
        return _write()
    return _check()


def _write() -> int:
    wanted = all_files()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for path in _generated() - set(wanted):
        path.unlink()
    print(f"{len(wanted)} files written below {ROOT.name}/")
    return 0


def _check() -> int:
    wanted = all_files()
    drifted = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    left_over = _generated() - set(wanted)
    for path in sorted([*drifted, *left_over]):
        print(f"{path.relative_to(ROOT.parent)} is not what the models say: run make schemas")
    broken = breaking_changes(wanted)
    for line in broken:
        print(f"breaking: {line}")
    if broken:
        print("A changed event needs a new major version: see CONTRIBUTING.md, changing an event.")
    if drifted or left_over or broken:
        return 1
    print(f"schemas: {len(wanted)} files as the models say, no breaking change")
    return 0


def _generated() -> set[Path]:
    places = [ROOT / "events", ROOT / "examples", ROOT / "openapi"]
    return {path for place in places for path in place.rglob("*.json")}


sys.exit(main())
