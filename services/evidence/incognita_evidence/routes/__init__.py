"""The HTTP door: parse, call a use case, return."""

from incognita_evidence.routes import importer, reviewer, shopper

ROUTERS = (shopper.router, importer.router, reviewer.router)
STREAMED_PATHS = (importer.PATH,)
