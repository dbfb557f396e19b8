"""Setting up shoppers' phones, for the agency alone."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from incognita_assignment import devices
from incognita_assignment.devices import Device
from incognita_assignment.routes.dependencies import Agency, Db, PathId
from incognita_assignment.schemas.devices import MadeDevice, NewDevice
from incognita_shared.problems import problem_responses

PNG = "image/png"
router = APIRouter(prefix="/v1/shoppers", tags=["shoppers"])

_ONCE = {"Cache-Control": "no-store"}
_PICTURE: dict[str, Any] = {"content": {PNG: {"schema": {"type": "string", "format": "binary"}}}}


@router.post(
    "/{shopper_id}/devices",
    status_code=201,
    summary="Set up a shopper's phone",
    response_model=MadeDevice,
    responses={**problem_responses(404, 422), 201: _PICTURE},
)
async def create_device(
    shopper_id: PathId,
    body: NewDevice,
    request: Request,
    response: Response,
    db: Db,
    caller: Agency,
) -> Any:
    """A key for one phone, as the settings that ODK Collect and KoboCollect take, shown once.

    The phone scans the code and gets the forms of the shopper's open visits. `Accept: image/png`
    gets the QR code alone.
    """
    device = await _add(request, db, caller.chain, shopper_id, body)
    accept = request.headers.get("accept", "")
    if PNG in accept and "application/json" not in accept:
        return await _picture(device)
    response.headers.update(_ONCE)
    return MadeDevice(
        key_id=device.key["_id"],
        shopper_id=device.key["shopper_id"],
        name=device.key["name"],
        created_at=device.key["created_at"],
        settings=device.settings,
        code=device.code,
    )


@router.post(
    "/{shopper_id}/devices:qr",
    status_code=201,
    summary="Set up a shopper's phone by a QR code",
    response_class=Response,
    responses={**problem_responses(404, 422), 201: _PICTURE},
)
async def create_device_qr(
    shopper_id: PathId, body: NewDevice, request: Request, db: Db, caller: Agency
) -> Response:
    """The same, and the answer is the picture. `Location` names the key, to revoke it."""
    return await _picture(await _add(request, db, caller.chain, shopper_id, body))


async def _add(request: Request, db: Db, chain_id: str, shopper_id: str, body: NewDevice) -> Device:
    url = request.app.state.settings.catalog.openrosa_url
    return await devices.add_device(db, chain_id, shopper_id, body, openrosa_url=url)


async def _picture(device: Device) -> Response:
    picture = await asyncio.to_thread(devices.qr_png, device.code)
    headers = {**_ONCE, "Location": f"/v1/keys/{device.key['_id']}"}
    return Response(picture, status_code=201, media_type=PNG, headers=headers)
