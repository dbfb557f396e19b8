"""The HTTP door: parse, call a use case, return."""

from incognita_scoring.routes import (
    appeal_rates,
    appeals,
    claims,
    indicators,
    quality,
    rescores,
    review_rules,
    reviews,
    scores,
    trials,
)

ROUTERS = (
    scores.router,
    appeal_rates.router,
    appeals.router,
    claims.router,
    reviews.router,
    quality.router,
    review_rules.router,
    rescores.router,
    trials.router,
    indicators.router,
)
