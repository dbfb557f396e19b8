"""What is true in the simulation: how good each branch is, how lenient each shopper."""

import csv
import io
import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from incognita_shared.values import Answers

FRANCHISEES_PER_STATE = 3


@dataclass(frozen=True, slots=True)
class Store:
    """A row of the file with what the demo invents: franchisee and true quality (0 to 100)."""

    store_id: str
    city: str
    quality: float
    row: dict[str, str]


def read_stores(path: Path, *, limit: int | None, rng: random.Random) -> list[Store]:
    """A sample of the file's rows, or all, each with its franchisee and its true quality."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if limit is not None and limit < len(rows):
        rows = rng.sample(rows, limit)
    cities: dict[str, float] = {}
    franchisees: dict[str, float] = {}
    stores = []
    for row in rows:
        owner = _franchisee(row, rng)
        quality = 76.0 + (4.0 if row["ownership"] == "C" else 0.0)
        quality += cities.setdefault(f"{row['city'].upper()}/{row['state']}", rng.gauss(0, 3))
        quality += franchisees.setdefault(owner, rng.gauss(0, 4)) if owner else 0.0
        quality += rng.gauss(0, 8)
        row["franchisee_id"] = owner
        stores.append(Store(row["store_id"], row["city"], min(98.0, max(20.0, quality)), row))
    return stores


def _franchisee(row: dict[str, str], rng: random.Random) -> str:
    if row["ownership"] != "F":
        return ""
    return f"{row['state'] or 'XX'}-{rng.randint(1, FRANCHISEES_PER_STATE)}"


def stores_csv(stores: list[Store]) -> bytes:
    """The rows as the chain would send them."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(stores[0].row))
    writer.writeheader()
    writer.writerows(store.row for store in stores)
    return text.getvalue().encode()


def answer(
    quality: float, leniency: float, *, began: datetime, ended: datetime, rng: random.Random
) -> Answers:
    """What a shopper of this leniency (points of 100) answers about a branch of this quality."""
    chance = min(0.99, max(0.02, (quality + leniency) / 100))

    def good() -> bool:
        return rng.random() < chance

    def graded(best: Any, middling: Any, worst: Any) -> Any:
        draw = rng.random()
        return best if draw < chance else middling if draw < chance + (1 - chance) / 2 else worst

    ordered = began + timedelta(minutes=4)
    waited = timedelta(
        minutes=graded(rng.uniform(20, 44), rng.uniform(51, 60), rng.uniform(60, 85))
    )
    return {
        "rings": graded(rng.randint(1, 2), rng.randint(3, 5), rng.randint(6, 12)),
        "greeted": good(),
        "offered_drink": None if rng.random() < 0.1 else good(),
        "repeated_order": good(),
        "said_time": good(),
        "ordered_at": ordered.isoformat(timespec="seconds"),
        "delivered_at": min(ordered + waited, ended).isoformat(timespec="seconds"),
        "uniform": good(),
        "courtesy": graded(rng.randint(4, 5), 3, rng.randint(1, 2)),
        "exact_change": good(),
        "receipt_given": rng.random() < math.sqrt(chance),
        "temperature": graded("hot", "warm", "cold"),
        "right_order": good(),
        "looks": graded(rng.randint(4, 5), 3, rng.randint(1, 2)),
        "recommend": max(0, min(10, round(rng.gauss((quality + leniency) / 10, 1.5)))),
        "remarks": "Simulated.",
    }
