"""Many stagings and nothing to do: the engine hears of what happens, and asks for nothing."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_kit import READY, Watched, World, a_world, deployment
from further_kit import WIDGET, condition, define, reason, says, widget
from kube_rig import ControlPlane, running

from bot.domain.project import Fence
from bot.domain.status import StagingStatus
from bot.kube.client import PAGE, Kube
from bot.kube.connect import Access, connect
from bot.kube.kinds import DEPLOYMENT
from bot.kube.mirror import WATCHED
from bot.kube.prepare import namespace, prepared

pytestmark = pytest.mark.kube

STAGINGS, PODS, CHANGES, AT_ONCE = 200, 3, 10, 8
MORE_PAGES = (STAGINGS * PODS - 1) // PAGE


@pytest.fixture(scope="module")
def own_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """With nothing on it that another test has left to be told of."""
    with running(tmp_path_factory.mktemp("idle-plane")) as there:
        yield there


async def test_many_stagings_cost_no_request_but_the_watches(own_plane: ControlPlane, tmp_path: Path) -> None:
    names = [f"idle-{number:03}" for number in range(STAGINGS)]
    async with a_world(own_plane, tmp_path, names[0]) as world:
        await _put_there(world, names, tmp_path)
        await asyncio.gather(*(world.until(_all_well, name) for name in names))
        async with a_world(own_plane, tmp_path, names[0]) as later:
            await asyncio.gather(*(later.until(_all_well, name) for name in names))
            worlds = (world, later)
            await _changed_by_hand(worlds, names[-1])
            before = [one.engine.requests for one in worlds]
            for name in names[: STAGINGS - 1 : STAGINGS // CHANGES]:
                await _changed_by_hand(worlds, name)
            assert [one.engine.requests for one in worlds] == before
            assert later.engine.requests == 2 * len(WATCHED) + MORE_PAGES


async def _told(world: World, words: str) -> None:
    await world.until(lambda seen: words in reason(seen))


async def _put_there(world: World, names: list[str], folder: Path) -> None:
    """What the engine would put there, by somebody else and without looking first: that is quicker."""
    connection = await connect(Access(str(world.plane.kubeconfig)))
    kube, turns = Kube(connection), asyncio.Semaphore(AT_ONCE)

    async def put(name: str) -> None:
        order = Watched(world.engine, folder, name).order("r1", deployment(replicas=PODS))
        async with turns:
            for thing in [namespace(order, Fence(), [DEPLOYMENT]), *prepared(order.objects)]:
                await kube.apply(thing)

    try:
        await asyncio.gather(*map(put, names))
    finally:
        await connection.close()


def _all_well(seen: StagingStatus) -> bool:
    return [(one.state, one.ready) for one in seen.workloads] == [(READY, PODS)]


async def _changed_by_hand(worlds: tuple[World, ...], name: str) -> None:
    """Both have heard of it then, from their watches."""
    fewer = PODS - 1
    await worlds[0].kubectl("-n", f"shop--{name}", "scale", "deployment/web", f"--replicas={fewer}")
    for world in worlds:
        await world.until(lambda seen: [(w.wanted, w.ready) for w in seen.workloads] == [(fewer, fewer)], name)


async def test_one_watch_per_kind_whatever_the_number_of_stagings(own_plane: ControlPlane, tmp_path: Path) -> None:
    """A bot that starts lists and watches each kind once, asks where the further one is kept, and then asks nothing.

    Last, for it leaves a kind that the others would follow, too.
    """
    define(own_plane, "example.dev", "Widget", "widgets")
    async with a_world(own_plane, tmp_path, "many-0") as world:
        world.kinds = frozenset({WIDGET})
        for number in range(3):
            world.name = f"many-{number}"
            await world.deploy(f"r{number}", deployment(), widget())
            await says(world, "widget/own", conditions=[condition("Ready")])
            await world.live(f"r{number}")
            async with a_world(own_plane, tmp_path / str(number), world.name) as another:
                await another.live(f"r{number}")
                for news in ("Melted", "Cracked", "Dented"):
                    await says(another, "widget/own", conditions=[condition("Ready", "False", news)])
                    await _told(another, news)
                assert another.engine.requests <= 2 * (len(WATCHED) + 1) + 1 + MORE_PAGES
