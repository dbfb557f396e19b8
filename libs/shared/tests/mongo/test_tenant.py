from collections.abc import Sequence
from typing import Any

import pytest
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne

from incognita_shared.mongo.client import Database
from incognita_shared.mongo.tenant import ChainCollection, ForeignChain


@pytest.fixture
async def ours(database: Database) -> ChainCollection:
    """One visit of ours, ``a``, and one of a foreign chain, ``f``, alike but for that."""
    await database["visits"].insert_many(
        [
            {"_id": "a", "chain_id": "ours", "state": "open", "place": [0.0, 0.0]},
            {"_id": "f", "chain_id": "foreign", "state": "open", "place": [0.0, 0.0]},
        ]
    )
    return ChainCollection(database["visits"], "ours")


async def _foreign(database: Database) -> dict[str, Any] | None:
    return await database["visits"].find_one({"_id": "f"})


async def test_every_read_sees_the_own_chain_only(ours: ChainCollection) -> None:
    assert await ours.find_one({"_id": "f"}) is None
    assert [one["_id"] for one in await ours.find({})] == ["a"]
    assert [one["_id"] for one in await ours.find({"$or": [{"_id": "f"}, {"_id": "a"}]})] == ["a"]
    assert await ours.count({"state": "open"}) == 1
    assert await ours.distinct("_id") == ["a"]
    assert await ours.aggregate([{"$group": {"_id": None, "n": {"$sum": 1}}}]) == [
        {"_id": None, "n": 1}
    ]


async def test_no_write_touches_a_foreign_document(
    ours: ChainCollection, database: Database
) -> None:
    before = await _foreign(database)
    by_id = {"_id": "f"}
    assert (await ours.update_one(by_id, {"$set": {"state": "x"}})).matched_count == 0
    assert (await ours.update_many({}, {"$set": {"seen": 1}})).matched_count == 1
    assert await ours.find_one_and_update(by_id, {"$set": {"state": "x"}}) is None
    assert (await ours.replace_one(by_id, {"state": "x"})).matched_count == 0
    assert (await ours.delete_one(by_id)).deleted_count == 0
    done = await ours.bulk_write(
        [
            UpdateOne(by_id, {"$set": {"state": "x"}}),
            UpdateMany({}, {"$set": {"seen": 2}}),
            ReplaceOne(by_id, {"state": "x"}),
            DeleteOne(by_id),
        ]
    )
    assert (done.matched_count, done.deleted_count) == (1, 0)
    assert await _foreign(database) == before


async def test_what_is_inserted_is_the_chains_own(
    ours: ChainCollection, database: Database
) -> None:
    await ours.insert_one({"_id": "b"})
    await ours.insert_many([{"_id": "c"}])
    await ours.bulk_write([InsertOne({"_id": "d"})])
    await ours.update_one({"_id": "e"}, {"$set": {"x": 1}}, upsert=True)
    await ours.replace_one({"_id": "g"}, {"x": 1}, upsert=True)
    await ours.bulk_write([ReplaceOne({"_id": "h"}, {"x": 1}, upsert=True)])
    made = await database["visits"].find({"_id": {"$nin": ["a", "f"]}}).to_list()
    assert {one["_id"]: one["chain_id"] for one in made} == dict.fromkeys("bcdegh", "ours")


async def test_the_callers_own_documents_and_writes_are_left_alone(ours: ChainCollection) -> None:
    document = {"_id": "b"}
    write = InsertOne({"_id": "c"})
    await ours.insert_one(document)
    await ours.bulk_write([write])
    assert document == {"_id": "b"}
    assert write == InsertOne({"_id": "c"})


async def test_naming_another_chain_is_refused(ours: ChainCollection, database: Database) -> None:
    foreign = {"chain_id": "foreign"}
    with pytest.raises(ForeignChain):
        await ours.find(foreign)
    with pytest.raises(ForeignChain):
        await ours.find({"chain_id": {"$ne": ""}})
    with pytest.raises(ForeignChain):
        await ours.insert_one({"_id": "b", **foreign})
    with pytest.raises(ForeignChain):
        await ours.bulk_write([DeleteOne(foreign)])
    with pytest.raises(ForeignChain):
        await ours.bulk_write([ReplaceOne({"_id": "a"}, foreign)])
    assert await database["visits"].count_documents({}) == 2


@pytest.mark.parametrize(
    "update",
    [
        {"$set": {"chain_id": "foreign"}},
        {"$set": {"chain_id.x": "ours"}},
        {"$unset": {"chain_id": ""}},
        {"$rename": {"chain_id": "old"}},
        {"$rename": {"state": "chain_id"}},
        {"$setOnInsert": {"chain_id": "foreign"}},
        {"state": "replaced"},
        [{"$set": {"chain_id": "foreign"}}],
        [{"$unset": "chain_id"}],
        [{"$unset": ["state", "chain_id"]}],
        [{"$replaceWith": {"_id": "a"}}],
        [{"$project": {"state": 1}}],
    ],
)
async def test_an_update_can_not_take_a_document_away(
    ours: ChainCollection, database: Database, update: Any
) -> None:
    with pytest.raises(ForeignChain):
        await ours.update_one({"_id": "a"}, update)
    with pytest.raises(ForeignChain):
        await ours.find_one_and_update({"_id": "a"}, update)
    with pytest.raises(ForeignChain):
        await ours.bulk_write([UpdateOne({"_id": "a"}, update)])
    assert await ours.count({"state": "open"}) == 1


@pytest.mark.parametrize(
    "pipeline",
    [
        [{"$lookup": {"from": "visits", "as": "x", "pipeline": []}}],
        [{"$match": {}}, {"$unionWith": "visits"}],
        [{"$facet": {"x": [{"$unionWith": "visits"}]}}],
        [{"$out": "visits"}],
        [{"$merge": "visits"}],
        [{"$geoNear": {"query": {"chain_id": "foreign"}}}],
    ],
)
async def test_a_pipeline_can_not_reach_past_the_chain(
    ours: ChainCollection, pipeline: Sequence[dict[str, Any]]
) -> None:
    with pytest.raises(ForeignChain):
        await ours.aggregate(pipeline)


async def test_a_search_by_distance_stays_within_the_chain(
    ours: ChainCollection, database: Database
) -> None:
    await database["visits"].create_index([("place", "2dsphere")])
    near = {"near": {"type": "Point", "coordinates": [0, 0]}, "distanceField": "metres"}
    assert [one["_id"] for one in await ours.aggregate([{"$geoNear": near}])] == ["a"]


@pytest.mark.parametrize("nobody", ["", None, {"$ne": "x"}])
def test_there_is_no_collection_of_no_chain(database: Database, nobody: Any) -> None:
    with pytest.raises(ForeignChain):
        ChainCollection(database["visits"], nobody)
