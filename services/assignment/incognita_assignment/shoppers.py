"""Shoppers. What is personal stays here: no event, log line or trace tells more than an id."""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from incognita_assignment.errors import no_such
from incognita_assignment.idempotency import Identity, check_same_request, identity_of
from incognita_assignment.keys import key_changed, new_key
from incognita_assignment.repository import shoppers as repository
from incognita_assignment.repository.keys import insert_keys
from incognita_assignment.repository.shoppers import Document
from incognita_assignment.schemas.keys import NewKey
from incognita_assignment.schemas.shoppers import MadeShopper, NewShopper, ShopperBatch
from incognita_shared.auth import Role
from incognita_shared.clock import now
from incognita_shared.ids import derived_id
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Conflict, field_error


async def create_shopper(
    db: Database, chain_id: str, body: NewShopper, *, idempotency_key: str | None
) -> Document:
    """A new shopper, or the one that the same request made before."""
    identity = identity_of(chain_id, "shopper", idempotency_key, body)
    document = _document(chain_id, identity.id, body, identity)
    try:
        await repository.insert_shoppers(db, chain_id, [document])
    except (BulkWriteError, DuplicateKeyError):
        stored = await repository.find_shopper(db, chain_id, identity.id)
        if stored is None:
            raise _taken(["email"]) from None
        check_same_request(stored, identity)
        return stored
    return document


async def create_batch(
    db: Database, chain_id: str, body: ShopperBatch, *, idempotency_key: str | None
) -> list[MadeShopper]:
    """All shoppers, and their keys if wanted, in one transaction.

    Raises ``Conflict`` naming each e-mail that is taken, and for a request that was done before:
    its keys can't be shown again.
    """
    identity = identity_of(chain_id, "shoppers", idempotency_key, body)
    documents = [
        _document(chain_id, derived_id(identity.id, str(number)), shopper, identity)
        for number, shopper in enumerate(body.shoppers)
    ]
    earlier = await repository.find_shopper(db, chain_id, documents[0]["_id"])
    if earlier is not None:
        check_same_request(earlier, identity)
        return _repeated(documents, with_keys=body.with_keys)
    await _check_emails(db, chain_id, documents)
    keys = [_key_of(chain_id, document) for document in documents] if body.with_keys else []

    async def insert(session: AsyncClientSession) -> None:
        await repository.insert_shoppers(db, chain_id, documents, session=session)
        if keys:
            made = [(document, key_changed(document)) for document, _ in keys]
            await insert_keys(db, chain_id, made, session=session)

    try:
        async with db.client.start_session() as session:
            await session.with_transaction(insert)
    except (BulkWriteError, DuplicateKeyError):
        raise Conflict("Another request made some of them at the same moment") from None
    if not keys:
        return [MadeShopper(shopper_id=document["_id"]) for document in documents]
    return [
        MadeShopper(shopper_id=key["shopper_id"], key_id=key["_id"], key=text) for key, text in keys
    ]


async def get_shopper(db: Database, chain_id: str, shopper_id: str) -> Document:
    """The shopper; raises ``NotFound``."""
    document = await repository.find_shopper(db, chain_id, shopper_id)
    if document is None:
        raise no_such("shopper", shopper_id)
    return document


async def change_shopper(
    db: Database, chain_id: str, shopper_id: str, fields: Mapping[str, Any]
) -> Document:
    """Set ``fields``. Raises ``NotFound``, or ``Conflict`` for an e-mail that is taken."""
    change = dict(fields)
    if "email" in change:
        change["email_key"] = change["email"].casefold()
    try:
        document = await repository.update_shopper(
            db, chain_id, shopper_id, {**change, "updated_at": now()}
        )
    except DuplicateKeyError:
        raise _taken(["email"]) from None
    if document is None:
        raise no_such("shopper", shopper_id)
    return document


def _document(chain_id: str, shopper_id: str, body: NewShopper, identity: Identity) -> Document:
    moment = now()
    return {
        "_id": shopper_id,
        "chain_id": chain_id,
        **body.model_dump(mode="json"),
        "email_key": body.email.casefold(),
        "created_at": moment,
        "updated_at": moment,
        "body_sha256": identity.body_sha256,
    }


def _key_of(chain_id: str, shopper: Mapping[str, Any]) -> tuple[Document, str]:
    name = f"Shopper {shopper['_id'][:8]}"  # never the person's name: keys are listed elsewhere
    return new_key(chain_id, NewKey(role=Role.SHOPPER, name=name, shopper_id=shopper["_id"]))


async def _check_emails(db: Database, chain_id: str, documents: Sequence[Document]) -> None:
    keys = [document["email_key"] for document in documents]
    taken = await repository.find_by_emails(db, chain_id, keys)
    places = [
        f"shoppers[{number}].email"
        for number, key in enumerate(keys)
        if key in taken or keys.index(key) != number
    ]
    if places:
        raise _taken(places)


def _taken(fields: Sequence[str]) -> Conflict:
    """Names the fields, not the e-mails."""
    errors = [field_error(field, "another shopper has this e-mail") for field in fields]
    return Conflict("An e-mail belongs to one shopper", errors=errors)


def _repeated(documents: Sequence[Document], *, with_keys: bool) -> list[MadeShopper]:
    if with_keys:
        raise Conflict(
            "This batch was made before and its keys were shown then; make new ones with "
            "POST /v1/keys",
            shopper_ids=[document["_id"] for document in documents],
        )
    return [MadeShopper(shopper_id=document["_id"]) for document in documents]
