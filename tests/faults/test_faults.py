"""Two hundred breakages of known cause, and what people are told of each.

FAULTS: how many rounds of fifty (4). WITNESSES: whether throw-away stagings are tried by themselves (auto), or people
would have to ask for them (ask), and nobody does: then less is decided, and an innocent commit is blamed for data that
went bad in the moment in which it came. OCTOPOD_TEST_SEED: to have the same ones again.
"""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from faults_kinds import APART, DATA_WITH_A_PUSH, OPEN_ENDED, TOGETHER, Injector, Scene
from faults_said import Truth, Verdict, judged, matrix, said
from faults_world import World, a_world

ROUNDS = int(os.environ.get("FAULTS") or 4)
WITNESSES = os.environ.get("WITNESSES") or "auto"
UNTOLD = {DATA_WITH_A_PUSH} if WITNESSES == "ask" else set()
SEED = int(os.environ.get("OCTOPOD_TEST_SEED", "0")) or random.randrange(1, 1_000_000)
AT_ONCE = 18  # stagings besides the baselines'
# Seconds until something is said, and until that is final if it is not right before: if the facts decide, and if not.
FIRST, LAST, OPEN = 45.0, 40.0, 25.0
LEAST = 0.9  # of what the facts decide, named

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
Judged = tuple[Truth, Verdict]


async def test_breakages_are_named_and_nobody_is_named_wrongly(tmp_path: Path) -> None:
    found: list[Judged] = []
    wrong: list[str] = []
    for number in range(1, ROUNDS + 1):
        began, folder = time.monotonic(), tmp_path / str(number)
        async with a_world(folder, ["shop", *TOGETHER], WITNESSES) as world:
            found += (judgements := await a_round(world, Random(f"{SEED}/{number}")))
        wrong += [
            f"{truth}\n{told(world, truth)}"
            for truth, verdict in judgements
            if verdict is Verdict.WRONG and truth.kind not in UNTOLD
        ]
        print(f"\nround {number} of {ROUNDS}: {len(judgements)} in {time.monotonic() - began:.0f} s", flush=True)
    decided = [verdict for truth, verdict in found if truth.decided]
    named = decided.count(Verdict.NAMED) / len(decided)
    print(f"OCTOPOD_TEST_SEED={SEED} WITNESSES={WITNESSES}\n{matrix(found)}")
    print(f"named where the facts decide: {named:.1%} of {len(decided)}")
    assert not wrong, "\n\n".join(wrong)
    assert named >= LEAST or WITNESSES == "ask"


class Room:
    """For so many stagings at a time."""

    def __init__(self, free: int) -> None:
        self._free, self._news = free, asyncio.Condition()

    @asynccontextmanager
    async def taken(self, size: int) -> AsyncIterator[None]:
        async with self._news:
            await self._news.wait_for(lambda: self._free >= size)
            self._free -= size
        try:
            yield
        finally:
            async with self._news:
                self._free += size
                self._news.notify_all()


async def a_round(world: World, chance: Random) -> list[Judged]:
    room = Room(AT_ONCE)
    shop = Injector(world, "shop", chance)
    apart = [(scene, size) for scene, (count, size) in APART.items() for _ in range(count)]
    chance.shuffle(apart)
    apart.sort(key=lambda one: one[0] not in OPEN_ENDED)  # who waits for longest begins
    playing = [played(shop, scene, size, room) for scene, size in apart]
    playing += [played(Injector(world, project, chance), scene, 0, room) for project, scene in TOGETHER.items()]
    found = [one for judgements in await asyncio.gather(*playing) for one in judgements]
    return [(truth, in_the_end(world, truth, verdict)) for truth, verdict in found]


def in_the_end(world: World, truth: Truth, before: Verdict) -> Verdict:
    """What is wrong is wrong, however late it was said."""
    return Verdict.WRONG if judged(truth, said(world.seen, truth.staging)) is Verdict.WRONG else before


async def played(inject: Injector, scene: Scene, size: int, room: Room) -> list[Judged]:
    async with room.taken(size):
        truths = await scene(inject)
        found = await asyncio.gather(*(verdict(inject.world, truth) for truth in truths))
        for truth in truths:
            if truth.staging != inject.repository.baseline:
                await inject.world.removed(truth.staging, inject.project)
        return [*zip(truths, found, strict=True)]


async def verdict(world: World, truth: Truth) -> Verdict:
    """As soon as it is right, or when it can't be expected to change any more."""

    def settled(names: Sequence[Verdict]) -> bool:
        return judged(truth, said(world.seen, truth.staging)) in names

    await world.within(lambda read: said(read, truth.staging), FIRST)
    await world.within(lambda read: settled([Verdict.NAMED, Verdict.WRONG]), LAST if truth.decided else OPEN)
    return judged(truth, said(world.seen, truth.staging))


def told(world: World, truth: Truth) -> str:
    return "\n".join(one.text for one in said(world.seen, truth.staging))
