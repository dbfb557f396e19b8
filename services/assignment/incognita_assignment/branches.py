"""Branches: adding, changing, closing. Each change grows ``version`` and is told to all."""

from collections.abc import Mapping
from typing import Any

from incognita_assignment import attributes
from incognita_assignment.errors import invalid, no_such
from incognita_assignment.repository import branches as repository
from incognita_assignment.repository.branches import Document, Revision
from incognita_shared.clock import now
from incognita_shared.events.assignment import BranchChanged
from incognita_shared.ids import derived_id
from incognita_shared.mongo.client import Database
from incognita_shared.problems import Conflict
from incognita_shared.values import Ownership

DEFAULTS: Mapping[str, Any] = {
    "name": "", "address": "", "city": "", "region": "", "country": "", "postal_code": "",
    "ownership": Ownership.UNKNOWN, "franchisee_id": None, "franchisee_name": "",
    "position": None, "geofence_m": 150, "opening_hours": {}, "attributes": {}, "closed": False,
}  # fmt: skip
"""Every field that a change may touch, and what a new branch has where nobody says otherwise."""

_ATTEMPTS = 5


def branch_id_of(chain_id: str, store_id: str) -> str:
    """The branch's id follows from the chain's own store id."""
    return derived_id(chain_id, store_id)


def new_branch(chain_id: str, store_id: str, fields: Mapping[str, Any]) -> Document:
    """The document of a new branch, with the event that tells of it."""
    moment = now()
    document = {
        "_id": branch_id_of(chain_id, store_id),
        "chain_id": chain_id,
        "store_id": store_id,
        **_stored({**DEFAULTS, **fields}, {}),
        "version": 1,
        "created_at": moment,
        "updated_at": moment,
    }
    return repository.with_event(document, branch_changed(document))


def revision_of(document: Document, fields: Mapping[str, Any]) -> Revision | None:
    """The write that makes ``fields`` true of the branch; None if they are already.

    Attributes are added to those that are there. Raises ``Invalid`` where they become too many.
    """
    wanted = _stored(fields, document)
    changed = {name: value for name, value in wanted.items() if _differs(document, name, value)}
    if not changed:
        return None
    changed |= {"version": document["version"] + 1, "updated_at": now()}
    event = branch_changed({**document, **changed})
    return Revision(document["_id"], document["version"], changed, event)


def _differs(document: Mapping[str, Any], name: str, value: Any) -> bool:
    if name == "attributes":
        return not attributes.same(document.get(name, {}), value)
    return bool(document.get(name) != value)


def _stored(fields: Mapping[str, Any], document: Mapping[str, Any]) -> Document:
    """Values as MongoDB gives them back, so that a comparison finds real differences only."""
    stored = dict(fields)
    if "ownership" in stored:
        stored["ownership"] = str(stored["ownership"])
    if "opening_hours" in stored:
        hours = stored["opening_hours"]
        stored["opening_hours"] = {day: [list(span) for span in hours[day]] for day in hours}
    if "attributes" in stored:
        told = attributes.merged(document.get("attributes", {}), stored["attributes"])
        if len(told) > attributes.MOST:
            cause = f"would become {len(told)}; a branch has at most {attributes.MOST}"
            raise invalid("attributes", cause)
        stored["attributes"] = told
    return stored


def shown_name(document: Mapping[str, Any]) -> str:
    """The branch's name; where it has none, the address stands in."""
    return str(document["name"] or document["address"])


def branch_changed(document: Mapping[str, Any]) -> BranchChanged:
    """The event that carries the branch's whole state."""
    fields = BranchChanged.model_fields.keys() - {"branch_id", "name"}
    state = {name: document[name] for name in fields if name in document}
    return BranchChanged(branch_id=document["_id"], name=shown_name(document), **state)


async def add_branch(
    db: Database, chain_id: str, store_id: str, fields: Mapping[str, Any]
) -> Document:
    """Add one branch. Raises ``Conflict`` if the chain has that store already."""
    document = new_branch(chain_id, store_id, fields)
    if not await repository.insert_branch(db, chain_id, document):
        raise Conflict(f"The store is branch {document['_id']} already", branch_id=document["_id"])
    return document


async def change_branch(
    db: Database,
    chain_id: str,
    branch_id: str,
    fields: Mapping[str, Any],
    *,
    expected_version: int | None = None,
) -> Document:
    """Set ``fields``; nothing is written or told if they are so already.

    Raises ``NotFound``, and ``Conflict`` if the branch is no longer at ``expected_version``.
    """
    for _ in range(_ATTEMPTS):
        document = await repository.find_branch(db, chain_id, branch_id)
        if document is None:
            raise no_such("branch", branch_id)
        if expected_version not in (None, document["version"]):
            raise Conflict(
                f"The branch is at version {document['version']}", version=document["version"]
            )
        revision = revision_of(document, fields)
        if revision is None:
            return document
        if await repository.revise_branch(db, chain_id, revision):
            return {**document, **revision.fields}
    raise Conflict("The branch is being changed by others; try again")
