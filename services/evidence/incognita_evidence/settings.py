"""All settings of the evidence service, read from the environment once."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from incognita_evidence.rules.findings import Limits
from incognita_evidence.rules.orphans import Patience
from incognita_shared.settings import ObjectStoreSettings, ServiceSettings
from incognita_shared.values import EvidenceKind

Bytes = Annotated[int, Field(ge=1, le=5_000_000_000)]
"""S3 takes at most 5 GB in one POST."""
Seconds = Annotated[int, Field(ge=1, le=604_800)]
"""A presigned request lives for a week at most."""


class EvidenceSettings(BaseSettings):
    """``EVIDENCE_…``."""

    model_config = SettingsConfigDict(
        env_prefix="EVIDENCE_", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    photo_limit_bytes: Bytes = 25_000_000
    """Also for receipts, business cards and documents."""
    audio_limit_bytes: Bytes = 200_000_000
    video_limit_bytes: Bytes = 2_000_000_000
    items_per_visit: Annotated[int, Field(ge=1, le=1_000)] = 100
    upload_expiry_s: Seconds = 900
    download_expiry_s: Seconds = 300
    verify_concurrency: Annotated[int, Field(ge=1, le=64)] = 8
    """How many objects one process looks at at the same time."""
    first_bytes: Annotated[int, Field(ge=4_096, le=1_048_576)] = 65_536
    """How much of an object is read for its real type and EXIF; a JPEG's EXIF ends before 64 kB."""
    exif_tolerance_s: Annotated[int, Field(ge=0, le=86_400)] = 900
    """By how much a camera's clock may be wrong."""
    accuracy_allowance_m: Annotated[float, Field(ge=0, le=100_000)] = 1_000.0
    """A device that claims a worse accuracy gets no more than this added to the geofence."""

    retention_days: Annotated[int, Field(ge=1, le=36_600)] | None = None
    """How long a file is kept after its report was completed, unless its question says; None: for
    ever."""

    orphans_after_days: Annotated[int, Field(ge=0, le=3_650)] = 7
    """How old an object must be that nothing refers to, to be removed; 0: never."""

    import_lines: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    """The most lines of one import."""
    imports_at_once: Annotated[int, Field(ge=1, le=64)] = 4
    """In one process; each holds one batch of lines, and its results."""

    public_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")] | None = None
    """Where phones reach this service; by default as the request itself names it."""
    openrosa_request_bytes: Annotated[int, Field(ge=1_000_000, le=5_000_000_000)] = 50_000_000
    """What a phone is asked to keep a request below; a single larger file is taken all the same."""
    openrosa_at_once: Annotated[int, Field(ge=1, le=1_000)] = 64
    """Submissions of phones in one process; each holds at most 10 MB."""

    def limits(self) -> Limits:
        """From when on something looks wrong."""
        return Limits(
            exif_tolerance=timedelta(seconds=self.exif_tolerance_s),
            accuracy_allowance_m=self.accuracy_allowance_m,
        )

    def patience(self) -> Patience | None:
        """With objects that nothing refers to; None: they stay."""
        if self.orphans_after_days == 0:
            return None
        return Patience(before=timedelta(days=self.orphans_after_days))

    def limit_bytes(self, kind: EvidenceKind) -> int:
        """The largest item of ``kind``, in bytes."""
        match kind:
            case EvidenceKind.AUDIO:
                return self.audio_limit_bytes
            case EvidenceKind.VIDEO:
                return self.video_limit_bytes
            case _:
                return self.photo_limit_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ServiceSettings):
    """What ``main`` passes down."""

    port: ClassVar[int] = 8102

    objects: ObjectStoreSettings
    evidence: EvidenceSettings
