"""The services' own code, as far as an operator's command runs it: handlers and indexes.

It is loaded by name when it is needed, so that the other commands do not depend on the services.
"""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import NamedTuple

from incognita_shared.kafka.incoming import Handlers, Incoming, Reader, Reads
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.client import Database
from incognitactl.dead_letters.letters import DeadLetter


class Code(NamedTuple):
    """What a service does on each event, and which documents it reads for it."""

    handlers: Handlers
    reads: Reads


def code_of(service: str) -> Code:
    """The service's own tables."""
    module = import_module(f"incognita_{service}.handlers")
    return Code(module.HANDLERS, getattr(module, "READS", {}))


def create_indexes_of(service: str) -> Callable[[Database], Awaitable[None]]:
    """How the service makes its collections and indexes."""
    create: Callable[[Database], Awaitable[None]]
    create = import_module(f"incognita_{service}.repository").create_indexes
    return create


def read_again(letter: DeadLetter) -> Incoming:
    """The dead letter as its service would read it today."""
    source: Source = letter.origin.source
    return Reader(code_of(letter.origin.consumer).handlers).read(
        source, letter.origin.offset, key=letter.key, value=letter.value, headers=letter.headers
    )
