"""The HTTP door: parse, call a use case, return."""

from incognita_scoring.routes import reviews, scores

ROUTERS = (scores.router, reviews.router)
