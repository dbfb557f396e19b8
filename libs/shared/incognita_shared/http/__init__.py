"""The HTTP door of a service: one way to build its app, one way to run it."""

from incognita_shared.http.app import create_app
from incognita_shared.http.serve import BackgroundEnded, serve

__all__ = ["BackgroundEnded", "create_app", "serve"]
