"""Servers, and the five services with a number of workers each, as processes of their own."""

import asyncio
import base64
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.end_to_end.removing import remove
from benchmarks.load.processes import started
from incognita_local import Servers
from incognita_shared.settings import NAMESPACE, KafkaSettings, MongoSettings

NAMES = ("assignment", "evidence", "scoring", "comparison", "notification")


@contextmanager
def servers(kept: Path | None = None) -> Iterator[tuple[dict[str, str], Path]]:
    """The servers' environment, set for this process, and a directory for logs."""
    with ExitStack() as stack:
        environment = stack.enter_context(Servers())
        if kept is None:
            made = stack.enter_context(tempfile.TemporaryDirectory(prefix="incognita-bench-"))
        else:
            kept.mkdir(parents=True, exist_ok=True)
        os.environ.update(environment)
        yield environment, kept or Path(made)


@contextmanager
def fleet(workers: Mapping[str, int], *, sampling: float, logs: Path) -> Iterator[
    dict[str, dict[int, int]]
]:  # fmt: skip
    """Service → port → process id, in a namespace of its own; stopped and removed at the end."""
    name_space = os.environ[NAMESPACE] = f"bench{secrets.token_hex(4)}"
    common = {
        "OTEL_TRACES_DIR": str(logs / "traces"),
        "OTEL_SAMPLE_RATIO": str(sampling),
        "NOTIFICATION_ALLOW_PRIVATE_TARGETS": "true",
        "NOTIFICATION_SECRET_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }
    with ExitStack() as stack:
        stack.callback(
            _clean, name_space
        )  # the last thing: a service that still runs makes what it lacks
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


def _clean(name_space: str) -> None:
    os.environ[NAMESPACE] = name_space  # another fleet may have been started since
    asyncio.run(remove(KafkaSettings(), MongoSettings(), NAMES))
