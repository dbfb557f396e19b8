"""All settings of the scoring service, read from the environment once."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from incognita_shared.settings import ObjectStoreSettings, ServiceSettings


class ScoringSettings(BaseSettings):
    """``SCORING_…``."""

    model_config = SettingsConfigDict(
        env_prefix="SCORING_", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    lock_minutes: Annotated[int, Field(ge=1, le=1_440)] = 30
    """How long a report that a reviewer has claimed is kept from the others."""
    appeal_days: Annotated[int, Field(ge=0, le=365)] = 14
    """How long after its approval a branch may appeal; a chain's rule may say otherwise."""
    decision_days: Annotated[int, Field(ge=1, le=365)] = 7
    """By when an appeal should be decided."""
    attachment_limit_bytes: Annotated[int, Field(ge=1, le=5_000_000_000)] = 50_000_000
    upload_expiry_s: Annotated[int, Field(ge=1, le=604_800)] = 900
    download_expiry_s: Annotated[int, Field(ge=1, le=604_800)] = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ServiceSettings):
    """What ``main`` passes down."""

    port: ClassVar[int] = 8103

    objects: ObjectStoreSettings
    scoring: ScoringSettings
