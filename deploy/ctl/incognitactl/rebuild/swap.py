"""The rebuilt collections take the place of the old ones, one after the other; repeatable."""

from collections.abc import Sequence

from pymongo.errors import OperationFailure

from incognita_shared.mongo.client import Database

NAMESPACE_NOT_FOUND = 26


def staging_of(db: Database) -> Database:
    """The database beside the service's own in which it is rebuilt."""
    return db.client.get_database(
        f"{db.name}_rebuild", write_concern=db.write_concern, read_concern=db.read_concern
    )


async def swap(db: Database, collections: Sequence[str]) -> None:
    """Put each rebuilt collection, with its indexes, in the place of the old one.

    One that is not in the staging database any more has been put there already.
    """
    staging = staging_of(db)
    there = set(await staging.list_collection_names())
    for name in collections:
        if name not in there:
            continue
        try:
            await db.client.admin.command(
                {
                    "renameCollection": f"{staging.name}.{name}",
                    "to": f"{db.name}.{name}",
                    "dropTarget": True,
                    "writeConcern": {"w": "majority"},
                }
            )
        except OperationFailure as error:
            if error.code != NAMESPACE_NOT_FOUND:  # another run was quicker
                raise


async def drop_staging(db: Database) -> None:
    """Remove what is left of the staging database."""
    await db.client.drop_database(staging_of(db).name)
