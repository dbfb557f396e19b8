"""The five services, each with a number of workers, as processes of their own."""

import base64
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.load.processes import started

NAMES = ("assignment", "evidence", "scoring", "comparison", "notification")


@contextmanager
def fleet(
    workers: Mapping[str, int], environment: Mapping[str, str], *, logs: Path
) -> Iterator[dict[str, dict[int, int]]]:
    """Service → port → process id, all ready; stopped at the end."""
    common = {
        **environment,
        "NOTIFICATION_ALLOW_PRIVATE_TARGETS": "true",
        "NOTIFICATION_SECRET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    with ExitStack() as stack:
        running = {}
        for name in NAMES:
            (logs / name).mkdir(parents=True, exist_ok=True)
            running[name] = stack.enter_context(
                started(
                    ["-m", f"incognita_{name}"], common, count=workers.get(name, 1),
                    logs=logs / name, path="/health/live",
                )
            )  # fmt: skip
        yield running
