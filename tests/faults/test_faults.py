"""Two hundred breakages of known cause, and what people are told of each.

FAULTS: how many rounds of fifty (4). OCTOPOD_TEST_SEED: to have the same ones again.
"""

import asyncio
import os
import random
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from faults_kinds import APART, TOGETHER, Injector, Scene
from faults_said import Truth, Verdict, judged, matrix, said
from faults_world import World, a_world

ROUNDS = int(os.environ.get("FAULTS") or 4)
SEED = int(os.environ.get("OCTOPOD_TEST_SEED", "0")) or random.randrange(1, 1_000_000)
AT_ONCE = 16  # stagings besides the baselines'
FIRST, LAST = 45.0, 15.0  # seconds: until something is said, and until that is final, if it is not right before

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
Judged = tuple[Truth, Verdict]


@pytest.mark.parametrize("number", range(1, ROUNDS + 1))
async def test_a_round_of_fifty(number: int, tmp_path: Path, all_rounds: list[Judged]) -> None:
    began = time.monotonic()
    async with a_world(tmp_path, ["shop", *TOGETHER]) as world:
        found = await a_round(world, Random(f"{SEED}/{number}"))
    all_rounds += found
    print(f"\nround {number} of {ROUNDS} (OCTOPOD_TEST_SEED={SEED}), {time.monotonic() - began:.0f} s\n{matrix(found)}")
    wrong = [f"{truth}\n{told(world, truth)}" for truth, verdict in found if verdict is Verdict.WRONG]
    assert not wrong, "\n\n".join(wrong)


async def a_round(world: World, chance: Random) -> list[Judged]:
    room = asyncio.Semaphore(AT_ONCE)
    shop = Injector(world, "shop", chance)
    apart = [(scene, size) for scene, (count, size) in APART.items() for _ in range(count)]
    chance.shuffle(apart)
    playing = [played(shop, scene, size, room) for scene, size in apart]
    playing += [played(Injector(world, project, chance), scene, 3, room) for project, scene in TOGETHER.items()]
    return [one for judgements in await asyncio.gather(*playing) for one in judgements]


async def played(inject: Injector, scene: Scene, size: int, room: asyncio.Semaphore) -> list[Judged]:
    async with asyncio.TaskGroup() as taken:
        for _ in range(size):
            taken.create_task(room.acquire())
    try:
        truths = await scene(inject)
        found = await asyncio.gather(*(verdict(inject.world, truth) for truth in truths))
        for truth in truths:
            if truth.staging != inject.repository.baseline:
                await inject.world.removed(truth.staging, inject.project)
        return [*zip(truths, found, strict=True)]
    finally:
        for _ in range(size):
            room.release()


async def verdict(world: World, truth: Truth) -> Verdict:
    """As soon as it is right, or when it can't be expected to change any more."""

    def settled(names: Sequence[Verdict]) -> bool:
        return judged(truth, said(world.seen, truth.staging)) in names

    await world.within(lambda read: said(read, truth.staging), FIRST)
    await world.within(lambda read: settled([Verdict.NAMED, Verdict.WRONG]), LAST)
    return judged(truth, said(world.seen, truth.staging))


def told(world: World, truth: Truth) -> str:
    return "\n".join(one.text for one in said(world.seen, truth.staging))
