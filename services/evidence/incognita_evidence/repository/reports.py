"""Reports, visits and media of one chain, as a request may see them."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from pymongo import ASCENDING
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from incognita_evidence.errors import QuestionnaireNotHere
from incognita_evidence.report import Item, Report, ReportState
from incognita_evidence.repository import MEDIA, QUESTIONNAIRES, REPORTS, VISITS
from incognita_evidence.repository.writes import Writes
from incognita_evidence.visit import Visit
from incognita_shared.events.envelope import Event
from incognita_shared.gathering import Gathered
from incognita_shared.mongo.pending import WITHOUT_PENDING, append_events, with_events
from incognita_shared.mongo.tenant import ChainCollection
from incognita_shared.questionnaire.model import Questionnaire
from incognita_shared.telemetry import on_trace_of

MOST_VISITS = 200
"""So many uses of the same file are enough for a finding."""


class Questionnaires:
    """The questionnaire versions used last: they never change, and parsing one takes long."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], Questionnaire] = OrderedDict()

    def find(self, chain_id: str, key: str) -> Questionnaire | None:
        """The version, if it is kept."""
        return self._kept.get((chain_id, key))

    def keep(self, chain_id: str, key: str, questionnaire: Questionnaire) -> None:
        """Keep it, in the place of the oldest when there are too many."""
        self._kept[chain_id, key] = questionnaire
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


