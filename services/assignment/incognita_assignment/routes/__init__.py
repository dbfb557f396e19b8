"""The HTTP API, by noun."""

from incognita_assignment.routes import (
    branches,
    chains,
    imports,
    keys,
    programmes,
    questionnaires,
    shoppers,
)

ROUTERS = tuple(
    noun.router for noun in (chains, keys, imports, branches, questionnaires, programmes, shoppers)
)
STREAMED_PATHS = frozenset({imports.PATH})
