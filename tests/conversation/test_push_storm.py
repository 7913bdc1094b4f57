"""A thousand pushes to fifty branches in a minute, told of twice, late, in the wrong order or not at all."""

import asyncio
import random
import time
from pathlib import Path

import pytest
from talk_kit import Talk, talking

from bot.domain.following import Rhythm

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]
BRANCHES, PUSHES, SECONDS = 50, 1000, 60.0
LOST, TWICE, LATEST = 0.3, 0.2, 3.0
MOST = 9  # what is deployed of one branch: first, at once, and then once in ten seconds


class Storm:
    def __init__(self, talk: Talk, chance: random.Random) -> None:
        self.talk, self.chance = talk, chance
        self.names = [f"idea-{number}" for number in range(BRANCHES)]
        self.heads: dict[str, str] = {}
        self.told = 0
        self._tree = talk.origin.git("rev-parse", "main^{tree}")

    async def begin(self) -> None:
        for name in self.names:
            self.talk.origin.branch(name)
            await self.talk.say("alice", f"/octopod deploy {name}")

    async def blow(self) -> None:
        end = time.monotonic() + SECONDS
        async with asyncio.TaskGroup() as group:
            for number in range(PUSHES):
                name = self.chance.choice(self.names)
                self.heads[name] = await asyncio.to_thread(self._push, name, number)
                for _ in range(0 if self.chance.random() < LOST else 2 if self.chance.random() < TWICE else 1):
                    group.create_task(self._tell(name, self.heads[name], self.chance.uniform(0, LATEST)))
                await asyncio.sleep(max(0.0, (end - time.monotonic()) / (PUSHES - number)))

    def _push(self, name: str, number: int) -> str:
        git = self.talk.origin.git
        commit = git("commit-tree", self._tree, "-p", git("rev-parse", f"refs/heads/{name}"), "-m", f"Push {number}")
        git("update-ref", f"refs/heads/{name}", commit)
        return commit

    async def _tell(self, name: str, commit: str, late: float) -> None:
        await asyncio.sleep(late)
        told = {"repo": str(self.talk.origin.path), "branch": name, "commit": commit}
        status, said = await self.talk.post_signed("/webhooks/generic", told)
        assert status == 202, said
        self.told += 1

    async def behind(self) -> list[str]:
        present = {one.branch: one.attempt.commit for one in await self.talk.bot.service.looking.present()}
        return [name for name, head in self.heads.items() if present[name] != head]


async def test_every_staging_ends_at_its_head_and_none_is_deployed_too_often(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, rhythm=Rhythm()) as talk:
        storm = Storm(talk, random.Random(7))
        await storm.begin()
        await storm.blow()
        end = time.monotonic() + 75
        while await storm.behind():
            assert time.monotonic() < end, await storm.behind()
            await asyncio.sleep(0.5)
        counts = [one.attempt.number for one in await talk.bot.service.looking.present()]
        print(f"{PUSHES} pushes, told {storm.told} times: {sum(counts)} releases, at most {max(counts)} of a branch")
        assert max(counts) <= MOST