class Reports:
    """All that the use cases read and write, bound to one chain.

    What concurrent requests look up by an id, and write, goes in one command for all of a moment:
    half of what a single one costs is the round trip.
    """

    def __init__(
        self, db: AsyncDatabase[dict[str, Any]], chain_id: str, questionnaires: Questionnaires
    ) -> None:
        self._chain_id = chain_id
        self._reports = ChainCollection(db[REPORTS], chain_id)
        self._media = ChainCollection(db[MEDIA], chain_id)
        self._visits = ChainCollection(db[VISITS], chain_id)
        self._definitions = ChainCollection(db[QUESTIONNAIRES], chain_id)
        self._questionnaires = questionnaires
        self._report_writes, self._media_writes = Writes(self._reports), Writes(self._media)
        self._visit_lookup: Gathered[str, Visit | None] = Gathered(self._each_visit)
        self._report_lookup: Gathered[str, Report | None] = Gathered(self._each_report)

    async def find_visit(self, visit_id: str, shopper_id: str | None = None) -> Visit | None:
        """The visit; with ``shopper_id``, only if it is that shopper's."""
        visit = await self._visit_lookup.ask(visit_id)
        if visit is None or (shopper_id and visit.shopper_id != shopper_id):
            return None
        return visit

    async def _each_visit(self, visit_ids: Sequence[str]) -> list[Visit | None]:
        found = await self.find_visits(set(visit_ids))
        return [found.get(visit_id) for visit_id in visit_ids]

    async def find_visits(
        self, visit_ids: Iterable[str], shopper_id: str | None = None
    ) -> dict[str, Visit]:
        """Visit id → visit; with ``shopper_id``, only those of that shopper's."""
        where = {"_id": {"$in": list(visit_ids)}}
        documents = await self._visits.find(
            where | ({"shopper_id": shopper_id} if shopper_id else {})
        )
        return {found["_id"]: _visit(found) for found in documents}

    async def get_questionnaire(self, visit: Visit) -> Questionnaire:
        """The version of the visit. Raises QuestionnaireNotHere while its event is on the way."""
        key = visit.questionnaire_key
        kept = self._questionnaires.find(self._chain_id, key)
        if kept is not None:
            return kept
        document = await self._definitions.find_one({"_id": key})
        if document is None:
            raise QuestionnaireNotHere(visit.questionnaire_id, visit.questionnaire_version)
        questionnaire = Questionnaire.model_validate(document["definition"])
        self._questionnaires.keep(self._chain_id, key, questionnaire)
        return questionnaire

    async def find_report(self, visit_id: str) -> Report | None:
        """The report, if anything was handed in for the visit."""
        return await self._report_lookup.ask(visit_id)

    async def _each_report(self, visit_ids: Sequence[str]) -> list[Report | None]:
        found = await self.find_reports(set(visit_ids))
        return [found.get(visit_id) for visit_id in visit_ids]

    async def find_reports(self, visit_ids: Iterable[str]) -> dict[str, Report]:
        """Visit id → report, of those for which anything was handed in."""
        where = {"_id": {"$in": list(visit_ids)}}
        documents = await self._reports.find(where, WITHOUT_PENDING)
        return {found["_id"]: _report(found) for found in documents}

    async def insert_all(self, new: Sequence[tuple[Report, Sequence[Event]]]) -> set[str]:
        """Write reports that nobody has begun, with their events; the ids of those written.

        The others exist meanwhile. Each event is on the trace of its report's visit.
        """
        documents = []
        for report, events in new:
            with on_trace_of(report.id):
                documents.append(_new_document(report, events))
        outcomes = await self._report_writes.insert_all(documents)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome
        return {report.id for (report, _), written in zip(new, outcomes, strict=True) if written}

    async def save(self, report: Report, events: Sequence[Event] = ()) -> bool:
        """Write the report with its events; False if another request has written meanwhile."""
        if report.version == 0:
            return await self._report_writes.insert(_new_document(report, events))
        document = report.model_dump(exclude={"id", "version"}) | {"version": report.version + 1}
        where = {"_id": report.id, "version": report.version}
        return await self._report_writes.upsert(where, append_events({"$set": document}, *events))

    async def add_item(self, report: Report, item: Item, *, most: int) -> bool:
        """Append the item to the visit's report, which is ``report`` if nobody has begun one.

        One write, whatever others write meanwhile. False, and nothing done, if the report has the
        item already or ``most`` items, or is completed.
        """
        new = report.model_dump(exclude={"id", "version", "items", "chain_id", "updated_at"})
        where = {
            "_id": report.id,
            "state": {"$ne": ReportState.COMPLETED},
            "items.item_id": {"$ne": item.item_id},
            f"items.{most - 1}": {"$exists": False},
        }
        update = {
            "$setOnInsert": with_events(new),
            "$push": {"items": item.model_dump()},
            "$set": {"updated_at": item.declared_at},
            "$inc": {"version": 1},
        }
        return await self._report_writes.upsert(where, update)

    async def list_reports(
        self, filters: Mapping[str, Any], *, after: str | None, limit: int
    ) -> list[Report]:
        """Up to ``limit`` reports in order of visit id, from the one after ``after`` on."""
        where = dict(filters) | ({"_id": {"$gt": after}} if after else {})
        documents = await self._reports.find(
            where, WITHOUT_PENDING, sort=[("_id", ASCENDING)], limit=limit
        )
        return [_report(document) for document in documents]

    async def note_media(self, visit_id: str, digest: str) -> tuple[str, ...]:
        """Say that the visit has this file; the other visits of the chain that had it before.

        One atomic write queues the visit behind those that were faster: of two that bring the same
        file at once, the second is told of the first. Who brought a file first is not to blame for
        those who use it again. Of a file that ``MOST_VISITS`` others have, no more are kept.
        """
        where = {"_id": self._name(digest)}
        if await self._media_writes.insert({**where, "visits": [visit_id]}):
            return ()  # as for most files
        room = {f"visits.{MOST_VISITS - 1}": {"$exists": False}}
        while True:
            try:
                found = await self._media.find_one_and_update(
                    where | room, {"$addToSet": {"visits": visit_id}}, upsert=True
                )
            except DuplicateKeyError:  # another wrote the file's first note, or there is no room
                found = await self._media.find_one(where)
            visits = [] if found is None else found["visits"]
            if visit_id in visits or len(visits) >= MOST_VISITS:
                return _before(visits, visit_id)

    async def find_elsewhere(
        self, visit_id: str, digests: Iterable[str]
    ) -> dict[str, tuple[str, ...]]:
        """SHA-256 → what ``note_media`` told or would tell of it."""
        names = {self._name(digest): digest for digest in digests}
        if not names:
            return {}
        documents = await self._media.find({"_id": {"$in": sorted(names)}})
        return {names[each["_id"]]: _before(each["visits"], visit_id) for each in documents}

    def _name(self, digest: str) -> str:
        return f"{self._chain_id}:{digest}"


def _named(document: Mapping[str, Any]) -> dict[str, Any]:
    return {("id" if name == "_id" else name): value for name, value in document.items()}


def _new_document(report: Report, events: Sequence[Event]) -> dict[str, Any]:
    fields = report.model_dump(exclude={"id", "version"})
    return with_events({"_id": report.id, **fields, "version": 1}, *events)


def _visit(document: Mapping[str, Any]) -> Visit:
    return Visit.model_validate(_named(document), extra="ignore")


def _report(document: Mapping[str, Any]) -> Report:
    return Report.model_validate(_named(document), extra="ignore")


def _before(visits: Sequence[str], visit_id: str) -> tuple[str, ...]:
    return tuple(takewhile(lambda each: each != visit_id, visits))
