"""One round trip for what concurrent requests ask at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Asked = TypeVar("Asked")
Told = TypeVar("Told")
MOST = 200


class Gathered(Generic[Asked, Told]):
    """Asks one thing after the other, all of them that came meanwhile in one call.

    ``ask_all`` gets up to ``most`` of them and tells of each, in their order, what it is told or
    the exception that it gets; one that it raises is for all of them. A question never joins a
    call that was under way before it, so an answer is as fresh as if it had been asked alone.
    """

    def __init__(
        self,
        ask_all: Callable[[Sequence[Asked]], Awaitable[Sequence[Told | Exception]]],
        *,
        most: int = MOST,
    ) -> None:
        self._ask_all = ask_all
        self._most = most
        self._waiting: list[tuple[Asked, asyncio.Future[Told]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Told:
        """What is told of ``asked``; raises what it gets."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Told] = loop.create_future()
        self._waiting.append((asked, answer))
        if self._asking is None:
            # of no request's own context: it is done for many
            self._asking = loop.create_task(self._ask_on(), context=Context())
        return await answer

    async def _ask_on(self) -> None:
        try:
            while self._waiting:
                together = self._waiting[: self._most]
                del self._waiting[: self._most]
                await self._ask_for(together)
        finally:
            self._asking = None

    async def _ask_for(self, together: Sequence[tuple[Asked, asyncio.Future[Told]]]) -> None:
        told: Sequence[Told | Exception]
        try:
            told = await self._ask_all([asked for asked, _ in together])
        except Exception as error:  # whatever it is, those who asked must hear of it
            told = [error] * len(together)
        for (_, answer), each in zip(together, told, strict=True):
            if answer.done():  # whoever asked has gone
                continue
            if isinstance(each, Exception):
                answer.set_exception(each)
            else:
                answer.set_result(each)
