"""Real audits as visits: see examples/audits/README.md for their source and how they are scored."""

import csv
import gzip
from datetime import date
from pathlib import Path

import numpy as np

from incognita_comparison.model.visits import Visits, codes_of

FILE = Path(__file__).parents[2] / "examples/audits/detroit_inspections.csv.gz"
POINTS = {"pcount": 3, "pfcount": 2, "ccount": 1}


def routine_visits() -> Visits:
    """Routine visits alone, with the derived score."""
    with gzip.open(FILE, "rt", encoding="utf-8-sig", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["inspection_type"] == "Routine Inspection"]
    lost = [sum(points * int(row[name]) for name, points in POINTS.items()) for row in rows]
    days = [float(date.fromisoformat(row["inspection_date"][:10]).toordinal()) for row in rows]
    branch, _ = codes_of([row["establishmentid"] for row in rows])
    shopper, _ = codes_of([row["inspectorid"] for row in rows])
    return Visits(branch, shopper, np.array(days), np.maximum(100.0 - np.array(lost, float), 0.0))
