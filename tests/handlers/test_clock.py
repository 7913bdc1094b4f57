"""A month of the clock's door: real service, store and clock; only time is played, with jumps and restarts.

Wall time is what the bot reads; true time goes on by itself, and is what waits last. Nothing may be removed before its
wall time, nor later than a minute after it in true time, as far as the bot ran.
"""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from builders import NOW, a_release, a_staging
from cryptography.fernet import Fernet
from store_kit import saved, url_in

from bot.domain.events import StatusSeen
from bot.domain.model import Desired, Stage
from bot.domain.policy import Person
from bot.domain.project import Manifests, Project
from bot.domain.status import StagingStatus
from bot.idling import Idling
from bot.keys import read_keys
from bot.meaning import Asked
from bot.service import Service
from bot.store import stagings
from bot.store.migrate import migrate
from bot.store.news import Line, News
from bot.store.store import Store
from handlers.clock import LONGEST, SHORTEST, Clock

MONTH, LATEST = timedelta(days=30), timedelta(seconds=60)
SHOP = Project("shop", "/x", Manifests(PurePosixPath("deploy")), "stagings", "alerts")
Step = tuple[timedelta, str]


@dataclass
class World:
    """`true`: what went by. `wall`: what the bot's machine says. `over`: since when (true) a staging's time is over."""

    folder: Path
    steps: list[Step]
    chance: random.Random
    true: timedelta = timedelta()
    wall: datetime = NOW
    expires: dict[str, datetime] = field(default_factory=dict)
    over: dict[str, timedelta] = field(default_factory=dict)
    late: list[timedelta] = field(default_factory=list)
    made: int = 0
    restart: bool = False

    async def live(self) -> None:
        """Bot after bot, until the month is over."""
        await migrate(url_in(self.folder))
        keys = read_keys(Fernet.generate_key().decode())
        while self.true < MONTH:
            store = Store(url_in(self.folder))
            self.service = Service(store, {"shop": SHOP}, keys, lambda: self.wall, port=8080)
            self.store, self.restart = store, False
            self.over = dict.fromkeys(self.over, self.true)
            clock = Clock(self.service, Idling(self.service, store), self.wait)
            store.saved = partial(_saved, clock)
            with contextlib.suppress(asyncio.CancelledError):
                await clock.run()
            await store.close()
            if self.restart:
                self.passes(timedelta(minutes=self.chance.choice([0, 1, 90])))

    async def wait(self, poked: asyncio.Event, seconds: float) -> None:
        """Time goes on, and whatever happens meanwhile. A wait that would only be repeated is made in one go."""
        await self.look()
        left = timedelta(seconds=SHORTEST if poked.is_set() else seconds)
        while left > timedelta():
            until = self.steps[0][0] - self.true if self.steps else MONTH - self.true
            if seconds == LONGEST and not poked.is_set():
                left = max(left, await self.idle(until))
            part = min(left, max(until, timedelta()))
            self.passes(part)
            left -= part
            if self.true >= MONTH:
                raise asyncio.CancelledError
            if self.steps and self.true >= self.steps[0][0]:
                await self.happens(self.steps.pop(0)[1])
                if poked.is_set():
                    left = timedelta(seconds=SHORTEST)
            if self.restart:
                raise asyncio.CancelledError

    async def idle(self, until: timedelta) -> timedelta:
        """As many of the longest waits as nothing comes of."""
        async with self.store.look() as connection:
            due = await stagings.next_due(connection)
        quiet = min(until, due - self.wall) if due else until
        return quiet // timedelta(seconds=LONGEST) * timedelta(seconds=LONGEST)

    def passes(self, time: timedelta) -> None:
        for id, expires in self.expires.items():
            if id not in self.over and expires <= self.wall + time:
                self.over[id] = self.true + max(expires - self.wall, timedelta())
        self.true, self.wall = self.true + time, self.wall + time

    async def happens(self, what: str) -> None:
        match what:
            case "deploy":
                await self.deploy()
            case "extend" if self.expires:
                await self.extend(self.chance.choice(sorted(self.expires)))
            case "restart":
                self.restart = True
            case _ if what.startswith("jump"):
                self.wall += timedelta(seconds=float(what.removeprefix("jump ")))
                self.over = {id: since for id, since in self.over.items() if self.expires[id] <= self.wall}
                self.passes(timedelta())

    async def deploy(self) -> None:
        self.made += 1
        id = f"s{self.made}"
        release = a_release(f"r{self.made}", Stage.LIVE, staging=id)
        self.expires[id] = self.wall + timedelta(minutes=self.chance.randint(1, 6000))
        made: dict[str, Any] = {"attempt": release, "live": release, "serving": release.id, "claims": ()}
        await saved(self.store, a_staging(id=id, name=f"n{id}", expires_at=self.expires[id], **made))

    async def extend(self, id: str) -> None:
        until = self.expires[id] + timedelta(hours=self.chance.randint(1, 30))
        asked = Asked(f"{id}-{self.true}", Person("UBOB"), "C1", "stagings", self.wall)
        after = await self.service.extend(asked, id, until=until)
        if after.desired is Desired.PRESENT and after.expires_at:
            self.expires[id] = after.expires_at
            self.over.pop(id, None)

    async def look(self) -> None:
        """What was removed, and whether it was time."""
        for staging in await self.service.looking.present():
            if staging.desired is Desired.ABSENT:
                assert self.expires.pop(staging.id) <= self.wall, "it was removed too early"
                self.late.append(self.true - self.over.pop(staging.id))
                gone = StatusSeen(StagingStatus(staging.id, None, present=False))
                await self.service.happened(staging.id, gone)


def _saved(clock: Clock, news: News) -> None:
    if Line.CLOCK in news:
        clock.poke()


async def test_expiry_is_at_most_a_minute_late_for_a_month(tmp_path: Path) -> None:
    chance = random.Random(20260504)
    jumps = [chance.choice([6 * 3600, 86_400, 45, -45, -3600, -10_000]) for _ in range(14)]
    kinds = [*["deploy"] * 25, *["extend"] * 8, *["restart"] * 6, *(f"jump {seconds}" for seconds in jumps)]
    steps = sorted((MONTH * chance.random() * 0.9, kind) for kind in kinds)
    world = World(tmp_path, steps, chance)
    await world.live()
    assert not world.expires or min(world.expires.values()) > world.wall, "nothing is left whose time is over"
    assert len(world.late) > 20
    assert timedelta() < max(world.late) <= LATEST, "some were late, as a jump is noticed only at the next look"
