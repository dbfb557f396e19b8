"""The HTTP door: parse, call a use case, return."""

from incognita_evidence.routes import reviewer, shopper

ROUTERS = (shopper.router, reviewer.router)
