"""Fifty stagings at once on a small machine, and what it leaves behind."""

import asyncio
from pathlib import Path

import pytest
from local_world import deployment, eventually, job, processes_of, service, site, world

from bot.local.pace import Pace


@pytest.mark.crash
async def test_fifty_stagings_start_at_once(tmp_path: Path) -> None:
    async with world(tmp_path, Pace()) as there:
        names = [f"s{number}" for number in range(50)]
        objects = {
            name: [*site(f"{name}.localhost", name), deployment("api"), service("api"), job("seed", "true")]
            for name in names
        }
        await asyncio.gather(*(there.apply("r1", objects[name], name) for name in names))
        for name in names:
            await there.until(lambda status: status.serving == "r1", name, seconds=90)
        answers = await asyncio.gather(*(there.get(f"{name}.localhost") for name in names))
        assert answers == [(200, f"{name} /") for name in names]
        assert len(processes_of(tmp_path)) == 100
        await asyncio.gather(*(there.engine.remove(name) for name in names))
        for name in names:
            await there.until_gone(name)
        assert processes_of(tmp_path) == []


async def test_a_slow_starter_holds_up_nobody(tmp_path: Path) -> None:
    pace = Pace(starts_at_once=1, start_turn=0.2)
    async with world(tmp_path, pace) as there:
        slow = deployment(command=["sleep", "600"])
        for name in ("a", "b", "c"):
            await there.apply("r1", [slow], name)
        await there.apply("r1", site("quick.localhost"), "quick")
        await there.until_serving("r1", "quick")
        await eventually(lambda: len(processes_of(tmp_path)) == 4)
