"""Signing secrets: made here, sealed at rest, two at once while one is being replaced."""

import base64
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

OVERLAP = timedelta(hours=24)
"""How long the old secret still signs after a rotation."""

_SECRET_BYTES = 32  # the specification asks for 24 to 64


class SealBroken(Exception):
    """A stored secret can't be read with any of the keys in NOTIFICATION_SECRET_KEY."""


class Seal:
    """Encrypts secrets with the first key and reads those of all keys.

    ``keys`` are Fernet keys (32 bytes, URL-safe base64). Raises ValueError for a malformed one.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("no key")
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def close(self, secret: str) -> str:
        """The secret as it may be stored."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret again. Raises ``SealBroken``."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise SealBroken("the secret was sealed with another key") from None


def new_secret() -> str:
    """``whsec_`` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def rotated(
    stored: Sequence[Mapping[str, Any]], sealed: str, moment: datetime
) -> list[dict[str, Any]]:
    """The list of stored secrets with ``sealed`` in front and the one before it on its way out.

    Of those that were already on their way out none is kept: at most two sign at any time.
    """
    newest = [each for each in stored if each["expires_at"] is None]
    leaving = [{**each, "expires_at": moment + OVERLAP} for each in newest]
    return [{"sealed": sealed, "made_at": moment, "expires_at": None}, *leaving]


def signing(stored: Sequence[Mapping[str, Any]], moment: datetime) -> list[str]:
    """The sealed secrets that sign now, the newest first."""
    return [
        each["sealed"]
        for each in stored
        if each["expires_at"] is None or each["expires_at"] > moment
    ]
