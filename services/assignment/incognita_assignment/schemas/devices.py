"""A shopper's phones over HTTP."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from incognita_assignment.schemas.texts import Name
from incognita_shared.values import Id, Moment, Value


class Autosend(StrEnum):
    """When the phone hands in a finished report by itself; the words are Collect's."""

    OFF = "off"
    WIFI_ONLY = "wifi_only"
    CELLULAR_ONLY = "cellular_only"
    WIFI_AND_CELLULAR = "wifi_and_cellular"


class NewDevice(Value):
    """A phone to set up; its name stands in the list of keys."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Phone of May"}]})

    name: Name
    autosend: Autosend = Autosend.WIFI_AND_CELLULAR


class MadeDevice(Value):
    """How to set the phone up. Shown here and never again: ``settings`` and ``code`` hold the key.

    ``code`` is the text of the QR code: ``settings`` by zlib and Base64. The phone is listed and
    revoked as the key ``key_id``.
    """

    key_id: Id
    shopper_id: Id
    name: str
    created_at: Moment
    settings: Annotated[
        dict[str, Any],
        Field(
            examples=[
                {
                    "general": {
                        "server_url": "https://forms.example.org/openrosa/inc_<key id>_<secret>",
                        "form_update_mode": "match_exactly",
                        "autosend": "wifi_and_cellular",
                    },
                    "admin": {},
                    "project": {"name": "Corner Pizza"},
                }
            ]
        ),
    ]
    code: str
