"""Secrets: sealed at rest, two at once for a day after a rotation."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from standardwebhooks import Webhook, WebhookVerificationError

from incognita_notification.signing import Seal, SealBroken, new_secret, rotated, signing
from incognita_notification.webhooks import signed_headers

MOMENT = datetime(2026, 3, 14, 12, tzinfo=UTC)


def test_a_sealed_secret_does_not_show_and_opens_again() -> None:
    seal, secret = Seal([Fernet.generate_key().decode()]), new_secret()
    sealed = seal.close(secret)
    assert secret not in sealed
    assert seal.open(sealed) == secret


def test_a_new_key_in_front_still_opens_what_the_old_one_sealed() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = Seal([old]).close("whsec_x")
    assert Seal([new, old]).open(sealed) == "whsec_x"
    with pytest.raises(SealBroken):
        Seal([new]).open(sealed)


def test_for_a_day_after_a_rotation_both_secrets_sign() -> None:
    first = rotated((), "one", MOMENT)
    second = rotated(first, "two", MOMENT)
    assert signing(first, MOMENT) == ["one"]
    assert signing(second, MOMENT + timedelta(hours=23)) == ["two", "one"]
    assert signing(second, MOMENT + timedelta(hours=24)) == ["two"]


def test_a_second_rotation_leaves_no_more_than_two_secrets() -> None:
    third = rotated(rotated(rotated((), "one", MOMENT), "two", MOMENT), "three", MOMENT)
    assert signing(third, MOMENT) == ["three", "two"]


def test_either_secret_verifies_what_both_have_signed() -> None:
    old, new, other = new_secret(), new_secret(), new_secret()
    body = '{"type":"x","name":"Ümit"}'
    headers = signed_headers("event-1", body, [new, old], datetime.now(UTC))
    for secret in (old, new):
        assert Webhook(secret).verify(body, headers)["name"] == "Ümit"
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(body + " ", headers)
