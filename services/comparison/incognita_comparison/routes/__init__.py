"""The HTTP door, one module a noun."""

from incognita_comparison.routes import compliance, standings, trend

ROUTERS = (standings.router, compliance.router, trend.router)
