"""All settings of the notification service, read from the environment once."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from incognita_notification.mail.address import MailAddress
from incognita_notification.mail.channel import MailServer
from incognita_notification.retries import STANDARD_DELAYS_S
from incognita_notification.signing import Seal
from incognita_shared.settings import ServiceSettings

Delay = Annotated[float, Field(ge=0, le=2_592_000, allow_inf_nan=False)]
_HINT = (
    "make one with: python -c 'from cryptography.fernet import Fernet; "
    "print(Fernet.generate_key().decode())'"
)


class NotificationSettings(BaseSettings):
    """``NOTIFICATION_…``: what the sender and the two channels need."""

    model_config = SettingsConfigDict(
        env_prefix="NOTIFICATION_", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    secret_key: SecretStr
    """One or more Fernet keys, separated by commas: the first seals, all open."""
    allow_private_targets: bool = False
    """Lets webhooks go to private and loopback addresses, over http too. Never in production."""

    smtp_host: str | None = None
    smtp_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_starttls: bool = True
    smtp_from: MailAddress | None = None

    retry_delays_s: Annotated[tuple[Delay, ...], NoDecode, Field(max_length=50)] = STANDARD_DELAYS_S
    """Seconds to wait after each failed attempt, separated by commas; after the last one the
    delivery has failed."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 15.0
    lease_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    """After this, another sender takes over what a dead one was sending."""
    poll_s: Annotated[float, Field(gt=0, le=60)] = 0.2
    max_sending: Annotated[int, Field(ge=1, le=2_000)] = 128
    max_sending_each: Annotated[int, Field(ge=1, le=200)] = 16
    disable_after_days: Annotated[float, Field(gt=0, le=365)] = 5.0

    @field_validator("retry_delays_s", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.split(",") if isinstance(value, str) else value

    @field_validator("secret_key")
    @classmethod
    def _usable(cls, value: SecretStr) -> SecretStr:
        try:
            Seal(value.get_secret_value().split(","))
        except ValueError as error:
            raise ValueError(f"not a Fernet key ({error}); {_HINT}") from None
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.smtp_host and not self.smtp_from:
            raise ValueError("NOTIFICATION_SMTP_FROM is needed where NOTIFICATION_SMTP_HOST is set")
        if bool(self.smtp_username) != bool(self.smtp_password):
            raise ValueError("NOTIFICATION_SMTP_USERNAME and _PASSWORD belong together")
        if self.lease_s < self.timeout_s * 1.5:
            raise ValueError(
                "NOTIFICATION_LEASE_S must be at least 1.5 times NOTIFICATION_TIMEOUT_S"
            )
        return self

    def seal(self) -> Seal:
        """What closes and opens signing secrets."""
        return Seal(self.secret_key.get_secret_value().split(","))

    def mail_server(self) -> MailServer | None:
        """Where letters are handed over, or None where no server is set."""
        if self.smtp_host is None or self.smtp_from is None:
            return None
        password = self.smtp_password
        return MailServer(
            host=self.smtp_host,
            port=self.smtp_port,
            sender=self.smtp_from,
            username=self.smtp_username,
            password=password.get_secret_value() if password else None,
            starttls=self.smtp_starttls,
            timeout_s=self.timeout_s,
        )

    @property
    def mail_enabled(self) -> bool:
        """Whether e-mail subscriptions can be made."""
        return self.smtp_host is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(ServiceSettings):
    """What ``main`` passes down."""

    port: ClassVar[int] = 8105

    notification: NotificationSettings
