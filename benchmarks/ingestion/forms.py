"""A questionnaire of 60 questions, visits that wait for a report on it, and such reports."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.auth import API_KEYS, new_api_key, secret_sha256
from incognita_shared.ids import new_id
from incognita_shared.questionnaire.model import Questionnaire

QUESTIONS, SECTIONS = 60, 6
CHAIN, FORM = "chain-load", "form-load"
BRANCHES = 5_000
WALK = datetime(2026, 5, 4, 12, 20, tzinfo=UTC)
PLACE = {"latitude": 43.46745, "longitude": 11.88513, "accuracy_m": 12.0}


def questionnaire() -> Questionnaire:
    """Yes or no, choices, counts, texts and seconds; every fifth question has a condition."""
    each = QUESTIONS // SECTIONS
    sections = [
        {
            "id": f"s{place}",
            "title": {"en": f"Section {place}"},
            "questions": [_question(n) for n in range(place * each, (place + 1) * each)],
        }
        for place in range(SECTIONS)
    ]
    return Questionnaire.model_validate(
        {"title": {"en": "T"}, "default_language": "en", "languages": ["en"], "sections": sections}
    )


def _question(number: int) -> dict[str, Any]:
    asked: dict[str, Any] = {"id": f"q{number}", "label": {"en": f"Question {number}"}}
    if number % 5 == 4:
        asked["relevant"] = {"!=": [{"var": f"answers.q{number - 4}"}, "never"]}
    match number % 6:
        case 0 | 1:
            return {**asked, "type": "boolean"}
        case 2:
            choices = [{"id": f"c{i}", "label": {"en": f"{i}"}} for i in range(5)]
            return {**asked, "type": "single_choice", "choices": choices}
        case 3:
            return {**asked, "type": "rating", "minimum": 1, "maximum": 5}
        case 4:
            return {**asked, "type": "duration"}
        case _:
            return {**asked, "type": "text"}


def reports(count: int) -> list[bytes]:
    """``count`` submissions as JSON, without their closing brace's partner for a visit's id."""
    chance = random.Random(1)
    return [
        orjson.dumps(
            {
                "answers": {f"q{n}": _answer(n, chance) for n in range(QUESTIONS)},
                "started_at": WALK.isoformat(),
                "ended_at": (WALK + timedelta(minutes=30)).isoformat(),
                "position": PLACE,
            }
        )
        for _ in range(count)
    ]


def _answer(number: int, chance: random.Random) -> object:
    match number % 6:
        case 0 | 1:
            return chance.random() < 0.8
        case 2:
            return f"c{chance.randrange(5)}"
        case 3:
            return chance.randrange(1, 6)
        case 4:
            return round(chance.uniform(5, 600), 1)
        case _:
            return "The courier was friendly" + " and quick" * chance.randrange(8)


Phone = tuple[str, str]
"""A visit's id, and the key of its shopper."""


async def seed(db: AsyncDatabase[dict[str, Any]], count: int, *, shoppers: int) -> list[Phone]:
    """The projections that assignment's events would have made: accepted visits and their keys."""
    form = {"chain_id": CHAIN, "definition": questionnaire().model_dump(mode="json")}
    await db["questionnaires"].update_one({"_id": f"{FORM}:1"}, {"$set": form}, upsert=True)
    keys = await add_keys(db, "shopper", shoppers)
    phones = [(new_id(), keys[number % shoppers]) for number in range(count)]
    for part in _parts([_visit(n, *phone) for n, phone in enumerate(phones)]):
        await db["visits"].insert_many(part, ordered=False)
    return phones


async def ask_for_a_photo(db: AsyncDatabase[dict[str, Any]], phones: list[Phone]) -> None:
    """These visits' terms ask for a photo."""
    photo = [{"kind": "photo", "minimum_count": 1, "minimum_duration_s": None}]
    for part in _parts([visit_id for visit_id, _ in phones]):
        await db["visits"].update_many({"_id": {"$in": part}}, {"$set": {"evidence": photo}})


async def add_keys(db: AsyncDatabase[dict[str, Any]], role: str, count: int) -> list[str]:
    """New keys of that role; a shopper's key belongs to the shopper of the key's own id."""
    made = [new_api_key() for _ in range(count)]
    await db[API_KEYS].insert_many(
        {
            "_id": key_id, "chain_id": CHAIN, "secret_sha256": secret_sha256(secret),
            "role": role, "shopper_id": key_id, "branch_ids": [], "revoked": False, "version": 1,
        }
        for key_id, secret, _ in made
    )  # fmt: skip
    return [key for _, _, key in made]


def _visit(number: int, visit_id: str, key: str) -> dict[str, Any]:
    return {
        "_id": visit_id, "chain_id": CHAIN, "branch_id": f"branch-{number % BRANCHES}",
        "wave_id": "wave-load", "programme_id": "programme-load",
        "shopper_id": key.split("_")[1], "questionnaire_id": FORM, "questionnaire_version": 1,
        "channel": "visit", "scenario": "walk-in guest", "evidence": [],
        "due_at": datetime(2060, 1, 1, tzinfo=UTC), "time_zone": "Europe/Rome",
        "position": {"latitude": 43.46745, "longitude": 11.88513, "accuracy_m": None},
        "geofence_m": 300, "state": "accepted", "last_seq": 2,
    }  # fmt: skip


def _parts(items: list[Any], size: int = 5_000) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
