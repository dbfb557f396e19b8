"""The same file in two visits, as the media collection knows it."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from incognita_evidence.repository import MEDIA, VISITS, create_indexes
from incognita_evidence.repository.reports import MOST_VISITS, Questionnaires, Reports
from incognita_evidence.visit import Visit

SAME = "a" * 64


@pytest.fixture
async def reports(database: Any) -> Reports:
    await create_indexes(database)
    return Reports(database, "chain-a", Questionnaires())


async def test_who_brought_a_file_first_is_not_told_of_those_who_use_it_later(
    reports: Reports,
) -> None:
    assert await reports.note_media("first", SAME) == ()
    assert await reports.note_media("second", SAME) == ("first",)
    assert await reports.note_media("first", SAME) == ()
    found = await reports.find_elsewhere("second", [SAME, "b" * 64])
    assert found == {SAME: ("first",)}
    assert not any((await reports.find_elsewhere("first", [SAME])).values())


async def test_of_visits_that_bring_a_file_at_once_all_but_one_are_told(reports: Reports) -> None:
    told = await asyncio.gather(*(reports.note_media(f"visit-{n}", SAME) for n in range(20)))
    assert sorted(map(len, told)) == list(range(20))


async def test_the_same_visit_may_note_its_files_many_times_at_once(reports: Reports) -> None:
    await asyncio.gather(*(reports.note_media("visit", SAME) for _ in range(20)))
    assert await reports.find_elsewhere("visit", [SAME]) == {SAME: ()}


async def test_a_file_of_another_chain_is_not_told(database: Any, reports: Reports) -> None:
    others = Reports(database, "chain-b", Questionnaires())
    await others.note_media("theirs", SAME)
    assert await reports.note_media("ours", SAME) == ()


async def test_of_a_file_that_everybody_uses_the_first_visits_are_kept(
    database: Any, reports: Reports
) -> None:
    many = [f"visit-{n}" for n in range(MOST_VISITS)]
    await reports.note_media("visit-0", SAME)
    await database[MEDIA].update_one({}, {"$set": {"visits": many}})
    assert await reports.note_media("late", SAME) == tuple(many)
    assert await reports.note_media("visit-2", SAME) == ("visit-0", "visit-1")
    assert (await database[MEDIA].find_one())["visits"] == many


async def test_what_a_later_version_wrote_is_read_without_what_it_added(
    database: Any, reports: Reports, make_visit: Callable[..., Visit]
) -> None:
    """While services are updated one by one, the old ones meet documents of the new ones."""
    visit = make_visit()
    known = visit.model_dump(mode="json", exclude={"id"})
    added = [{**each, "colour": "blue"} for each in known["evidence"]]
    document = {"_id": visit.id, **known, "evidence": added, "mood": "fair"}
    await database[VISITS].insert_one(document)
    assert await reports.find_visit(visit.id) == visit
