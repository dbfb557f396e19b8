"""API keys over HTTP. The key itself is in one answer only, the one that makes it."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from incognita_assignment.schemas.texts import FILLED, PLAIN, Name
from incognita_shared.auth import Role
from incognita_shared.values import Id, Moment, Value

KeyRole = Literal[
    Role.AGENCY,
    Role.REVIEWER,
    Role.CHAIN_MANAGER,
    Role.FRANCHISE_MANAGER,
    Role.BRANCH_MANAGER,
    Role.SHOPPER,
]
_NEEDS = {
    Role.SHOPPER: "shopper_id",
    Role.FRANCHISE_MANAGER: "franchisee_id",
    Role.BRANCH_MANAGER: "branch_ids",
}


class NewKey(Value):
    """A key for one role. Some roles are bound to more than the chain, and must say to what."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"role": "agency", "name": "Planning desk"}]}
    )

    role: KeyRole
    name: Name
    shopper_id: Id | None = None
    franchisee_id: Annotated[str, Field(min_length=1, max_length=100), PLAIN, FILLED] | None = None
    branch_ids: Annotated[tuple[Id, ...], Field(max_length=1_000)] = ()

    @model_validator(mode="after")
    def _bound_to_what_the_role_needs(self) -> Self:
        needed = _NEEDS.get(self.role)
        for field in _NEEDS.values():
            given = bool(getattr(self, field))
            if given != (field == needed):
                what = "needs" if field == needed else "can't have"
                raise ValueError(f"a key of the role {self.role} {what} {field}")
        return self


class KeyView(Value):
    """A key's rights, without the key."""

    key_id: Id
    role: Role
    name: str
    shopper_id: Id | None
    franchisee_id: str | None
    branch_ids: tuple[str, ...]
    revoked: bool
    created_at: Moment
    revoked_at: Moment | None


class MadeKey(KeyView):
    """A new key. ``key`` is shown here and never again: only its hash is kept."""

    key: str
