"""Beyond what a process can do at once it says so, at once: waiting would only make it worse."""

from starlette.types import ASGIApp, Receive, Scope, Send

from incognita_shared.http.faults import problem_response
from incognita_shared.problems import Overloaded


class InFlight:
    """Answers 503 with Retry-After while ``most`` requests are under way; health is never refused.

    Nothing of a refused request is read or done, so that its client can repeat it as it is.
    """

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most
        self._now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/health"):
            await self._app(scope, receive, send)
            return
        if self._now >= self._most:
            await problem_response(Overloaded())(scope, receive, send)
            return
        self._now += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._now -= 1
