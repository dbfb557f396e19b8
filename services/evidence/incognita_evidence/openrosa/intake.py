"""Takes one request of a phone apart: the XML, and each file on its way into the object store."""

import hashlib
from collections.abc import AsyncIterable
from dataclasses import dataclass

from incognita_evidence.errors import VisitNotFound
from incognita_evidence.openrosa.arrival import ArrivedFile
from incognita_evidence.openrosa.multipart import PartBegins, PartEnds, happenings
from incognita_evidence.openrosa.recordings import duration_of
from incognita_evidence.openrosa.storing import Staged, Staging, keep, parked, put, remove
from incognita_evidence.repository.reports import Reports
from incognita_evidence.visit import Visit, VisitState
from incognita_shared.objects import ObjectStore
from incognita_shared.problems import BadRequest, NotFound, TooLarge
from incognita_xlsform.instance import (
    LARGEST_BYTES,
    Instance,
    UnreadableInstance,
    read_instance,
)

XML_PART = "xml_submission_file"
XML_TYPE = "text/xml"
NEVER_AGREED = frozenset({VisitState.OFFERED, VisitState.DECLINED})


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled form of one visit, or of one stage of it."""

    visit: Visit
    stage_id: str | None
    instance: Instance
    xml_sha256: str

    @property
    def instance_id(self) -> str:
        """The phone's; where it made none, the same for the same XML."""
        return self.instance.instance_id or f"sha256:{self.xml_sha256}"


class Intake:
    """One request, read as it comes in. All of it is in the object store once ``read`` returns.

    A file that comes before the XML, which says whose it is, waits in the store.
    """

    def __init__(
        self, store: ObjectStore, reports: Reports, *, chain_id: str, shopper_id: str, most: int
    ) -> None:
        self._store, self._reports = store, reports
        self._chain_id, self._shopper_id, self._most = chain_id, shopper_id, most
        self._filled: Filled | None = None
        self._files: list[ArrivedFile] = []
        self._waiting: list[Staged] = []
        self._xml: bytearray | None = None
        self._staging: Staging | None = None

    async def read(
        self, stream: AsyncIterable[bytes], boundary: bytes
    ) -> tuple[Filled, list[ArrivedFile]]:
        """The form, and the files that are stored now.

        Raises BadRequest for unreadable XML or a body cut short, VisitNotFound for a form of no
        visit of the shopper's, TooLarge; files that came before that are left where they are, for
        the phone sends them again.
        """
        try:
            async for happening in happenings(stream, boundary):
                match happening:
                    case PartBegins():
                        self._begin(happening)
                    case PartEnds():
                        await self._end()
                    case data:
                        await self._take(data)
        finally:
            await self._clean_up()
        if self._filled is None:
            raise BadRequest(f"The submission has no part {XML_PART!r}")
        return self._filled, self._files

    def _begin(self, part: PartBegins) -> None:
        if part.name == XML_PART:
            if self._filled is not None:
                raise BadRequest(f"The submission has two parts {XML_PART!r}")
            self._xml = bytearray()
        elif part.file_name:
            self._staging = Staging(
                self._store,
                chain_id=self._chain_id,
                name=part.file_name,
                declared_type=part.content_type,
                most=self._most,
            )

    async def _take(self, data: bytes) -> None:
        if self._xml is not None:
            self._xml += data
            if len(self._xml) > LARGEST_BYTES:
                raise TooLarge(f"The XML of a submission has at most {LARGEST_BYTES:,} bytes")
        elif self._staging is not None:
            await self._staging.write(data)

    async def _end(self) -> None:
        if self._xml is not None:
            xml, self._xml = bytes(self._xml), None
            self._filled = await self._identify(xml)
            await self._keep_waiting(self._filled)
        elif self._staging is not None:
            staged = await self._staging.end()
            self._staging = None
            if self._filled is None:
                parked_ = await parked(self._store, staged, chain_id=self._chain_id)
                self._waiting.append(parked_)
            else:
                await self._keep(staged, self._filled)

    async def _identify(self, xml: bytes) -> Filled:
        try:
            instance = read_instance(xml)
        except UnreadableInstance as error:
            raise BadRequest(f"The XML of the submission can't be read: {error}") from None
        visit_id, _, stage_id = instance.form_id.partition(".")
        visit = await self._reports.find_visit(visit_id, self._shopper_id)
        if visit is None or visit.state in NEVER_AGREED:
            raise VisitNotFound(visit_id[:64])
        await self._check_stage(visit, stage_id)
        digest = hashlib.sha256(xml).hexdigest()
        key = key_of(visit, digest)
        if await self._store.head(key) is None:
            await put(self._store, key, xml, content_type=XML_TYPE)
        return Filled(visit, stage_id or None, instance, digest)

    async def _check_stage(self, visit: Visit, stage_id: str) -> None:
        questionnaire = await self._reports.get_questionnaire(visit)
        if stage_id and all(stage.id != stage_id for stage in questionnaire.stages):
            raise NotFound(f"Visit {visit.id} has no stage {stage_id[:64]!a}")

    async def _keep_waiting(self, filled: Filled) -> None:
        while self._waiting:
            await self._keep(self._waiting[-1], filled)
            self._waiting.pop()

    async def _keep(self, staged: Staged, filled: Filled) -> None:
        key = key_of(filled.visit, staged.sha256)
        await keep(self._store, staged, key)
        duration_s = await duration_of(self._store, staged, key)
        self._files.append(ArrivedFile.of(staged, duration_s=duration_s))

    async def _clean_up(self) -> None:
        if self._staging is not None:
            await self._staging.discard()
        for staged in self._waiting:
            await remove(self._store, staged)


def key_of(visit: Visit, sha256: str) -> str:
    """Where a file of the visit lies, however it came."""
    return f"{visit.chain_id}/{visit.id}/{sha256}"
