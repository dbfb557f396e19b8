"""Collections of rescores, and how they are read."""

from pymongo import ASCENDING, IndexModel

from incognita_shared.mongo.client import Database

RESCORES = "rescores"
CHANGES = "rescore_changes"
WAVE_VERSIONS = "wave_versions"
RESCORE_COLLECTIONS = (RESCORES, CHANGES, WAVE_VERSIONS)


async def create_rescore_indexes(db: Database) -> None:
    """One open rescore for each wave, the queue of those that are due, and the rows in order."""
    await db[RESCORES].create_indexes(
        [
            IndexModel(
                [("chain_id", ASCENDING), ("waves", ASCENDING)],
                name="one_open_rescore_for_each_wave",
                unique=True,
                partialFilterExpression={"open": True},
            ),
            IndexModel([("due_at", ASCENDING)], name="due", sparse=True),
            IndexModel([("chain_id", ASCENDING), ("_id", ASCENDING)], name="by_chain"),
        ]
    )
    rescore = [("chain_id", ASCENDING), ("rescore_id", ASCENDING)]
    await db[CHANGES].create_indexes(
        [
            IndexModel([*rescore, ("_id", ASCENDING)], name="by_visit"),
            IndexModel([*rescore, ("units", ASCENDING), ("_id", ASCENDING)], name="by_loss"),
        ]
    )
