"""Branches over HTTP, and the filter that waves choose branches by."""

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from incognita_assignment.attributes import AttributesPatch, OwnAttributes
from incognita_assignment.opening_hours import OpeningHours
from incognita_assignment.schemas.texts import FILLED, PLAIN, Name, left_out
from incognita_assignment.time_zones import is_time_zone
from incognita_shared.values import Attributes, Id, Moment, Ownership, Position, Text, Value

Address = Annotated[str, Field(min_length=1, max_length=500), PLAIN, FILLED]
Place = Annotated[str, Field(max_length=200), PLAIN]
PostalCode = Annotated[str, Field(max_length=20), PLAIN]
FranchiseeId = Annotated[str, Field(min_length=1, max_length=100), PLAIN, FILLED]
StoreId = Annotated[str, Field(min_length=1, max_length=100), PLAIN, FILLED]
"""The chain's own number of a store, unique within the chain."""
Country = Annotated[str, Field(pattern=r"^([A-Z]{2})?$", max_length=2)]
"""ISO 3166-1 alpha-2, or nothing."""
Geofence = Annotated[int, Field(ge=10, le=100_000)]
"""Metres around the position within which evidence counts as taken at the branch."""


def _time_zone(name: str) -> str:
    if not is_time_zone(name):
        raise ValueError("is not an IANA time zone like America/New_York")
    return name


TimeZone = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_time_zone)]

_EXAMPLE: dict[str, Any] = {
    "store_id": "80110001",
    "name": "Cherry Hill",
    "address": "31451 Cherry Hill Rd",
    "city": "Westland",
    "region": "MI",
    "country": "US",
    "postal_code": "48186",
    "ownership": "company",
    "time_zone": "America/Detroit",
    "position": {"latitude": 42.308545, "longitude": -83.351899},
    "geofence_m": 150,
    "opening_hours": {"mon": [["10:00", "22:00"]], "sat": [["10:00", "02:00"]]},
    "attributes": {"drive_through": True, "seats": 40, "format": "express"},
}


class NewBranch(Value):
    """One branch, added by hand."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    store_id: StoreId
    name: Place = ""
    address: Address
    city: Name
    region: Place = ""
    country: Country = ""
    postal_code: PostalCode = ""
    ownership: Ownership = Ownership.UNKNOWN
    franchisee_id: FranchiseeId | None = None
    franchisee_name: Place = ""
    time_zone: TimeZone
    position: Position | None = None
    geofence_m: Geofence = 150
    opening_hours: OpeningHours = Field(default_factory=dict)
    attributes: OwnAttributes = Field(default_factory=dict)


class BranchPatch(Value):
    """What is to change; a field or an attribute that is left out stays as it is.

    An attribute that is null is taken away.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Cherry Hill", "geofence_m": 200},
                {"attributes": {"drive_through": False, "seats": None}},
            ]
        }
    )

    name: Place = left_out()
    address: Address = left_out()
    city: Name = left_out()
    region: Place = left_out()
    country: Country = left_out()
    postal_code: PostalCode = left_out()
    ownership: Ownership = left_out()
    franchisee_id: FranchiseeId | None = left_out()
    franchisee_name: Place = left_out()
    time_zone: TimeZone = left_out()
    position: Position | None = left_out()
    geofence_m: Geofence = left_out()
    opening_hours: OpeningHours = left_out()
    attributes: AttributesPatch = left_out()

    def fields(self) -> dict[str, Any]:
        """Only what was given, as it is stored."""
        return self.model_dump(include=self.model_fields_set)


class BranchView(Value):
    """A branch as it is now. ``version`` grows with each change."""

    branch_id: Id
    store_id: str
    name: str
    address: str
    city: str
    region: str
    country: str
    postal_code: str
    ownership: Ownership
    franchisee_id: str | None
    franchisee_name: str
    time_zone: str
    position: Position | None
    geofence_m: int
    opening_hours: dict[str, list[list[str]]]
    attributes: Attributes = Field(default_factory=dict)
    closed: bool
    version: int
    created_at: Moment
    updated_at: Moment


class BranchFilter(Value):
    """Which branches; an empty list allows all. Lists are joined by *and*."""

    branch_ids: Annotated[tuple[Id, ...], Field(max_length=10_000)] = ()
    store_ids: Annotated[tuple[Text, ...], Field(max_length=10_000)] = ()
    cities: Annotated[tuple[Text, ...], Field(max_length=1_000)] = ()
    regions: Annotated[tuple[Text, ...], Field(max_length=1_000)] = ()
    franchisee_ids: Annotated[tuple[Text, ...], Field(max_length=1_000)] = ()
    ownership: Annotated[tuple[Ownership, ...], Field(max_length=4)] = ()


class ImportProblem(Value):
    """``row`` counts data rows from 1, ``line`` lines of the file; null concerns the whole file."""

    row: int | None
    line: int | None
    field: str
    cause: str
    severity: Annotated[str, Field(pattern="^(error|warning)$")]
    value: str


class ImportReport(Value):
    """What an import did. Counts are complete; of the problems the first 1,000 are shown.

    ``rows`` = created + updated + unchanged + rejected. ``closed`` and ``reopened`` count branches:
    by their row's column ``closed``, or because ``close_missing`` found none for them.
    """

    rows: int
    created: int
    updated: int
    unchanged: int
    closed: int
    reopened: int
    rejected: int
    warnings: int
    problems: list[ImportProblem]
