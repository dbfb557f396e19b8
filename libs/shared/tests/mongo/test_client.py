import gc
import warnings
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from incognita_shared.clock import now
from incognita_shared.mongo.client import (
    Database,
    MongoUnusable,
    ensure_collections,
    mongo_database,
)
from incognita_shared.settings import MongoSettings


def _settings(uri: str) -> MongoSettings:
    return MongoSettings(uri=SecretStr(uri), server_selection_timeout_ms=500)


async def test_the_database_is_the_services_own_with_durable_writes(
    mongo_settings: MongoSettings, namespace: str
) -> None:
    async with mongo_database(mongo_settings, "scoring") as db:
        assert db.name == f"{namespace}_incognita_scoring"
        assert db.write_concern.document == {"w": "majority", "j": True}
        assert db["scores"].write_concern.document == {"w": "majority", "j": True}
        assert db["scores"].read_concern.level == "majority"


async def test_times_come_back_as_they_went_in(database: Database) -> None:
    made = now()
    await database["times"].insert_one({"_id": 1, "at": made})
    read = await database["times"].find_one({"_id": 1})
    assert read is not None
    assert read["at"] == made
    assert read["at"].utcoffset() == datetime.now(UTC).utcoffset()


async def test_a_server_that_is_not_there_is_said_so(namespace: str) -> None:
    with pytest.raises(MongoUnusable, match="can't be reached"):
        async with mongo_database(_settings("mongodb://127.0.0.1:1/"), "scoring"):
            pass
    # PyMongo 4.20 leaves the socket open whose connecting is cancelled by the client's end.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def test_an_address_that_is_none_is_said_so(namespace: str) -> None:
    with pytest.raises(MongoUnusable, match="MONGO_URI"):
        async with mongo_database(_settings("http://127.0.0.1/"), "scoring"):
            pass


async def test_collections_are_made_once_however_often_asked(database: Database) -> None:
    await ensure_collections(database, ["visits", "waves"])
    await ensure_collections(database, ["visits", "branches"])
    assert sorted(await database.list_collection_names()) == ["branches", "visits", "waves"]
