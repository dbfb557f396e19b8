"""Chains: the tenants, made and changed by the operator."""

from collections.abc import Mapping
from typing import Any

from incognita_assignment.errors import no_such
from incognita_assignment.idempotency import check_same_request, identity_of
from incognita_assignment.repository import chains as repository
from incognita_assignment.repository.chains import Document
from incognita_assignment.schemas.chains import NewChain
from incognita_shared.clock import now
from incognita_shared.events.assignment import ChainChanged
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Conflict

_ATTEMPTS = 5


async def create_chain(db: Database, body: NewChain, *, idempotency_key: str | None) -> Document:
    """A new chain, or the one that the same request made before."""
    identity = identity_of("operator", "chain", idempotency_key, body)
    document = {
        "_id": identity.id,
        "chain_id": identity.id,
        "name": body.name,
        "languages": list(body.languages),
        "version": 1,
        "created_at": now(),
        "body_sha256": identity.body_sha256,
    }
    stored = await repository.insert_chain(db, document, chain_changed(document))
    check_same_request(stored, identity)
    return stored


async def get_chain(db: Database, chain_id: str) -> Document:
    """The chain; raises ``NotFound``."""
    document = await repository.find_chain(db, chain_id)
    if document is None:
        raise no_such("chain", chain_id)
    return document


async def change_chain(db: Database, chain_id: str, fields: Mapping[str, Any]) -> Document:
    """Set ``fields``; nothing is written or told if they are so already."""
    for _ in range(_ATTEMPTS):
        document = await get_chain(db, chain_id)
        changed = {name: value for name, value in fields.items() if document[name] != value}
        if not changed:
            return document
        version = document["version"]
        changed["version"] = version + 1
        event = chain_changed({**document, **changed})
        after = await repository.revise_chain(db, chain_id, version, changed, event)
        if after is not None:
            return after
    raise Conflict("The chain is being changed by others; try again")


def chain_changed(document: Mapping[str, Any]) -> ChainChanged:
    """The event that carries the chain's whole state."""
    return ChainChanged(
        chain_id=document["_id"],
        name=document["name"],
        languages=tuple(document["languages"]),
        version=document["version"],
    )
