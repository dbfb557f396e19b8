"""The services' own code, as far as an operator's command runs it: handlers and indexes.

It is loaded by name when it is needed, so that the other commands do not depend on the services.
"""

from collections.abc import Awaitable, Callable
from importlib import import_module

from incognita_shared.kafka.incoming import Handlers, Incoming, Reader
from incognita_shared.mongo.checkpoint import Source
from incognita_shared.mongo.client import Database
from incognitactl.dead_letters.letters import DeadLetter


def handlers_of(service: str) -> Handlers:
    """What the service does on each event."""
    handlers: Handlers = import_module(f"incognita_{service}.handlers").HANDLERS
    return handlers


def create_indexes_of(service: str) -> Callable[[Database], Awaitable[None]]:
    """How the service makes its collections and indexes."""
    create: Callable[[Database], Awaitable[None]]
    create = import_module(f"incognita_{service}.repository").create_indexes
    return create


def read_again(letter: DeadLetter) -> Incoming:
    """The dead letter as its service would read it today."""
    source: Source = letter.origin.source
    return Reader(handlers_of(letter.origin.consumer)).read(
        source, letter.origin.offset, key=letter.key, value=letter.value, headers=letter.headers
    )
