"""All settings of the comparison service, read from the environment once."""

from dataclasses import dataclass
from typing import Self

from incognita_shared.settings import (
    AuthSettings,
    HttpSettings,
    KafkaSettings,
    MongoSettings,
    TelemetrySettings,
    read_settings,
)

PORT = 8104


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``main`` passes down."""

    http: HttpSettings
    mongo: MongoSettings
    kafka: KafkaSettings
    telemetry: TelemetrySettings
    auth: AuthSettings

    @classmethod
    def read(cls) -> Self:
        """Read the environment. Raises SettingsError naming each wrong variable."""
        return cls(
            http=HttpSettings.on_port(PORT),
            mongo=read_settings(MongoSettings),
            kafka=read_settings(KafkaSettings),
            telemetry=read_settings(TelemetrySettings),
            auth=read_settings(AuthSettings),
        )
