"""The collection ``shoppers``: the only place with personal data of shoppers."""

from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase

from incognita_shared.values import Position

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shopper:
    """What the matching of visits needs of a shopper; no name, no address."""

    shopper_id: str
    home: Position | None
    skills: frozenset[str]
    languages: frozenset[str]
    capacity: int
    active: bool


async def list_shoppers(db: AsyncDatabase[Document], chain_id: str) -> list[Shopper]:
    """Every shopper of the chain, the inactive too, by id."""
    raise NotImplementedError
