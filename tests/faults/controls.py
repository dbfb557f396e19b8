"""Negative controls: each takes one protection away, and then the checker must find it out."""

import os
from collections.abc import Callable

WITHOUT = "FAULTS_WITHOUT"
"""The variable that names, separated by commas, what a worker runs without."""

CONTROLS: dict[str, Callable[[str], None]] = {}


def take_away(service: str) -> None:
    """Take from this process what the environment says that it shall run without."""
    for name in filter(None, os.environ.get(WITHOUT, "").split(",")):
        CONTROLS[name](service)
