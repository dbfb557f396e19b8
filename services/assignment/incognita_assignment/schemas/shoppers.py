"""Shoppers over HTTP: personal data, for the agency alone."""

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from incognita_assignment.schemas.texts import FILLED, PLAIN, Language, Name, left_out
from incognita_shared.values import Id, Moment, Position, Value

Email = Annotated[
    str,
    Field(max_length=254, pattern=r"^[^@\s<>\"(),;:\\]{1,64}@[^@\s<>\"(),;:\\]+\.[^@\s.]{2,}$"),
    PLAIN,
]
Phone = Annotated[str, Field(pattern=r"^\+?[0-9][0-9 ()./-]{3,30}$", max_length=32)]


def _folded(text: str) -> str:
    return text.casefold()


Skill = Annotated[str, Field(min_length=1, max_length=60), PLAIN, FILLED, AfterValidator(_folded)]
Skills = Annotated[tuple[Skill, ...], Field(max_length=50)]
SpokenLanguages = Annotated[tuple[Language, ...], Field(min_length=1, max_length=30)]
Capacity = Annotated[int, Field(ge=0, le=1_000)]
"""Visits that the shopper holds at one time, whatever their wave: offered, accepted, returned."""

_EXAMPLE: dict[str, Any] = {
    "name": "Ada Example",
    "email": "ada@example.org",
    "languages": ["en"],
    "skills": ["delivery"],
    "home": {"latitude": 42.33, "longitude": -83.05},
    "capacity": 10,
}


class NewShopper(Value):
    """A shopper as an ordinary customer."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Name
    email: Email
    phone: Phone | None = None
    languages: SpokenLanguages = ("en",)
    skills: Skills = ()
    home: Position | None = None
    capacity: Capacity = 10
    active: bool = True


class ShopperPatch(Value):
    """What is to change; a field that is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"active": False}]})

    name: Name = left_out()
    email: Email = left_out()
    phone: Phone | None = left_out()
    languages: SpokenLanguages = left_out()
    skills: Skills = left_out()
    home: Position | None = left_out()
    capacity: Capacity = left_out()
    active: bool = left_out()

    def fields(self) -> dict[str, Any]:
        """Only what was given, as it is stored."""
        return self.model_dump(mode="json", include=self.model_fields_set)


class ShopperView(Value):
    """A shopper, for the agency."""

    shopper_id: Id
    name: str
    email: str
    phone: str | None
    languages: tuple[str, ...]
    skills: tuple[str, ...]
    home: Position | None
    capacity: int
    active: bool
    created_at: Moment
    updated_at: Moment


class ShopperBatch(Value):
    """Up to 1,000 shoppers at once: all of them or none."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"shoppers": [_EXAMPLE], "with_keys": True}]}
    )

    shoppers: Annotated[tuple[NewShopper, ...], Field(min_length=1, max_length=1_000)]
    with_keys: Annotated[
        bool, Field(description="Also make an API key of the role shopper for each")
    ] = False


class MadeShopper(Value):
    """One of a batch; ``key`` is shown here and never again."""

    shopper_id: Id
    key_id: Id | None = None
    key: str | None = None


class MadeShoppers(Value):
    """A batch, in the order of the request."""

    items: list[MadeShopper]
