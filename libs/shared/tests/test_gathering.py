"""Questions of concurrent tasks go together, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from incognita_shared.gathering import Gathered


class Echo:
    """Tells each its own question back, when it is let; notes which came together."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, asked: Sequence[str]) -> list[str | Exception]:
        self.calls.append(list(asked))
        await self.open.wait()
        if "all fail" in asked:
            raise ConnectionError("gone")
        return [LookupError(each) if each.startswith("no ") else each.upper() for each in asked]


async def test_what_is_asked_while_a_call_is_under_way_goes_together_in_the_next() -> None:
    echo = Echo()
    gathered = Gathered(echo)
    echo.open.clear()
    first = asyncio.create_task(gathered.ask("a"))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(gathered.ask(each)) for each in "abc"]
    await asyncio.sleep(0.01)
    echo.open.set()
    assert await asyncio.gather(first, *others) == ["A", "A", "B", "C"]
    assert echo.calls == [["a"], ["a", "b", "c"]]


async def test_no_more_than_the_most_go_together_and_none_is_forgotten() -> None:
    echo = Echo()
    gathered = Gathered(echo, most=3)
    asked = [f"q{n}" for n in range(10)]
    assert await asyncio.gather(*map(gathered.ask, asked)) == [each.upper() for each in asked]
    assert [len(call) for call in echo.calls] == [3, 3, 3, 1]


async def test_what_one_gets_is_nothing_to_the_others() -> None:
    gathered = Gathered(Echo())
    told = await asyncio.gather(*map(gathered.ask, ("a", "no b", "c")), return_exceptions=True)
    assert told[0::2] == ["A", "C"]
    assert isinstance(told[1], LookupError)


async def test_a_call_that_fails_fails_for_all_and_the_next_is_made_all_the_same() -> None:
    gathered = Gathered(Echo())
    told = await asyncio.gather(*map(gathered.ask, ("a", "all fail")), return_exceptions=True)
    assert all(isinstance(each, ConnectionError) for each in told)
    assert await gathered.ask("a") == "A"


async def test_one_who_gives_up_leaves_the_others_their_answers() -> None:
    echo = Echo()
    gathered = Gathered(echo)
    echo.open.clear()
    impatient, patient = (asyncio.create_task(gathered.ask(each)) for each in "ab")
    await asyncio.sleep(0.01)
    impatient.cancel()
    echo.open.set()
    assert await patient == "B"
    with pytest.raises(asyncio.CancelledError):
        await impatient
