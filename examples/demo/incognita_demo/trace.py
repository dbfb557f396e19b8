"""``make trace VISIT=id``: one visit's way through all services, as a tree with durations."""

import os
import sys
from pathlib import Path

from incognita_demo.settings import STATE
from incognita_shared.ids import is_trace_id
from incognita_shared.telemetry.tree import draw, load_spans


def trace_directory() -> Path:
    """Where the services write: OTEL_TRACES_DIR, or the demo's own."""
    return Path(os.environ.get("OTEL_TRACES_DIR") or STATE / "demo" / "traces")


def tree(visit_id: str, directory: Path) -> str:
    """The drawing; empty where the directory has no span of this visit."""
    spans = load_spans(directory, visit_id)
    return draw(spans) if spans else ""


def main() -> int:
    """Exit status 1 where there is nothing to draw."""
    if len(sys.argv) != 2 or not is_trace_id(sys.argv[1]):
        print("Usage: make trace VISIT=<visit id, 32 hexadecimal digits>", file=sys.stderr)
        return 1
    drawn = tree(sys.argv[1], trace_directory())
    if not drawn:
        print(f"no span of visit {sys.argv[1]} in {trace_directory()}", file=sys.stderr)
        return 1
    print(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
