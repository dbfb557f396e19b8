"""How a command ends: by its exit code and one line, never by a traceback."""

import sys
from collections.abc import Callable

from incognita_comparison.offline.problems import CannotRead

DONE, WRONG = 0, 2


def outcome(name: str, work: Callable[[], None]) -> int:
    """``DONE``, or ``WRONG`` after saying on standard error what is wrong."""
    try:
        work()
    except CannotRead as error:
        return _fail(name, str(error))
    except OSError as error:
        return _fail(name, f"{error.filename or ''}: {error.strerror or error}")
    except MemoryError:
        return _fail(name, "not enough memory")
    except KeyboardInterrupt:
        return _fail(name, "stopped")
    return DONE


def say(line: str) -> None:
    """To standard error, beside what is written."""
    sys.stderr.write(line + "\n")


def _fail(name: str, cause: str) -> int:
    say(f"{name}: {cause}")
    return WRONG
