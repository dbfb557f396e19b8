"""Programmes: standing orders that waves belong to."""

from incognita_assignment.errors import no_such
from incognita_assignment.idempotency import check_same_request, identity_of
from incognita_assignment.repository import programmes as repository
from incognita_assignment.repository.programmes import Document
from incognita_assignment.schemas.programmes import NewProgramme
from incognita_shared.clock import now
from incognita_shared.mongo.client import Database


async def create_programme(
    db: Database, chain_id: str, body: NewProgramme, *, idempotency_key: str | None
) -> Document:
    """A new programme, or the one that the same request made before."""
    identity = identity_of(chain_id, "programme", idempotency_key, body)
    document = {
        "_id": identity.id,
        "chain_id": chain_id,
        "name": body.name,
        "purpose": body.purpose,
        "created_at": now(),
        "body_sha256": identity.body_sha256,
    }
    stored = await repository.insert_programme(db, chain_id, document)
    check_same_request(stored, identity)
    return stored


async def get_programme(db: Database, chain_id: str, programme_id: str) -> Document:
    """The programme; raises ``NotFound``."""
    document = await repository.find_programme(db, chain_id, programme_id)
    if document is None:
        raise no_such("programme", programme_id)
    return document
