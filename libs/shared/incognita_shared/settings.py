"""Settings, read from the environment once, in each service's ``main``, and passed down."""

import os
import re
import ssl
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, get_type_hints

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from incognita_shared.values import Sha256

NAMESPACE = "INCOGNITA_NAMESPACE"
_NAMESPACE_SHAPE = re.compile(r"[a-z0-9](-?[a-z0-9]){0,19}")

S = TypeVar("S", bound=BaseSettings)
Port = Annotated[int, Field(ge=0, le=65_535)]


class SettingsError(Exception):
    """The environment is wrong or incomplete; the text names each variable and the cause."""


def _from_environment(prefix: str) -> SettingsConfigDict:
    return SettingsConfigDict(
        env_prefix=prefix, frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )


class KafkaSettings(BaseSettings):
    """``KAFKA_…``. The defaults are the values that the fault runs were made with."""

    model_config = _from_environment("KAFKA_")

    bootstrap_servers: Annotated[str, Field(min_length=1)]
    group_instance_id: str | None = None
    """A name that stays with this process over a restart, so that no rebalance is needed."""
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_file: Path | None = None
    session_timeout_ms: Annotated[int, Field(gt=0)] = 10_000
    heartbeat_interval_ms: Annotated[int, Field(gt=0)] = 2_000
    rebalance_timeout_ms: Annotated[int, Field(gt=0)] = 20_000
    max_poll_interval_ms: Annotated[int, Field(gt=0)] = 120_000
    batch_max_records: Annotated[int, Field(ge=1, le=10_000)] = 500
    linger_ms: Annotated[int, Field(ge=0)] = 2
    max_batch_size_bytes: Annotated[int, Field(ge=1)] = 262_144
    compression_type: Literal["lz4", "gzip", "snappy", "zstd", "none"] = "lz4"
    request_timeout_ms: Annotated[int, Field(gt=0)] = 20_000
    replication_factor: Annotated[int, Field(ge=1)] = 1
    min_insync_replicas: Annotated[int, Field(ge=1)] = 1
    topics_dir: Path | None = None
    """Where the topics are declared; ``schemas/topics`` of the checkout by default."""

    def connection(self) -> dict[str, Any]:
        """What every aiokafka client takes to reach the brokers."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.security_protocol,
        }
        if self.security_protocol.endswith("SSL"):
            options["ssl_context"] = ssl.create_default_context(
                cafile=str(self.ssl_ca_file) if self.ssl_ca_file else None
            )
        if self.security_protocol.startswith("SASL"):
            options["sasl_mechanism"] = self.sasl_mechanism
            options["sasl_plain_username"] = self.sasl_username
            password = self.sasl_password
            options["sasl_plain_password"] = password.get_secret_value() if password else None
        return options


class MongoSettings(BaseSettings):
    """``MONGO_…``. The URI may hold a password, so it is kept as a secret."""

    model_config = _from_environment("MONGO_")

    uri: SecretStr
    pool_size: Annotated[int, Field(ge=1, le=1_000)] = 20
    server_selection_timeout_ms: Annotated[int, Field(gt=0)] = 15_000
    socket_timeout_ms: Annotated[int, Field(gt=0)] = 20_000


class ObjectStoreSettings(BaseSettings):
    """``S3_…``. ``public_endpoint`` is what clients outside reach, where it differs."""

    model_config = _from_environment("S3_")

    endpoint: Annotated[str, Field(pattern=r"^https?://[^/]+/?$")]
    access_key: Annotated[str, Field(min_length=1)]
    secret_key: SecretStr
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{1,40}[a-z0-9]$")] = "evidence"
    region: str = "us-east-1"
    public_endpoint: Annotated[str, Field(pattern=r"^https?://[^/]+/?$")] | None = None
    max_connections: Annotated[int, Field(ge=1, le=256)] = 16
    timeout_s: Annotated[float, Field(gt=0)] = 10.0


class HttpSettings(BaseSettings):
    """``HTTP_…``: where the service listens."""

    model_config = _from_environment("HTTP_")

    host: str = "127.0.0.1"
    port: Port = 0
    body_limit_bytes: Annotated[int, Field(ge=1)] = 1_000_000
    """The largest JSON body; paths that stream are not bound by it."""
    most_in_flight: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Requests at once in one process; what is beyond is answered 503 with Retry-After."""

    @classmethod
    def on_port(cls, default: int) -> Self:
        """The settings with ``default`` where ``HTTP_PORT`` is not set."""
        settings = cls()
        if "port" in settings.model_fields_set:
            return settings
        return settings.model_copy(update={"port": default})


class TelemetrySettings(BaseSettings):
    """``OTEL_…``. With an OTLP endpoint spans go there; else to files in ``traces_dir``, if set."""

    model_config = _from_environment("OTEL_")

    exporter_otlp_endpoint: str | None = None
    traces_dir: Path | None = None
    sample_ratio: Annotated[float, Field(ge=0, le=1)] = 1.0
    metrics_interval_s: Annotated[float, Field(gt=0)] = 10.0


class AuthSettings(BaseSettings):
    """``AUTH_…``: the hash of the operator's secret, by which the first chain can be made."""

    model_config = _from_environment("AUTH_")

    operator_key_sha256: Sha256 | None = None


def read_settings(kind: type[S]) -> S:
    """Read ``kind`` from the environment, or raise ``SettingsError`` with every fault by name."""
    try:
        namespace()
        return kind()
    except ValidationError as error:
        kinds: dict[str, type[BaseSettings]] = {one.__name__: one for one in _shared_kinds()}
        prefix = kinds.get(error.title, kind).model_config.get("env_prefix", "")
        faults = [
            f"{prefix}{'_'.join(str(step) for step in fault['loc'])}".upper() + f": {fault['msg']}"
            for fault in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError("wrong settings\n  " + "\n  ".join(faults)) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What every service's ``main`` passes down; a subclass names its port and adds its own groups.

    Every field is a group of settings, read by its own prefix.
    """

    port: ClassVar[int]

    http: HttpSettings
    mongo: MongoSettings
    kafka: KafkaSettings
    telemetry: TelemetrySettings
    auth: AuthSettings

    @classmethod
    def read(cls) -> Self:
        """Read the environment. Raises SettingsError naming each wrong variable."""
        kinds = get_type_hints(cls)
        groups = {
            field.name: read_settings(kinds[field.name])
            for field in fields(cls)
            if field.name != "http"
        }
        return cls(http=HttpSettings.on_port(cls.port), **groups)


def _shared_kinds() -> tuple[type[BaseSettings], ...]:
    return (
        KafkaSettings, MongoSettings, ObjectStoreSettings, HttpSettings, TelemetrySettings,
        AuthSettings,
    )  # fmt: skip


def namespace() -> str:
    """What keeps installations on shared servers apart; empty by default."""
    name = os.environ.get(NAMESPACE, "")
    if name and not _NAMESPACE_SHAPE.fullmatch(name):
        raise SettingsError(
            f"{NAMESPACE}: up to 20 lower-case letters, digits, single dashes; got {name[:40]!r}"
        )
    return name


def kafka_name(name: str) -> str:
    """A topic or consumer group as the brokers know it."""
    prefix = namespace()
    return f"{prefix}.{name}" if prefix else name


def database_name(service: str) -> str:
    """The database of a service as the server knows it."""
    prefix = namespace()
    return f"{prefix}_incognita_{service}" if prefix else f"incognita_{service}"


def bucket_name(name: str) -> str:
    """A bucket as the object store knows it."""
    prefix = namespace()
    return f"{prefix}-{name}" if prefix else name
