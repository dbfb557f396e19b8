"""API keys: who calls, for which chain, in which role.

A key is ``inc_<key id>_<secret>``; only the SHA-256 of its 256-bit secret is stored. A key found
good is trusted for at most two seconds, so a revocation acts within two seconds of its event; under
load one query a second asks about all the keys in use, so that most requests read none, and keys
that are asked for at the same moment are read together.
"""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from incognita_shared.gathering import Gathered
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Forbidden, Unauthorized

if TYPE_CHECKING:
    from incognita_shared.events.assignment import ApiKeyChanged
    from incognita_shared.kafka.incoming import Received
    from incognita_shared.mongo.work import Work

API_KEYS = "api_keys"
OPERATOR_KEY_ID = "operator"
REMEMBERED_S = 2.0
_ASKED_ABOUT_AFTER_S = 1.0
_MOST_REMEMBERED = 10_000
_MOST_ASKED_ABOUT = 2_000
_LONGEST_KEY = 200
_READ_MAX_MS = 5_000


class Role(StrEnum):
    """What a key may do."""

    OPERATOR = "operator"
    AGENCY = "agency"
    REVIEWER = "reviewer"
    CHAIN_MANAGER = "chain_manager"
    FRANCHISE_MANAGER = "franchise_manager"
    BRANCH_MANAGER = "branch_manager"
    SHOPPER = "shopper"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller. ``chain_id`` is None for the operator alone."""

    key_id: str
    role: Role
    chain_id: str | None = None
    shopper_id: str | None = None
    franchisee_id: str | None = None
    branch_ids: tuple[str, ...] = ()

    @property
    def chain(self) -> str:
        """The chain that the key is bound to; raises ``Forbidden`` for a key bound to none."""
        if self.chain_id is None:
            raise Forbidden("This key is bound to no chain")
        return self.chain_id


def secret_sha256(secret: str) -> str:
    """What is stored of a secret: its SHA-256 in hexadecimal."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_api_key() -> tuple[str, str, str]:
    """A new key: its id, its secret, and the text that the client keeps; stored is only a hash."""
    key_id = secrets.token_hex(8)
    secret = secrets.token_urlsafe(32)
    return key_id, secret, f"inc_{key_id}_{secret}"


async def on_api_key_changed(received: "Received[ApiKeyChanged]", work: "Work") -> None:
    """Keep the newest state of the key; an older one that comes late changes nothing."""
    event = received.event
    state = event.model_dump(exclude={"key_id"}) | {"branch_ids": list(event.branch_ids)}
    work.keep_newest(API_KEYS, event.key_id, state)


@dataclass(slots=True)
class _Known:
    """A key that was good at ``at`` (monotonic seconds)."""

    at: float
    version: int | None
    secret_sha256: str
    principal: Principal


class ApiKeys:
    """Looks keys up in ``api_keys`` and trusts good ones for ``REMEMBERED_S`` seconds."""

    def __init__(self, db: Database, operator_key_sha256: str | None = None) -> None:
        self._collection = db[API_KEYS]
        self._operator_key_sha256 = operator_key_sha256
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asked_at = 0.0
        self._lookup: Gathered[str, _Known | None] = Gathered(self._look_up)

    async def principal_of(self, token: str) -> Principal:
        """Who holds ``token``; raises ``Unauthorized``, with the same words whatever is wrong."""
        key_id, secret = _parts(token)
        stored_hash, principal = await self._find(key_id)
        if not hmac.compare_digest(secret_sha256(secret), stored_hash):
            raise _not_accepted()
        return principal

    async def _find(self, key_id: str) -> tuple[str, Principal]:
        if key_id == OPERATOR_KEY_ID:
            if self._operator_key_sha256 is None:
                raise _not_accepted()
            return self._operator_key_sha256, Principal(key_id, Role.OPERATOR)
        if time.monotonic() - self._asked_at > _ASKED_ABOUT_AFTER_S:
            await self._ask_again()
        known = self._known.get(key_id)
        if known is None or time.monotonic() - known.at > REMEMBERED_S:
            known = await self._read(key_id)
        self._known.move_to_end(key_id)
        return known.secret_sha256, known.principal

    async def _ask_again(self) -> None:
        """One query about the keys used last: those still as they were are good from now on."""
        asked_at = self._asked_at = time.monotonic()
        recent = list(islice(reversed(self._known), _MOST_ASKED_ABOUT))
        if not recent:
            return
        where = {"_id": {"$in": recent}, "revoked": False}
        still = self._collection.find(where, {"version": 1}, max_time_ms=_READ_MAX_MS)
        good = {document["_id"]: document.get("version") async for document in still}
        for key_id in recent:
            known = self._known.get(key_id)
            if known is None:
                continue
            if key_id in good and good[key_id] == known.version:
                known.at = max(known.at, asked_at)
            elif known.at < asked_at:
                del self._known[key_id]

    async def _read(self, key_id: str) -> _Known:
        known = await self._lookup.ask(key_id)
        if known is None:
            self._known.pop(key_id, None)
            raise _not_accepted()
        self._known[key_id] = known
        while len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        return known

    async def _look_up(self, key_ids: Sequence[str]) -> list[_Known | Exception | None]:
        """All keys that requests of this moment name, by one query."""
        asked_at = time.monotonic()
        where = {"_id": {"$in": list(set(key_ids))}, "revoked": False}
        found = self._collection.find(where, max_time_ms=_READ_MAX_MS)
        documents = {document["_id"]: document async for document in found}
        return [
            _known(documents[key_id], asked_at) if key_id in documents else None
            for key_id in key_ids
        ]


def _known(document: dict[str, Any], asked_at: float) -> _Known | Exception:
    try:
        principal = _principal(document)
    except (Unauthorized, ValueError, KeyError) as error:  # of this key, no matter to the others
        return error
    return _Known(asked_at, document.get("version"), document["secret_sha256"], principal)


def _principal(document: dict[str, Any]) -> Principal:
    role = Role(document["role"])
    if role is Role.OPERATOR:  # only the environment makes an operator
        raise _not_accepted()
    return Principal(
        key_id=document["_id"],
        role=role,
        chain_id=document["chain_id"],
        shopper_id=document.get("shopper_id"),
        franchisee_id=document.get("franchisee_id"),
        branch_ids=tuple(document.get("branch_ids") or ()),
    )


def _parts(token: str) -> tuple[str, str]:
    prefix, _, rest = token.partition("_")
    key_id, _, secret = rest.partition("_")
    if prefix != "inc" or not key_id.isalnum() or not key_id.isascii() or not secret:
        raise _not_accepted()
    if len(token) > _LONGEST_KEY:
        raise _not_accepted()
    return key_id, secret


def _not_accepted() -> Unauthorized:
    return Unauthorized("The API key is unknown, wrong or revoked")


_bearer = HTTPBearer(
    scheme_name="ApiKey",
    bearerFormat="inc_<key id>_<secret>",
    description="An API key of Incognita, bound to one chain and one role",
    auto_error=False,
)


def allow(*roles: Role) -> Callable[..., Awaitable[Principal]]:
    """A dependency that lets these roles in: 401 without a good key, 403 for another role."""

    async def principal(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Principal:
        if credentials is None:
            raise Unauthorized("Give an API key: `Authorization: Bearer inc_…`")
        keys: ApiKeys = request.app.state.api_keys
        caller = await keys.principal_of(credentials.credentials)
        if caller.role not in roles:
            raise Forbidden(f"The role {caller.role} may not do this")
        return caller

    return principal
