"""Who writes next: first whom somebody waits for, then whoever came first; a turn that nobody takes is not lost."""

import asyncio
from contextlib import suppress

from bot.store.turns import Turns, Urgency


class Line:
    """People who take turns, and the order in which they had them."""

    def __init__(self) -> None:
        self.turns, self.order = Turns(), list[str]()

    def comes(self, name: str, urgency: Urgency = Urgency.REST) -> "asyncio.Task[None]":
        return asyncio.create_task(self._had(name, urgency))

    async def _had(self, name: str, urgency: Urgency) -> None:
        async with self.turns.turn(urgency):
            self.order.append(name)
            await asyncio.sleep(0)


async def test_the_urgent_go_first_and_the_others_in_order() -> None:
    line = Line()
    async with line.turns.turn(Urgency.REST):
        tasks = [
            line.comes("a"),
            line.comes("b"),
            line.comes("door 1", Urgency.DOOR),
            line.comes("c"),
            line.comes("door 2", Urgency.DOOR),
            line.comes("message", Urgency.MESSAGE),
        ]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert line.order == ["door 1", "door 2", "message", "a", "b", "c"]


async def test_whoever_gives_up_is_passed_over() -> None:
    line = Line()
    async with line.turns.turn(Urgency.REST):
        gone, stays = line.comes("gone"), line.comes("stays")
        await asyncio.sleep(0)
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone
    await stays
    assert line.order == ["stays"]


async def test_a_turn_that_comes_to_whoever_just_gave_up_goes_on() -> None:
    line = Line()
    async with line.turns.turn(Urgency.REST):
        gone, stays = line.comes("gone"), line.comes("stays")
        await asyncio.sleep(0)
    gone.cancel()  # its turn has come, but it has not noticed yet
    with suppress(asyncio.CancelledError):
        await gone
    await stays
    assert line.order == ["stays"]
    async with line.turns.turn(Urgency.DOOR):
        pass


async def test_an_error_ends_a_turn() -> None:
    turns = Turns()
    with suppress(ValueError):
        async with turns.turn(Urgency.REST):
            raise ValueError
    async with asyncio.timeout(30), turns.turn(Urgency.REST):
        pass
