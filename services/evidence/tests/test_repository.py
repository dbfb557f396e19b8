"""The same file in two visits, as the media collection knows it."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from incognita_evidence.repository import MEDIA, create_indexes
from incognita_evidence.repository.reports import Questionnaires, Reports
from incognita_shared.clock import now

SAME = "a" * 64


@pytest.fixture
async def reports(database: Any) -> Reports:
    await create_indexes(database)
    return Reports(database, "chain-a", Questionnaires())


def file(sha256: str = SAME) -> Any:
    return SimpleNamespace(sha256=sha256)


async def test_who_brought_a_file_first_is_not_told_of_those_who_use_it_later(
    database: Any, reports: Reports
) -> None:
    await reports.note_media("first", [file()])
    earlier = {"$set": {"noted_at": now() - timedelta(minutes=1)}}
    await database[MEDIA].update_one({"visit_id": "first"}, earlier)
    await reports.note_media("second", [file(), file("b" * 64)])
    assert await reports.find_elsewhere("second", [SAME]) == {SAME: ("first",)}
    assert await reports.find_elsewhere("first", [SAME]) == {}


async def test_the_same_visit_may_note_its_files_many_times_at_once(reports: Reports) -> None:
    await asyncio.gather(*(reports.note_media("visit", [file()]) for _ in range(20)))
    assert await reports.find_elsewhere("visit", [SAME]) == {}
