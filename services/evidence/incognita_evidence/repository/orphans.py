"""What refers to objects of the bucket, over all chains, and which of them are hidden."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from incognita_evidence.report import ItemState, ReportState
from incognita_evidence.repository import (
    ARRIVALS,
    HIDDEN_OBJECTS,
    QUERY_MAX_MS,
    REPORTS,
    VISITS,
)
from incognita_evidence.repository.phones import MOST_FILES, MOST_VERSIONS
from incognita_evidence.rules.orphans import Place, Referring
from incognita_evidence.visit import VisitState
from incognita_shared.mongo.client import Database


class References:
    """Asked a page of objects at a time; each query names what it wants by id."""

    def __init__(self, db: Database) -> None:
        self._visits, self._reports = db[VISITS], db[REPORTS]
        self._arrivals, self._hidden = db[ARRIVALS], db[HIDDEN_OBJECTS]

    async def find(self, places: Iterable[Place]) -> dict[tuple[str, str], Referring]:
        """(chain id, visit id) → what refers to objects of it; nothing of an unknown visit."""
        ids = sorted({each.visit_id for each in places if each.visit_id})
        found = {}
        fields = {"chain_id": 1, "state": 1}
        async for visit in self._visits.find(_of(ids), fields, max_time_ms=QUERY_MAX_MS):
            found[visit["chain_id"], visit["_id"]] = Referring(VisitState(visit["state"]))
        await self._add_items(found, ids)
        await self._add_arrivals(found)
        return found

    async def _add_items(
        self, found: Mapping[tuple[str, str], Referring], ids: Collection[str]
    ) -> None:
        fields = {"chain_id": 1, "state": 1, "items.object_key": 1, "items.state": 1}
        async for report in self._reports.find(_of(ids), fields, max_time_ms=QUERY_MAX_MS):
            referring = found.get((report["chain_id"], report["_id"]))
            if referring is not None:
                referring.report_state = ReportState(report["state"])
                for item in report["items"]:
                    states = referring.items.setdefault(item["object_key"], [])
                    states.append(ItemState(item["state"]))

    async def _add_arrivals(self, found: Mapping[tuple[str, str], Referring]) -> None:
        for chain_id in {chain_id for chain_id, _ in found}:
            visits = sorted(visit_id for chain, visit_id in found if chain == chain_id)
            where = {"chain_id": chain_id, "visit_id": {"$in": visits}}
            fields = {"visit_id": 1, "xml_sha256": 1, "versions": 1, "files.sha256": 1}
            async for arrival in self._arrivals.find(where, fields, max_time_ms=QUERY_MAX_MS):
                referring = found[chain_id, arrival["visit_id"]]
                versions, files = arrival["versions"], arrival["files"]
                referring.forms.update(versions, [arrival["xml_sha256"]])
                referring.files.update(file["sha256"] for file in files)
                if len(versions) >= MOST_VERSIONS or len(files) >= MOST_FILES:
                    referring.untracked = True

    async def find_chains(self, chain_ids: Iterable[str]) -> set[str]:
        """Which of the chains have visits here."""
        wanted = set(chain_ids)
        return {
            each
            for each in wanted
            if await self._visits.find_one({"chain_id": each}, {"_id": 1}) is not None
        }

    async def find_hidden(self, keys: Collection[str]) -> dict[str, datetime]:
        """Key → since when the object is hidden."""
        found = self._hidden.find(_of(sorted(keys)), max_time_ms=QUERY_MAX_MS)
        return {each["_id"]: each["hidden_at"] async for each in found}

    async def note_hidden(self, key: str, at: datetime) -> None:
        """Say that the object is about to be hidden; the first to say so has said when."""
        await self._hidden.update_one(
            {"_id": key}, {"$setOnInsert": {"hidden_at": at}}, upsert=True
        )

    async def forget_hidden(self, key: str) -> None:
        """Say that the object is shown again, or gone."""
        await self._hidden.delete_one({"_id": key})


def _of(ids: Collection[str]) -> dict[str, dict[str, list[str]]]:
    return {"_id": {"$in": list(ids)}}
