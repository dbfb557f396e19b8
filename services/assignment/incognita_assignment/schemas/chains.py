"""Chains over HTTP."""

from typing import Annotated

from pydantic import ConfigDict, Field

from incognita_assignment.schemas.texts import Language, Name, left_out
from incognita_shared.values import Id, Moment, Value

Languages = Annotated[tuple[Language, ...], Field(min_length=1, max_length=30)]
"""What the chain's people read, the preferred language first."""


class NewChain(Value):
    """A chain: the tenant."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "Corner Pizza", "languages": ["en", "fr"]}]}
    )

    name: Name
    languages: Languages = ("en",)


class ChainPatch(Value):
    """What is to change; a field that is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"languages": ["en", "tr"]}]})

    name: Name = left_out()
    languages: Languages = left_out()


class ChainView(Value):
    """A chain as it is now."""

    chain_id: Id
    name: str
    languages: tuple[str, ...]
    version: int
    created_at: Moment
