"""Answers as the documentation shows them."""

from typing import Any

from pydantic import ConfigDict

WAVE = "0197f5a0c3d47c2e9d3b6f1a2b3c4d5e"
BRANCH = "5f0c1c5f2d3e5b8a9c7d6e5f4a3b2c1d"
METHOD = "Normal one-way random-effects model: …"


def shown(example: dict[str, Any]) -> ConfigDict:
    """The configuration of an answer with its example."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [example]})


BASIS = {
    "wave_id": WAVE,
    "wave_name": "March",
    "by": "branch",
    "method": METHOD,
    "level": 0.9,
    "reliability": {
        "value": 0.34,
        "low": 0.29,
        "high": 0.39,
        "source": "earlier_waves",
        "note": "How much one visit says of its branch. Estimated with the help of branches visited"
        " more than once in earlier waves of the same programme, channel and scenario.",
    },
    "mean": 81.4,
    "rows": 5158,
    "visits": 5158,
    "branches": 5158,
    "ungrouped_branches": 0,
    "tie_groups": 3,
    "told_apart": True,
    "changes": 5158,
}
STANDING = {
    "rank_low": 1,
    "rank_high": 1204,
    "tie_group": 1,
    "group": {
        "kind": "branch",
        "id": BRANCH,
        "name": "Cherry Hill",
        "store_id": "80110001",
        "city": "Westland",
        "region": "MI",
        "country": "US",
        "ownership": "company",
        "franchisee_id": None,
    },
    "estimate": 87.32,
    "interval_low": 81.05,
    "interval_high": 93.59,
    "level": 0.9,
    "standard_error": 3.812,
    "raw_mean": 98.8,
    "visits": 1,
    "branches": 1,
    "weight": 0.34,
    "against_mean": "cannot_tell",
}
OTHERS = {"count": 5157, "deciles": [74.0, 77.2, 79.1, 80.3, 81.5, 82.6, 83.9, 85.2, 86.8]}
STANDINGS = {
    "basis": BASIS,
    "items": [STANDING],
    "next_cursor": "Wzg3LjMyLCI1ZjBjMWM1ZiJd",
    "others": None,
    "others_withheld": None,
}
ONE_STANDING = {"basis": BASIS, "standing": STANDING}
POSITION = {"basis": BASIS, "items": [STANDING], "others": OTHERS}
COUNTS = {"wave_id": WAVE, "scored": 5158, "approved": 5121}
POINT = {
    "wave_id": WAVE,
    "wave_name": "March",
    "programme_id": "0197f5a0c3d47c2e9d3b6f1a2b3c4d00",
    "channel": "delivery",
    "scenario": "dinner",
    "starts_at": "2026-03-01T00:00:00Z",
    "visits": 402,
    "branches": 398,
    "raw_mean": 80.12,
    "estimate": 80.4,
    "interval_low": 78.9,
    "interval_high": 81.9,
    "standard_error": 0.912,
    "level": 0.9,
}
BRANCH_TREND = {"group": STANDING["group"], "method": METHOD, "points": [POINT]}
TREND = {
    "by": "region",
    "programme_id": "0197f5a0c3d47c2e9d3b6f1a2b3c4d00",
    "method": METHOD,
    "items": [{"group": {"kind": "region", "id": "us/mi", "name": "MI"}, "points": [POINT]}],
    "next_cursor": None,
}
COMPLIANCE = {
    "wave_id": WAVE,
    "wave_name": "March",
    "by": "question",
    "branch_id": None,
    "language": "en",
    "method": "Score interval of a proportion (Wilson 1927). …",
    "level": 0.9,
    "branches": 398,
    "items": [
        {
            "id": "exact_change",
            "section_id": "courier",
            "label": "Did the courier give exact change?",
            "visits": 390,
            "met": 211,
            "partial": 0,
            "missed": 179,
            "not_applicable": 12,
            "compliance": 54.1,
            "interval_low": 49.93,
            "interval_high": 58.21,
            "points_share": 54.1,
        }
    ],
}
