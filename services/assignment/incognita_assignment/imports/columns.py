"""Which column of a file means what."""

import re
import unicodedata
from collections.abc import Sequence

from incognita_assignment.attributes import MOST, name_fault
from incognita_assignment.imports.rows import BrokenFile

_NAMES = {
    "store_id": "store_id storeid store_no store_number store_num store_code store ref id number "
    "branch_id branch_no branch_number branch_code outlet_id outlet_no site_id location_id",
    "name": "name store_name branch_name outlet_name title",
    "address": "address street street_address address_1 address1 addr address_line_1 addr_full "
    "addr_street_address full_address",
    "city": "city town locality municipality addr_city",
    "region": "region state province county state_code region_code addr_state addr_province",
    "country": "country country_code addr_country",
    "postal_code": "postal_code postcode zip zip_code zipcode plz cp addr_postcode",
    "latitude": "latitude lat y geo_lat",
    "longitude": "longitude lon lng long x geo_lon geo_lng",
    "ownership": "ownership owner_type owned_by_type ownership_type",
    "franchisee_id": "franchisee_id franchisee owner_id franchise_id franchisee_code",
    "franchisee_name": "franchisee_name owner owner_name franchise_name",
    "time_zone": "time_zone timezone tz tz_name tzid",
    "geofence_m": "geofence_m geofence geofence_radius geofence_radius_m radius_m",
    "opening_hours": "opening_hours hours business_hours",
    "closed": "closed is_closed permanently_closed",
}
COLUMN_OF = {alias: column for column, aliases in _NAMES.items() for alias in aliases.split()}
PREFERENCE = {alias: rank for rank, alias in enumerate(COLUMN_OF)}
"""Of two names for the same column, as properties of one feature, the lower one wins."""
ATTRIBUTE = "attribute:"
"""Before the name of an attribute, in what ``read_header`` returns and in problems."""
_ATTRIBUTE = re.compile(r"\s*(?:attributes?\s*[:.]|attr_)\s*(.*?)\s*", re.IGNORECASE | re.DOTALL)
REQUIRED = ("store_id", "address", "city")


def normalise(header: str) -> str:
    """``" Store-ID "`` → ``store_id``; ``addr:city`` → ``addr_city``."""
    plain = unicodedata.normalize("NFKC", header).strip().casefold()
    return re.sub(r"[^0-9a-z]+", "_", plain).strip("_")


def attribute_named(header: str) -> str | None:
    """``attribute:seats``, ``attr_seats`` → ``seats``, unchecked; None for any other column."""
    found = _ATTRIBUTE.fullmatch(header)
    return found[1] if found else None


def _column_of(header: str) -> str | None:
    name = attribute_named(header)
    if name is None:
        return COLUMN_OF.get(normalise(header))
    fault = name_fault(name)
    if fault:
        raise BrokenFile(fault, field=header.strip()[:80])
    return ATTRIBUTE + name


def read_header(header: Sequence[str], *, delimiter: str) -> list[str | None]:
    """The column that each cell stands for, None for one that we don't know.

    An attribute's column is ``attribute:`` and its name. Raises ``BrokenFile`` for a column that is
    missing or there twice, and for what can't be an attribute's name.
    """
    columns = [_column_of(cell) for cell in header]
    given = [column for column in columns if column and column.startswith(ATTRIBUTE)]
    if len(set(given)) > MOST:
        raise BrokenFile(
            f"{len(set(given))} attributes; a branch has at most {MOST}", field="attribute"
        )
    for column in (*_NAMES, *sorted(set(given))):
        named = [
            cell.strip()[:80] for cell, each in zip(header, columns, strict=True) if each == column
        ]
        if len(named) > 1:
            raise BrokenFile(
                f"the columns {', '.join(map(repr, named))} all mean {column}; keep one",
                field=column,
            )
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        found = ", ".join(repr(cell.strip()[:40]) for cell in header[:40]) or "none"
        marks = {",": "commas", ";": "semicolons", "\t": "tabs"}
        raise BrokenFile(
            f"the header lacks {' and '.join(missing)}; "
            f"columns found, cut at {marks.get(delimiter, delimiter)}: {found}",
            field=missing[0],
        )
    return columns
