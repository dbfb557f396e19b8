"""The HTTP API, by noun."""

from incognita_assignment.routes import (
    branches,
    chains,
    devices,
    imports,
    keys,
    payouts,
    programmes,
    questionnaire_files,
    questionnaires,
    shoppers,
    visits,
    waves,
)

_NOUNS = (
    chains, keys, imports, branches, questionnaire_files, questionnaires, programmes, waves,
    shoppers, devices, visits, payouts,
)  # fmt: skip
ROUTERS = tuple(noun.router for noun in _NOUNS)
STREAMED_PATHS = frozenset({imports.PATH, *questionnaire_files.PATHS})
