"""The HTTP API, by noun."""

from incognita_assignment.routes import (
    branches,
    chains,
    imports,
    keys,
    payouts,
    programmes,
    questionnaires,
    shoppers,
    visits,
    waves,
)

ROUTERS = tuple(
    noun.router
    for noun in (
        chains,
        keys,
        imports,
        branches,
        questionnaires,
        programmes,
        shoppers,
        waves,
        visits,
        payouts,
    )
)
STREAMED_PATHS = frozenset({imports.PATH})
