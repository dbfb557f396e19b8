"""What it takes to serve the phones of one chain."""

from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from functools import lru_cache

from incognita_evidence.desk import Desk
from incognita_evidence.openrosa.arrival import Arrival
from incognita_evidence.openrosa.forms import Templates
from incognita_evidence.openrosa.handing_in import hand_in
from incognita_evidence.openrosa.intake import Filled, Intake
from incognita_evidence.repository.phones import Phones
from incognita_evidence.settings import EvidenceSettings
from incognita_shared.clock import now
from incognita_shared.mongo.client import Database
from incognita_shared.objects import ObjectStore
from incognita_shared.telemetry import on_trace_of, tracer


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneDesk:
    """The chain's phones, its desk, the forms generated last, and where files go."""

    chain_id: str
    phones: Phones
    desk: Desk
    templates: Templates
    store: ObjectStore
    settings: EvidenceSettings

    async def take(self, stream: AsyncIterable[bytes], boundary: bytes, *, shopper_id: str) -> str:
        """Take one request in; what the phone is told. All of it is stored by then.

        Raises BadRequest, NotFound, TooLarge; NotYet, Unavailable: try again.
        """
        intake = Intake(
            self.store,
            self.desk.reports,
            chain_id=self.chain_id,
            shopper_id=shopper_id,
            most=self.settings.video_limit_bytes,
        )
        filled, files = await intake.read(stream, boundary)
        arrival = await self.phones.note_arrival(self._arrival(filled), files, at=now())
        with on_trace_of(filled.visit.id), tracer().start_as_current_span("openrosa submission"):
            return await hand_in(filled, arrival, desk=self.desk, settings=self.settings)

    def _arrival(self, filled: Filled) -> Arrival:
        form_id, instance_id = filled.instance.form_id, filled.instance_id
        return Arrival(
            id=Arrival.id_of(self.chain_id, form_id, instance_id),
            visit_id=filled.visit.id,
            form_id=form_id,
            form_version=filled.instance.version,
            instance_id=instance_id,
            xml_sha256=filled.xml_sha256,
        )


def phone_desks(
    db: Database,
    store: ObjectStore,
    settings: EvidenceSettings,
    desk_of: Callable[[str], Desk],
) -> Callable[[str], PhoneDesk]:
    """Chain id → its desk; all of a process share the forms generated last."""
    templates = Templates()

    @lru_cache(maxsize=1_000)
    def phone_desk(chain_id: str) -> PhoneDesk:
        return PhoneDesk(
            chain_id=chain_id,
            phones=Phones(db, chain_id),
            desk=desk_of(chain_id),
            templates=templates,
            store=store,
            settings=settings,
        )

    return phone_desk
