"""The start and the end of a process."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import uvloop

from incognita_shared.mongo.client import MongoUnusable
from incognita_shared.settings import SettingsError

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_log = logging.getLogger(__name__)


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run ``main()`` on uvloop and exit: 0 after an orderly end, 2 for wrong settings, else 1."""
    try:
        uvloop.run(main())
    except SettingsError as error:
        sys.exit(_said(error, 2))
    except MongoUnusable as error:
        sys.exit(_said(error, 1))
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception:
        _log.exception("the process ends because of a fault")
        sys.exit(1)


def _said(error: Exception, status: int) -> int:
    sys.stderr.write(f"{error}\n")
    return status


@contextlib.contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """An event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def ask(number: signal.Signals) -> None:
        if asked.is_set():
            sys.stderr.write(f"second {number.name}: ending at once\n")
            sys.stderr.flush()
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        _log.info("%s: stopping", number.name)
        asked.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, ask, number)
    try:
        yield asked
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
