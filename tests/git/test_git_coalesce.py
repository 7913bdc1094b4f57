"""Many callers, few runs: nobody gets what was found before they asked."""

import asyncio

from bot.git.coalesce import Coalesced


class Counted:
    def __init__(self) -> None:
        self.runs = 0

    async def __call__(self) -> int:
        self.runs += 1
        return self.runs


async def test_callers_in_a_row_share_a_run_that_begins_after_all_of_them_asked() -> None:
    work = Counted()
    shared = Coalesced(work, apart=1.0)
    assert await shared() == 1
    callers = []
    for _ in range(20):
        callers.append(asyncio.create_task(shared()))
        await asyncio.sleep(0)
    assert await asyncio.gather(*callers) == [2] * 20
    assert work.runs == 2


async def test_without_a_distance_each_who_asks_later_gets_a_run_of_its_own() -> None:
    shared = Coalesced(Counted())
    assert [await shared() for _ in range(3)] == [1, 2, 3]


async def test_whoever_gives_up_leaves_the_run_to_the_others() -> None:
    shared = Coalesced(Counted(), apart=0.1)
    assert await shared() == 1
    one, other = asyncio.create_task(shared()), asyncio.create_task(shared())
    await asyncio.sleep(0)
    one.cancel()
    assert await other == 2
    assert one.cancelled()
