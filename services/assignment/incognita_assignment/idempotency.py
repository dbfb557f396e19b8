"""The same ``Idempotency-Key`` and body make the same thing, once."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header
from pydantic import BaseModel

from incognita_shared.ids import derived_id, new_id
from incognita_shared.problems import Invalid, field_error

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Any text, new for each new thing: a repeated request makes nothing twice",
    ),
]


@dataclass(frozen=True, slots=True)
class Identity:
    """The id of what a request makes, and what its body must be if it made it before."""

    id: str
    body_sha256: str


def identity_of(scope: str, noun: str, key: str | None, body: BaseModel) -> Identity:
    """``scope`` is the chain id, or ``operator``. Without a key the id is new."""
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    return Identity(derived_id(scope, noun, key) if key else new_id(), digest)


def check_same_request(document: Mapping[str, Any], identity: Identity) -> None:
    """Raises ``Invalid`` if ``document`` was made by another body under the same key."""
    if document.get("body_sha256") != identity.body_sha256:
        cause = "was sent before with another body; take a new key for a new request"
        raise Invalid(
            "The Idempotency-Key belongs to another request",
            errors=[field_error("header.Idempotency-Key", cause)],
        )
