"""Phones of shoppers: a key of their own, in settings that ODK Collect takes."""

import json
import logging
import zlib
from base64 import b64decode
from io import BytesIO
from typing import Any

import pytest
import segno
from PIL import Image

from incognita_assignment.devices import code_of, qr_png
from incognita_assignment.settings import CatalogSettings

from .conftest import Caller, Database
from .test_keys import shopper_of

PHONE = {"name": "Phone of May"}
PNG = {"Accept": "image/png"}


def decoded(code: str) -> Any:
    return json.loads(zlib.decompress(b64decode(code)))


def key_in(made: dict[str, Any]) -> str:
    base, _, key = made["settings"]["general"]["server_url"].rpartition("/")
    assert base == CatalogSettings().openrosa_url
    return str(key)


async def test_a_phone_gets_a_key_of_its_own_in_settings_that_collect_takes(
    agency: Caller, database: Database
) -> None:
    shopper_id = await shopper_of(agency)
    answer = await agency("POST", f"/v1/shoppers/{shopper_id}/devices", json=PHONE)
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    made = answer.json()
    key = key_in(made)
    assert made["settings"] == {
        "general": {
            "server_url": f"{CatalogSettings().openrosa_url}/{key}",
            "form_update_mode": "match_exactly",
            "autosend": "wifi_and_cellular",
        },
        "admin": {},
        "project": {"name": (await database.chains.find_one({"_id": agency.chain_id}))["name"]},
    }
    assert decoded(made["code"]) == made["settings"]
    phone = Caller(agency.http, key)
    assert (await phone.get("/v1/visits"))["items"] == []
    assert (await phone("GET", "/v1/shoppers")).status_code == 403
    stored = await database.api_keys.find_one({"_id": made["key_id"]})
    assert key.split("_", 2)[2] not in str(stored)


async def test_phones_are_listed_and_revoked_as_keys(agency: Caller) -> None:
    ada, bob = await shopper_of(agency), await shopper_of(agency, "bob@example.org")
    made = [
        await agency.post(f"/v1/shoppers/{shopper_id}/devices", {"name": name, "autosend": "off"})
        for shopper_id, name in [(ada, "one"), (ada, "two"), (bob, "three")]
    ]
    assert made[0]["settings"]["general"]["autosend"] == "off"
    listed = (await agency.get("/v1/keys", shopper_id=ada))["items"]
    assert {each["name"] for each in listed} == {"one", "two"}
    assert "inc_" not in json.dumps(listed)
    assert (await agency("DELETE", f"/v1/keys/{made[0]['key_id']}")).status_code == 204
    assert (await Caller(agency.http, key_in(made[0]))("GET", "/v1/visits")).status_code == 401
    assert (await Caller(agency.http, key_in(made[1]))("GET", "/v1/visits")).status_code == 200
    manager = await agency.with_key(role="chain_manager")
    assert (await manager.get("/v1/keys", shopper_id=ada))["items"] == []


@pytest.mark.parametrize(("path", "headers"), [("devices", PNG), ("devices:qr", {})])
async def test_the_answer_may_be_the_qr_code_itself(
    agency: Caller, path: str, headers: dict[str, str]
) -> None:
    shopper_id = await shopper_of(agency)
    answer = await agency("POST", f"/v1/shoppers/{shopper_id}/{path}", json=PHONE, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (201, "image/png")
    assert answer.headers["cache-control"] == "no-store"
    with Image.open(BytesIO(answer.content)) as picture:
        assert picture.size[0] == picture.size[1] > 200
    (listed,) = (await agency.get("/v1/keys", shopper_id=shopper_id))["items"]
    assert answer.headers["location"] == f"/v1/keys/{listed['key_id']}"


def test_the_picture_shows_the_code_with_a_quiet_zone() -> None:
    code = code_of({"general": {}, "admin": {}, "project": {"name": "Пицца"}})
    dots = segno.make(code, micro=False).matrix
    with Image.open(BytesIO(qr_png(code))) as picture:
        grey = picture.convert("L")
    width = len(dots) + 8
    scale = grey.width // width
    shown = [
        [
            grey.getpixel((x * scale + scale // 2, y * scale + scale // 2)) < 128
            for x in range(width)
        ]
        for y in range(width)
    ]
    assert not any(any(row) for row in (*shown[:4], *shown[-4:]))
    assert [row[4:-4] for row in shown[4:-4]] == [[bool(dot) for dot in row] for row in dots]
    assert decoded(code)["project"]["name"] == "Пицца"


async def test_only_the_agency_of_the_shoppers_chain_sets_phones_up(
    agency: Caller, other_agency: Caller, database: Database
) -> None:
    shopper_id = await shopper_of(agency)
    before = await database.api_keys.count_documents({})
    for path in ("devices", "devices:qr"):
        address = f"/v1/shoppers/{shopper_id}/{path}"
        assert (await other_agency("POST", address, json=PHONE)).status_code == 404
        assert (await agency("POST", "/v1/shoppers/x/" + path, json=PHONE)).status_code == 404
        for body in ({}, {"name": " "}, {"name": "x", "autosend": "always"}, {**PHONE, "key": "x"}):
            assert (await agency("POST", address, json=body)).status_code == 422
    assert await database.api_keys.count_documents({}) == before
    for role in ("reviewer", "chain_manager"):
        caller = await agency.with_key(role=role)
        answer = await caller("POST", f"/v1/shoppers/{shopper_id}/devices", json=PHONE)
        assert answer.status_code == 403


async def test_the_key_is_in_no_log(agency: Caller, caplog: pytest.LogCaptureFixture) -> None:
    shopper_id = await shopper_of(agency)
    with caplog.at_level(logging.DEBUG):
        made = await agency.post(f"/v1/shoppers/{shopper_id}/devices", PHONE)
    secret = key_in(made).split("_", 2)[2]
    assert caplog.records
    assert secret not in caplog.text
    assert made["code"] not in caplog.text
