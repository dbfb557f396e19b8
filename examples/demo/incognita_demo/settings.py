"""What the demo can be told by the environment."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
STORES_CSV = EXAMPLES / "stores" / "little_caesars_us.csv"
QUESTIONNAIRE = EXAMPLES / "questionnaires" / "pizza_delivery.json"
MEDIA = EXAMPLES / "media"
STATE = ROOT / ".local"
CHAIN_NAME = "Bellavista Pizza (invented)"


class SettingError(Exception):
    """A setting can't be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """``stores`` is None for every row of the file; ``parallel`` shoppers are at work at a time."""

    stores: int | None
    seed: int
    parallel: int

    @classmethod
    def read(cls) -> Self:
        """From STORES (a number or ``all``), SEED and PARALLEL."""
        stores = os.environ.get("STORES", "1000").strip().lower()
        return cls(
            stores=None if stores == "all" else _number("STORES", stores, least=20),
            seed=_number("SEED", os.environ.get("SEED", "1"), least=0),
            parallel=_number("PARALLEL", os.environ.get("PARALLEL", "24"), least=1),
        )


def _number(name: str, text: str, *, least: int) -> int:
    also = " or 'all'" if name == "STORES" else ""
    if not text.isdecimal() or not least <= int(text) <= 1_000_000:
        raise SettingError(f"{name} must be a whole number from {least}{also}, not {text!r}")
    return int(text)
