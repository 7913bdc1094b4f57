"""Stories of `limits:`: how many stagings a project and a person may have."""

import asyncio
from pathlib import Path

from talk_kit import talking

from bot.domain.project import Limits


async def test_one_too_many_is_refused_with_what_can_be_removed(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"limits": Limits(per_person=2)}) as talk:
        await talk.deploy("feature-x")
        await talk.later(minutes=5)
        await talk.deploy("main")
        told = await talk.say("alice", "/octopod deploy feature-y")
        assert "You have 2 of 2 stagings of shop." in told
        assert "Yours, the longest unchanged first: `feature-x` (live), `main` (live)." in told
        assert "`/octopod delete feature-x` makes room; so does `/octopod sleep feature-x`" in told
        assert len(await talk.posts()) == 2
        # What one has may be updated, and others have their own limit.
        await talk.say("alice", "/octopod deploy main")
        await talk.say("bob", "/octopod deploy feature-y")
        assert len(await talk.posts()) == 3


async def test_what_is_being_deleted_makes_room_and_needs_it_to_come_back(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"limits": Limits(per_person=1)}) as talk:
        await talk.deploy("feature-x")
        await talk.say("alice", "/octopod delete feature-x --yes")
        await talk.deploy("main")
        assert "You have 1 of 1 stagings of shop." in await talk.say("alice", "/octopod deploy feature-x")


async def test_a_full_project_says_whom_to_ask(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"limits": Limits(stagings=1)}) as talk:
        await talk.deploy("feature-x")
        told = await talk.say("bob", "/octopod deploy main")
        assert "shop has 1 of 1 stagings. None of them is yours: `/octopod list` shows whose they are" in told
        assert "Yours, the longest unchanged first: `feature-x` (live)" in await talk.say(
            "alice", "/octopod deploy main"
        )


async def test_of_two_at_once_for_the_last_place_one_is_refused(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"limits": Limits(stagings=1)}) as talk:
        await asyncio.gather(talk.say("alice", "/octopod deploy main"), talk.say("bob", "/octopod deploy feature-x"))
        await talk.settled()
        assert len(await talk.posts()) == 1


async def test_a_wake_needs_room(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"limits": Limits(per_person=1)}) as talk:
        await talk.deploy("feature-x")
        await talk.say("alice", "/octopod sleep feature-x")
        await talk.deploy("main")
        assert "You have 1 of 1 stagings of shop." in await talk.say("alice", "/octopod wake feature-x")
        await talk.say("alice", "/octopod sleep main")
        assert "Waking" in await talk.say("alice", "/octopod wake feature-x")
