"""All settings of the assignment service, read from the environment once."""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from incognita_shared.settings import (
    AuthSettings,
    HttpSettings,
    KafkaSettings,
    MongoSettings,
    TelemetrySettings,
    read_settings,
)

PORT = 8101


class CatalogSettings(BaseSettings):
    """``ASSIGNMENT_…``."""

    model_config = SettingsConfigDict(env_prefix="ASSIGNMENT_", frozen=True, env_ignore_empty=True)

    import_max_bytes: Annotated[int, Field(ge=1_000)] = 1_000_000_000
    """The largest file of branches; it lies in the temporary directory while it is imported."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``main`` passes down."""

    http: HttpSettings
    mongo: MongoSettings
    kafka: KafkaSettings
    telemetry: TelemetrySettings
    auth: AuthSettings
    catalog: CatalogSettings

    @classmethod
    def read(cls) -> Self:
        """Read the environment. Raises SettingsError naming each wrong variable."""
        return cls(
            http=HttpSettings.on_port(PORT),
            mongo=read_settings(MongoSettings),
            kafka=read_settings(KafkaSettings),
            telemetry=read_settings(TelemetrySettings),
            auth=read_settings(AuthSettings),
            catalog=read_settings(CatalogSettings),
        )
