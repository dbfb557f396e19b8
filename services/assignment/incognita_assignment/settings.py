"""All settings of the assignment service, read from the environment once."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from incognita_shared.settings import ServiceSettings


class CatalogSettings(BaseSettings):
    """``ASSIGNMENT_…``."""

    model_config = SettingsConfigDict(env_prefix="ASSIGNMENT_", frozen=True, env_ignore_empty=True)

    import_max_bytes: Annotated[int, Field(ge=1_000)] = 1_000_000_000
    """The largest file of branches; it lies in the temporary directory while it is imported."""
    openrosa_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$", max_length=500)] = (
        "http://127.0.0.1:8102/openrosa"
    )
    """Where phones reach the evidence service's door for ODK Collect; a key follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ServiceSettings):
    """What ``main`` passes down."""

    port: ClassVar[int] = 8101

    catalog: CatalogSettings
