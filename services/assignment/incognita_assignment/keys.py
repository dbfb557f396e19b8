"""API keys: made once, shown once, revocable. Every service learns of them by event."""

from collections.abc import Collection, Mapping
from typing import Any

from incognita_assignment.errors import invalid, no_such
from incognita_assignment.repository import keys as repository
from incognita_assignment.repository.branches import find_branches
from incognita_assignment.repository.keys import Document
from incognita_assignment.repository.shoppers import find_shopper
from incognita_assignment.schemas.keys import NewKey
from incognita_shared.auth import Role, new_api_key, secret_sha256
from incognita_shared.clock import now
from incognita_shared.events.assignment import ApiKeyChanged
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Conflict

CHAIN_SIDE = frozenset({Role.CHAIN_MANAGER, Role.FRANCHISE_MANAGER, Role.BRANCH_MANAGER})
"""Roles whose keys a chain manager may see: the others would tell who works as a shopper."""
EVERY_ROLE = frozenset(Role) - {Role.OPERATOR}


async def make_key(db: Database, chain_id: str, body: NewKey) -> tuple[Document, str]:
    """A new key's document, and the key. Raises ``Invalid`` for a foreign shopper or branch."""
    if body.shopper_id and not await find_shopper(db, chain_id, body.shopper_id):
        raise invalid("shopper_id", "the chain has no such shopper")
    if body.branch_ids:
        known = await find_branches(db, chain_id, body.branch_ids)
        foreign = [each for each in body.branch_ids if each not in known]
        if foreign:
            raise invalid("branch_ids", f"the chain has no branch {foreign[0]}")
    document, key = new_key(chain_id, body)
    await repository.insert_keys(db, chain_id, [(document, key_changed(document))])
    return document, key


def new_key(chain_id: str, body: NewKey) -> tuple[Document, str]:
    """The document, in the shape of the other services' copies plus name and times; and the key."""
    key_id, secret, key = new_api_key()
    document = {
        "_id": key_id,
        "chain_id": chain_id,
        "secret_sha256": secret_sha256(secret),
        "role": str(body.role),
        "shopper_id": body.shopper_id,
        "franchisee_id": body.franchisee_id,
        "branch_ids": list(body.branch_ids),
        "revoked": False,
        "version": 1,
        "name": body.name,
        "created_at": now(),
        "revoked_at": None,
    }
    return document, key


async def revoke_key(db: Database, chain_id: str, key_id: str, *, roles: Collection[Role]) -> None:
    """Revoke a key of ``roles``; a second time changes nothing. Raises ``NotFound``."""
    document = await repository.find_key(db, chain_id, key_id, roles)
    if document is None:
        raise no_such("key", key_id)
    if document["revoked"]:
        return
    version = document["version"]
    fields = {"revoked": True, "revoked_at": now(), "version": version + 1}
    event = key_changed({**document, **fields})
    if not await repository.revise_key(db, chain_id, version, fields, event):
        raise Conflict("The key was changed at the same moment; try again")


def key_changed(document: Mapping[str, Any]) -> ApiKeyChanged:
    """The event that carries the key's hash and rights."""
    fields = ApiKeyChanged.model_fields.keys() - {"key_id"}
    state = {name: document[name] for name in fields}
    return ApiKeyChanged(key_id=document["_id"], **state)
