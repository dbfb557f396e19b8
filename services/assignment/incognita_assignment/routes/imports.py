"""Bulk import of branches. The body is streamed; it may have any size up to the setting's."""

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from incognita_assignment.imports.applying import Options, Reader, import_branches
from incognita_assignment.imports.csv_rows import csv_rows
from incognita_assignment.imports.geojson_rows import geojson_rows
from incognita_assignment.imports.rows import BrokenFile
from incognita_assignment.imports.upload import received
from incognita_assignment.routes.dependencies import CatalogKeeper, Db
from incognita_assignment.schemas.branches import Country, Geofence, ImportReport, TimeZone
from incognita_shared.problems import Invalid, UnsupportedMedia, field_error, problem_responses

PATH = "/v1/branches:import"
router = APIRouter(tags=["branches"])


class Format(StrEnum):
    """How the file is written."""

    CSV = "csv"
    GEOJSON = "geojson"


_READERS: dict[Format, Reader] = {Format.CSV: csv_rows, Format.GEOJSON: geojson_rows}
_BY_TYPE = {"text/csv": Format.CSV, "application/geo+json": Format.GEOJSON}
_CSV_EXAMPLE = (
    "store_id,address,city,state,lat,lon,ownership,attribute:drive_through\n"
    "80110001,31451 Cherry Hill Rd,Westland,MI,42.308545,-83.351899,C,true\n"
)
_GEOJSON_EXAMPLE = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [-83.351899, 42.308545]},
            "properties": {
                "store_id": "80110001",
                "address": "31451 Cherry Hill Rd",
                "city": "Westland",
                "time_zone": "America/Detroit",
                "attributes": {"drive_through": True},
            },
        }
    ],
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}, "example": _CSV_EXAMPLE},
            "application/geo+json": {"schema": {"type": "object"}, "example": _GEOJSON_EXAMPLE},
        },
    }
}


@router.post(
    PATH,
    summary="Import branches from CSV or GeoJSON",
    responses=problem_responses(409, 413, 415, 422, 503),
    openapi_extra=_BODY,
)
async def import_file(
    request: Request,
    db: Db,
    caller: CatalogKeeper,
    format: Annotated[Format | None, Query(description="Else by the content type")] = None,  # noqa: A002
    time_zone: Annotated[
        TimeZone | None,
        Query(description="For new branches whose row names none", examples=["America/New_York"]),
    ] = None,
    country: Annotated[Country | None, Query(description="For new branches likewise")] = None,
    geofence_m: Annotated[Geofence | None, Query(description="For new branches likewise")] = None,
    close_missing: Annotated[
        bool,
        Query(description="The file names all open stores: reopen those in it, close all others"),
    ] = False,
) -> ImportReport:
    """Adds new stores and updates known ones, by the chain's own store id; the same file again
    changes nothing. Columns (or properties): store_id, address, city; also name, region, country,
    postal_code, latitude, longitude, ownership, franchisee_id, franchisee_name, time_zone,
    geofence_m, opening_hours, closed, under many common names, and `attribute:<name>` (GeoJSON: an
    object `attributes`). A blank cell says nothing. A bad row is rejected with its reason and the
    rest goes on; a file that can't be read to its end changes nothing."""
    reader = _READERS[format or _format_by_type(request)]
    named = {"time_zone": time_zone, "country": country, "geofence_m": geofence_m}
    defaults = {name: value for name, value in named.items() if value is not None}
    options = Options(defaults=defaults, close_missing=close_missing)
    most_bytes = request.app.state.settings.catalog.import_max_bytes
    async with received(request.stream(), most_bytes=most_bytes) as file:
        try:
            report = await import_branches(db, caller.chain, file, reader, options)
        except BrokenFile as error:
            raise Invalid(
                f"The file can't be read, nothing was changed: {error.cause}",
                errors=[field_error(error.field, error.cause)],
                rows_applied=0,
            ) from None
    return ImportReport.model_validate(asdict(report))


def _format_by_type(request: Request) -> Format:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    found = _BY_TYPE.get(media)
    if found is None:
        raise UnsupportedMedia(
            "Send Content-Type text/csv or application/geo+json, or say ?format=csv or geojson",
            headers={"Accept": ", ".join(_BY_TYPE)},
        )
    return found
