import pytest
from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from incognita_shared.settings import (
    NAMESPACE,
    HttpSettings,
    KafkaSettings,
    MongoSettings,
    SettingsError,
    bucket_name,
    database_name,
    kafka_name,
    read_settings,
)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA_BOOTSTRAP_SERVERS", "MONGO_URI", "HTTP_PORT", NAMESPACE):
        monkeypatch.delenv(name, raising=False)


def test_a_missing_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="KAFKA_BOOTSTRAP_SERVERS: Field required"):
        read_settings(KafkaSettings)


def test_a_wrong_value_is_named_but_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_URI", "mongodb://u:hidden@h")
    monkeypatch.setenv("MONGO_POOL_SIZE", "hidden")
    with pytest.raises(SettingsError, match="MONGO_POOL_SIZE: Input should be") as caught:
        read_settings(MongoSettings)
    assert "hidden" not in str(caught.value)


def test_a_fault_in_nested_settings_is_named_by_their_own_prefix() -> None:
    class Nested(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="SCORING_")
        kafka: KafkaSettings

        def __init__(self) -> None:
            super().__init__(kafka=KafkaSettings())

    with pytest.raises(SettingsError, match="KAFKA_BOOTSTRAP_SERVERS"):
        read_settings(Nested)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_URI", "mongodb://u:hidden@h")
    assert "hidden" not in repr(read_settings(MongoSettings))


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        HttpSettings().port = 1


def test_a_service_has_its_port_unless_the_environment_says_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert HttpSettings.on_port(8103).port == 8103
    monkeypatch.setenv("HTTP_PORT", "9000")
    assert HttpSettings.on_port(8103).port == 9000


def test_without_a_namespace_names_are_plain() -> None:
    names = (kafka_name("scoring"), database_name("scoring"), bucket_name("evidence"))
    assert names == ("scoring", "incognita_scoring", "evidence")


def test_a_namespace_keeps_every_name_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAMESPACE, "t-1")
    names = (kafka_name("scoring"), database_name("scoring"), bucket_name("evidence"))
    assert names == ("t-1.scoring", "t-1_incognita_scoring", "t-1-evidence")


@pytest.mark.parametrize("bad", ["Upper", "a_b", "-a", "a-", "a.b", "a" * 21, "a b"])
def test_a_namespace_that_some_server_would_refuse_is_refused_at_once(
    bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAMESPACE, bad)
    with pytest.raises(SettingsError, match=NAMESPACE):
        read_settings(HttpSettings)


def test_kafka_credentials_reach_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "a:1")
    assert KafkaSettings().connection() == {
        "bootstrap_servers": "a:1",
        "security_protocol": "PLAINTEXT",
    }
    monkeypatch.setenv("KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "me")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "secret")
    secured = KafkaSettings().connection()
    assert secured["sasl_plain_username"] == "me"
    assert secured["sasl_plain_password"] == "secret"
    assert secured["ssl_context"].check_hostname
