"""A shopper's phone: a key of its own, and settings by which ODK Collect or KoboCollect use it.

The format is Collect's: https://docs.getodk.org/collect-import-export/ (settings as JSON, by zlib
and Base64 into a QR code). The key stands in the address, because Collect sends a password over
https alone, and is as secret as one: it is in the answer that makes it and nowhere else.
"""

import json
import zlib
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import segno

from incognita_assignment.chains import get_chain
from incognita_assignment.keys import make_key
from incognita_assignment.repository.keys import Document
from incognita_assignment.schemas.devices import NewDevice
from incognita_assignment.schemas.keys import NewKey
from incognita_assignment.shoppers import get_shopper
from incognita_shared.auth import Role
from incognita_shared.mongo.client import Database

_PIXELS = 6
"""Of one dot of the QR code: a phone reads it off a screen or a sheet of paper."""


@dataclass(frozen=True, slots=True)
class Device:
    """A new device: its key's document, the phone's settings, and what its QR code holds."""

    key: Document
    settings: dict[str, Any]
    code: str


async def add_device(
    db: Database, chain_id: str, shopper_id: str, body: NewDevice, *, openrosa_url: str
) -> Device:
    """A key for one phone of the shopper. Raises ``NotFound``."""
    await get_shopper(db, chain_id, shopper_id)
    chain = await get_chain(db, chain_id)
    wanted = NewKey(role=Role.SHOPPER, name=body.name, shopper_id=shopper_id)
    document, key = await make_key(db, chain_id, wanted)
    settings = settings_of(f"{openrosa_url.rstrip('/')}/{key}", body, project=chain["name"])
    return Device(document, settings, code_of(settings))


def settings_of(server_url: str, body: NewDevice, *, project: str) -> dict[str, Any]:
    """What Collect sets up; it resets to its defaults whatever is not named here.

    ``match_exactly``: the phone's forms are those of the shopper's open visits, without asking.
    """
    return {
        "general": {
            "server_url": server_url,
            "form_update_mode": "match_exactly",
            "autosend": body.autosend.value,
        },
        "admin": {},
        "project": {"name": project},
    }


def code_of(settings: dict[str, Any]) -> str:
    """The text in the QR code."""
    text = json.dumps(settings, ensure_ascii=False, separators=(",", ":"))
    return b64encode(zlib.compress(text.encode(), 9)).decode()


def qr_png(code: str) -> bytes:
    """The QR code as a picture."""
    picture = BytesIO()
    segno.make(code, micro=False).save(picture, kind="png", scale=_PIXELS)
    return picture.getvalue()
