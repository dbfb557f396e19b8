"""What a phone asks for, and what arrives from it by OpenRosa, of one chain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, DESCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from incognita_evidence.openrosa.arrival import Arrival, ArrivedFile
from incognita_evidence.repository import ARRIVALS, VISITS
from incognita_evidence.visit import OPEN_STATES, Visit
from incognita_shared.mongo.tenant import ChainCollection

MOST_FILES = 500
MOST_VERSIONS = 20
"""So many different XMLs under one instance id are kept track of; all are in the object store."""

_OF_THE_FIRST = {"visit_id", "form_id", "form_version", "instance_id", "xml_sha256"}


class Phones:
    """The chain's visits as phones see them, and their arrivals."""

    def __init__(self, db: AsyncDatabase[dict[str, Any]], chain_id: str) -> None:
        self._visits = ChainCollection(db[VISITS], chain_id)
        self._arrivals = ChainCollection(db[ARRIVALS], chain_id)

    async def list_open(self, shopper_id: str, *, most: int) -> list[Visit]:
        """The shopper's visits that were agreed on and not called off, the first due first.

        Of more than ``most`` those due last: what was reported long ago is among them too, and
        would else keep out what is still to be done.
        """
        states = sorted(OPEN_STATES)
        found = await self._visits.find(
            {"shopper_id": shopper_id, "state": {"$in": states}},
            sort=[("due_at", DESCENDING), ("_id", DESCENDING)],
            limit=most,
        )
        return [Visit.model_validate({"id": each.pop("_id"), **each}) for each in reversed(found)]

    async def note_arrival(
        self, arrival: Arrival, files: Sequence[ArrivedFile], *, at: datetime
    ) -> Arrival:
        """Note what came, beside what came before; how it stands then.

        The first XML of an instance stays its own; any other is noted as another version.
        """
        first = arrival.model_dump(mode="json", include=_OF_THE_FIRST)
        update = {
            "$setOnInsert": first | {"begun_at": at},
            "$addToSet": {
                "versions": arrival.xml_sha256,
                "files": {"$each": [file.model_dump(mode="json") for file in files]},
            },
            "$set": {"updated_at": at},
        }
        room = {f"files.{MOST_FILES}": {"$exists": False}}
        room[f"versions.{MOST_VERSIONS}"] = {"$exists": False}
        for _ in range(2):
            try:
                found = await self._arrivals.find_one_and_update(
                    {"_id": arrival.id, **room}, update, upsert=True
                )
            except DuplicateKeyError:  # another was faster, or there is no room
                continue
            if found is not None:
                return _arrival(found)
        found = await self._arrivals.find_one({"_id": arrival.id})
        if found is None:
            raise LookupError(f"arrival {arrival.id} was not written")
        return _arrival(found)

    async def list_arrivals(self, visit_id: str, *, limit: int) -> list[Arrival]:
        """What has arrived for the visit, the first first."""
        order = [("begun_at", ASCENDING), ("_id", ASCENDING)]
        found = await self._arrivals.find({"visit_id": visit_id}, sort=order, limit=limit)
        return [_arrival(each) for each in found]


def _arrival(document: dict[str, Any]) -> Arrival:
    known = {name: document[name] for name in Arrival.model_fields if name in document}
    return Arrival.model_validate({**known, "id": document["_id"]}, extra="ignore")
