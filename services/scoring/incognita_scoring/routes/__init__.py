"""The HTTP door: parse, call a use case, return."""

from incognita_scoring.routes import (
    appeals,
    claims,
    indicators,
    rescores,
    review_rules,
    reviews,
    scores,
    trials,
)

ROUTERS = (
    scores.router,
    appeals.router,
    claims.router,
    reviews.router,
    review_rules.router,
    rescores.router,
    trials.router,
    indicators.router,
)
