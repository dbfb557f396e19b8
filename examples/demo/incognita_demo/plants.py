"""What simulated shoppers do wrong, and which finding each fault should raise."""

import random
from enum import StrEnum

SHARE = {
    "declined": 0.04,
    "photo_elsewhere": 0.02,
    "reused_photo": 0.02,
    "old_photo": 0.015,
    "no_recording": 0.01,
    "lost_connection": 0.05,
    "sent_twice": 0.05,
}


class Plant(StrEnum):
    """One visit has at most one."""

    NONE = "none"
    DECLINED = "declined"
    PHOTO_ELSEWHERE = "photo_elsewhere"
    REUSED_PHOTO = "reused_photo"
    OLD_PHOTO = "old_photo"
    NO_RECORDING = "no_recording"
    LOST_CONNECTION = "lost_connection"
    SENT_TWICE = "sent_twice"
    LATE = "late"


SHOULD_FLAG = {
    Plant.PHOTO_ELSEWHERE: "outside_geofence",
    Plant.REUSED_PHOTO: "duplicate_in_chain",
    Plant.OLD_PHOTO: "exif_time_outside_visit",
    Plant.NO_RECORDING: "missing_item",
    Plant.LATE: "late_report",
}
"""Fault → the code of the finding that names it. The other faults must leave no trace at all."""


def draw_plant(rng: random.Random) -> Plant:
    """Which fault, if any, this visit will have."""
    draw = rng.random()
    for name, share in SHARE.items():
        if draw < share:
            return Plant(name)
        draw -= share
    return Plant.NONE
