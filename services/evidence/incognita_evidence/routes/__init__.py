"""The HTTP door: parse, call a use case, return."""

from incognita_evidence.routes import importer, openrosa, reviewer, shopper

ROUTERS = (shopper.router, importer.router, reviewer.router, openrosa.router)
STREAMED_PATHS = (importer.PATH, openrosa.SUBMISSION)
KEYS_BELOW = openrosa.BELOW
