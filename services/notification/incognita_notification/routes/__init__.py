"""The HTTP door."""

from incognita_notification.routes import deliveries, subscriptions

ROUTERS = (subscriptions.router, deliveries.router)

__all__ = ["ROUTERS"]
