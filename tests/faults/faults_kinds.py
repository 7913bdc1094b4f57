"""The injector: each kind of breakage, done as it comes about. It knows what it did, and nothing of how that is found.

A kind makes what it needs and breaks it; it returns the truth, of one staging or of several. What goes wrong is done in
git, by configuration, by requests to the staging itself, or to its processes; never to anything of the bot's.
"""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from random import Random

from aiohttp import web
from aiohttp.test_utils import TestServer
from faults_app import ODD_ROW, PAGES, SOUND, UNSOUND, broken, tidied, ways
from faults_git import ALICE, BOB, CAROL, PEOPLE, Person, Work
from faults_said import Truth
from faults_world import World

IN_SLACK = (ALICE, BOB, CAROL)
Scene = Callable[["Injector"], Awaitable[Sequence[Truth]]]
DATA_WITH_A_PUSH = "data, just when a commit came"


def mark(person: Person) -> str:
    """As texts name somebody."""
    return person.slack or person.name


class Injector:
    """In one project of a world. `killing`: stagings whose processes are ended again and again, until that is over."""

    def __init__(self, world: World, project: str, chance: Random) -> None:
        self.world, self.project, self.chance = world, project, chance
        self.repository = world.repositories[project]
        self._numbers = itertools.count(1)

    # --- what scenes are made of

    def name(self, kind: str) -> str:
        return f"{self.project}-{kind.replace(' ', '')}{next(self._numbers)}"

    def somebody(self, *but: Person) -> Person:
        return self.chance.choice([person for person in PEOPLE if person not in but])

    def user(self, *but: Person) -> Person:
        return self.chance.choice([person for person in IN_SLACK if person not in but])

    def harmless(self, branch: str, by: Person, page: str = "", but: str = "") -> Work:
        page = page or self.chance.choice([one for one in PAGES if one != but])
        return Work(by, {f"{page}.py": tidied(self._text(branch, page), f"{next(self._numbers)}")}, f"Tidy {page}")

    def harmful(self, branch: str, by: Person, page: str = "") -> Work:
        page = page or self.chance.choice([*PAGES])
        how = self.chance.choice(ways(page))
        return Work(by, {f"{page}.py": broken(self._text(branch, page), how)}, f"Rework {page}")

    def _text(self, branch: str, page: str) -> str:
        files = self.repository.files
        return files.get(branch, files[self.repository.baseline])[f"{page}.py"]

    async def push(self, branch: str, *work: Work, start: str = "", merge: str = "", anew: bool = False) -> str:
        return await self.world.push(self.project, branch, work, start=start, merge=merge, anew=anew)

    async def deployed(self, branch: str, by: Person | None = None, more: str = "", of: str = "") -> None:
        """`of`: the staging, if that is called otherwise."""
        await self.world.deployed(self.project, branch, by or self.user(), more, of or branch)

    async def healthy(self, kind: str, but: str = "", more: str = "") -> str:
        """A staging of a branch with a harmless commit (not on the page `but`), on which all checks were seen to pass.
        `more`: of its deploy."""
        name = self.name(kind)
        await self.push(name, self.harmless(name, self.somebody(), but=but))
        await self.deployed(name, more=more)
        await self.world.well(name)
        return name

    async def configured(self, name: str, by: Person, what: str) -> None:
        await self.world.say(by.handle, f"config {name} -p {self.project} {what}")

    async def told_elsewhere(self, name: str) -> None:
        """That it is not its branch."""
        await self.world.within(lambda read: "Not your branch" in " ".join(read.threads[name]), 20)

    async def alerted(self, name: str) -> None:
        await self.world.until(lambda read: read.alert(name), f"an alert about {name}")


def by_code(kind: str, staging: str, feature: str, work: Sequence[Work], bad: Work, decided: bool = True) -> Truth:
    """`work`: all that came with it, `bad` among them."""
    people = {mark(one.by) for one in work}
    return Truth(kind, staging, ("code",), decided, feature=feature, people=people, culprit=mark(bad.by))


# --- code ------------------------------------------------------------------------------------------------------------


async def first_commit(inject: Injector) -> list[Truth]:
    name, by = inject.name("first"), inject.somebody()
    bad = inject.harmful(name, by)
    await inject.push(name, bad)
    await inject.deployed(name)
    return [by_code("code: its only commit", name, name, [bad], bad)]


async def earlier_commit(inject: Injector) -> list[Truth]:
    """The last commit is innocent, and so is the first."""
    name, pages = inject.name("earlier"), inject.chance.sample([*PAGES], 3)
    authors = inject.chance.sample(PEOPLE, 3)
    before, bad, after = (
        inject.harmless(name, authors[0], pages[0]),
        inject.harmful(name, authors[1], pages[1]),
        inject.harmless(name, authors[2], pages[2]),
    )
    await inject.push(name, before, bad, after)
    await inject.deployed(name)
    return [by_code("code: not its last commit", name, name, [before, bad, after], bad)]


async def pushed(inject: Injector) -> list[Truth]:
    name, by = await inject.healthy("pushed"), inject.somebody()
    bad = inject.harmful(name, by)
    await inject.push(name, bad)
    return [by_code("code: pushed to what was well", name, name, [bad], bad)]


async def pushed_several(inject: Injector) -> list[Truth]:
    """Three commits at once, of which the first does harm."""
    name, pages = await inject.healthy("several"), inject.chance.sample([*PAGES], 3)
    work = [inject.harmful(name, inject.somebody(), pages[0])]
    work += [inject.harmless(name, inject.somebody(), page) for page in pages[1:]]
    await inject.push(name, *work)
    return [by_code("code: several were pushed", name, name, work, work[0])]


async def merged_feature(inject: Injector) -> list[Truth]:
    """A branch with another one merged into it, and it is the other one's commit."""
    other, mine = inject.name("theirs"), inject.name("mine")
    author, page = inject.somebody(), inject.chance.choice([*PAGES])
    bad = inject.harmful(other, author, page)
    await inject.push(other, bad)
    await inject.deployed(other)
    await inject.alerted(other)
    rest = [one for one in PAGES if one != page]
    own = inject.harmless(mine, inject.somebody(author), rest[0])
    await inject.push(mine, own)
    await inject.push(mine, inject.harmless(mine, own.by, rest[1]), merge=other)
    await inject.deployed(mine)
    return [
        by_code("code: its only commit", other, other, [bad], bad),
        by_code("code: of a feature merged into it", mine, other, [bad], bad),
    ]


async def merged_innocent(inject: Injector) -> list[Truth]:
    """A branch with another one merged into it, and it is its own commit."""
    other, mine = await inject.healthy("good"), inject.name("mine")
    author = inject.somebody()
    bad = inject.harmful(mine, author)
    await inject.push(mine, inject.harmless(mine, author), merge=other)
    await inject.push(mine, bad)
    await inject.deployed(mine)
    return [by_code("code: not of the feature merged into it", mine, mine, [bad], bad)]


async def stacked(inject: Injector) -> list[Truth]:
    """A branch that starts where another one is, and it is the other one's commit."""
    below, above = inject.name("below"), inject.name("above")
    page = inject.chance.choice([*PAGES])
    bad = inject.harmful(below, inject.somebody(), page)
    await inject.push(below, bad)
    await inject.deployed(below)
    await inject.alerted(below)
    await inject.push(above, inject.harmless(above, inject.somebody(bad.by), but=page), start=below)
    await inject.deployed(above)
    return [
        by_code("code: its only commit", below, below, [bad], bad),
        by_code("code: of the feature it started from", above, below, [bad], bad),
    ]


async def merged_too_early(inject: Injector) -> list[Truth]:
    """A branch with another one merged into it, which was mended only afterwards."""
    other, mine = inject.name("early"), inject.name("mine")
    page, author = inject.chance.choice([*PAGES]), inject.somebody()
    sound = inject.repository.files[inject.repository.baseline][f"{page}.py"]
    bad = inject.harmful(other, author, page)
    await inject.push(other, bad)
    own = inject.harmless(mine, inject.somebody(author), but=page)
    await inject.push(mine, own, merge=other)
    await inject.push(other, Work(author, {f"{page}.py": sound}, f"Mend {page}"))
    await inject.deployed(other)
    await inject.world.well(other)
    await inject.deployed(mine)
    return [by_code("code: merged before it was mended", mine, mine, [bad, own], bad)]


async def forced(inject: Injector) -> list[Truth]:
    """Its history is rewritten: what was there comes again, and something that does harm."""
    name, pages = inject.name("forced"), inject.chance.sample([*PAGES], 2)
    first = inject.harmless(name, inject.somebody(), pages[0])
    await inject.push(name, first)
    await inject.deployed(name)
    await inject.world.well(name)
    bad = inject.harmful(name, inject.somebody(), pages[1])
    await inject.push(name, first, bad, anew=True)
    return [by_code("code: history rewritten", name, name, [first, bad], bad)]


# --- the baseline ----------------------------------------------------------------------------------------------------


async def baseline_breaks(inject: Injector) -> list[Truth]:
    """It breaks, and with it what starts from there; it is mended, and what started meanwhile is behind."""
    trunk, page = inject.repository.baseline, inject.chance.choice([*PAGES])
    sound = inject.repository.files[trunk][f"{page}.py"]
    bad = inject.harmful(trunk, inject.somebody(), page)
    mine = await inject.healthy("merges", but=page)
    await inject.push(trunk, bad)
    await inject.alerted(trunk)
    truths = [by_code("code: the baseline's own", trunk, trunk, [bad], bad)]
    late = [inject.name("late") for _ in range(2)]
    for name in late:
        await inject.push(name, inject.harmless(name, inject.somebody(), but=page))
    await inject.push(mine, inject.harmless(mine, inject.somebody(bad.by), but=page), merge=trunk)
    await inject.deployed(late[0])
    for name, kind in ((late[0], "broken, too"), (mine, "it was merged while broken")):
        await inject.told_elsewhere(name)
        truths.append(Truth(f"baseline: {kind}", name, ("baseline", "behind")))
    mended = await inject.push(trunk, Work(inject.somebody(), {f"{page}.py": sound}, f"Mend {page}"))
    await inject.world.runs(trunk, mended)
    await inject.world.well(trunk)
    await inject.deployed(late[1])
    truths.append(Truth("baseline: it was broken and is mended", late[1], ("behind",)))
    return truths


async def baseline_breaks_later(inject: Injector) -> list[Truth]:
    """A feature breaks a page, and seconds later the baseline does, by a commit that the feature has not."""
    trunk, page, name = inject.repository.baseline, inject.chance.choice([*PAGES]), inject.name("sooner")
    own = inject.harmful(name, inject.somebody(), page)
    await inject.push(name, own)
    await inject.deployed(name)
    await inject.alerted(name)
    bad = inject.harmful(trunk, inject.somebody(own.by), page)
    await inject.push(trunk, bad)
    await inject.alerted(trunk)
    sooner = by_code("a feature breaks, seconds before the baseline", name, name, [own], own, decided=False)
    last = by_code("code: the baseline's own", trunk, trunk, [bad], bad)
    return [replace(sooner, causes=("code", "baseline")), last]


# --- configuration ---------------------------------------------------------------------------------------------------


def by_key(kind: str, staging: str, by: Person, keys: Sequence[str], key: str) -> Truth:
    return Truth(kind, staging, ("configuration",), people={mark(by)}, keys=keys, key=key)


async def one_key(inject: Injector) -> list[Truth]:
    name, by = await inject.healthy("key"), inject.user()
    key, value = inject.chance.choice([*UNSOUND.items()])
    await inject.configured(name, by, f"--env {key}={value}")
    return [by_key("configuration: a key", name, by, [key], key)]


async def two_keys(inject: Injector) -> list[Truth]:
    name, by = await inject.healthy("keys"), inject.user()
    bad = inject.chance.choice([*UNSOUND])
    also = inject.chance.choice([key for key in SOUND if key != bad])
    await inject.configured(name, by, f"--env {also}={SOUND[also]} --env {bad}={UNSOUND[bad]}")
    return [by_key("configuration: one of two keys", name, by, [also, bad], bad)]


async def profile(inject: Injector) -> list[Truth]:
    name, by = await inject.healthy("profile"), inject.user()
    chosen, keys, bad = inject.chance.choice([("bulk", ["LIMIT"], "LIMIT"), ("pigeons", ["MAIL", "GREETING"], "MAIL")])
    await inject.configured(name, by, f"--profile {chosen}")
    return [by_key("configuration: a profile", name, by, keys, bad)]


async def second_staging(inject: Injector) -> list[Truth]:
    """Of a branch that has a healthy one; it is made with a key of its own."""
    name, by, key = await inject.healthy("first"), inject.user(), inject.chance.choice([*UNSOUND])
    also = inject.name("second")
    await inject.deployed(name, by, f"as {also} --env {key}={UNSOUND[key]}", of=also)
    return [by_key("configuration: of a second staging", also, by, [key], key)]


# --- data and processes ----------------------------------------------------------------------------------------------


async def odd_row(inject: Injector) -> list[Truth]:
    name = await inject.healthy("data")
    await inject.world.ask(name, "/rows", ODD_ROW)
    return [Truth("data: a row", name, ("data",))]


async def killed(inject: Injector) -> list[Truth]:
    """By kill -9, as soon as it answers again."""
    return await _ended(inject, "processes: killed", _kill)


async def exits(inject: Injector) -> list[Truth]:
    """With the exit code of what ran out of memory."""
    return await _ended(inject, "processes: they end", _exit)


async def _ended(inject: Injector, kind: str, end: Callable[[Injector, str], Awaitable[None]]) -> list[Truth]:
    name = await inject.healthy("ends")

    async def again_and_again() -> None:
        while not inject.world.seen.alert(name):
            await end(inject, name)
            await asyncio.sleep(0.1)

    await asyncio.wait_for(again_and_again(), 60)
    return [Truth(kind, name, ("restart", "memory"))]


async def _kill(inject: Injector, name: str) -> None:
    status, pid = await inject.world.ask(name, "/pid")
    if status == 200 and pid.isdecimal():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


async def _exit(inject: Injector, name: str) -> None:
    await inject.world.ask(name, "/exit", "137")


# --- what is shared --------------------------------------------------------------------------------------------------


@asynccontextmanager
async def payments() -> AsyncIterator[int]:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="paid")

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as server:
        assert server.port
        yield server.port


async def dependency_down(inject: Injector) -> list[Truth]:
    """Several stagings ask the same service, which ends; others ask nobody."""
    names = [inject.name("pays") for _ in range(3)]
    async with payments() as port:
        where = f"http://127.0.0.1:{port}"
        for name in names:
            await inject.push(name, inject.harmless(name, inject.somebody(), "front"))
        await asyncio.gather(*(inject.deployed(name, more=f"--env PAYMENTS={where}") for name in names))
        await asyncio.gather(*map(inject.world.well, names))
    return [Truth("shared: a dependency is down", name, ("shared",), shared=f"127.0.0.1:{port}") for name in names]


# --- what can't be told ----------------------------------------------------------------------------------------------


async def first_with_a_key(inject: Injector) -> list[Truth]:
    """The first release has commits and a key of its own; it is the key."""
    name, by, key = inject.name("both"), inject.user(), inject.chance.choice([*UNSOUND])
    await inject.push(name, inject.harmless(name, inject.somebody()))
    await inject.deployed(name, by, f"--env {key}={UNSOUND[key]}")
    causes, kind = ("configuration",), "a key of a first release"
    return [Truth(kind, name, causes, False, people={mark(by)}, keys=[key], key=key)]


async def first_besides_a_key(inject: Injector) -> list[Truth]:
    """The same, but it is the commit."""
    name, key = inject.name("both"), inject.chance.choice([*SOUND])
    bad = inject.harmful(name, inject.somebody())
    await inject.push(name, bad)
    await inject.deployed(name, more=f"--env {key}={SOUND[key]}")
    return [by_code("a commit beside a key of a first release", name, name, [bad], bad, decided=False)]


async def both_at_once(inject: Injector) -> list[Truth]:
    """A release brings a commit and a key; one of them does harm."""
    name, by, author = await inject.healthy("once"), inject.user(), inject.somebody()
    await inject.world.say(by.handle, f"freeze {name} -p {inject.project}")
    key, guilty = inject.chance.choice([*UNSOUND]), inject.chance.random() < 0.5
    work = inject.harmful(name, author) if guilty else inject.harmless(name, author)
    value = (SOUND if guilty else UNSOUND)[key]
    await inject.push(name, work)
    await inject.world.say(by.handle, f"deploy {name} -p {inject.project} --env {key}={value}")
    if guilty:
        return [by_code("a commit and a key at once", name, name, [work], work, decided=False)]
    causes, kind = ("configuration",), "a commit and a key at once"
    return [Truth(kind, name, causes, False, people={mark(by)}, keys=[key], key=key)]


async def data_with_a_push(inject: Injector) -> list[Truth]:
    """What is stored is damaged in the moment in which an innocent commit is there."""
    name = await inject.healthy("moment")
    commit = await inject.push(name, inject.harmless(name, inject.somebody()))
    await inject.world.runs(name, commit)
    await inject.world.ask(name, "/rows", ODD_ROW)
    return [Truth(DATA_WITH_A_PUSH, name, ("data",), False)]


async def dependency_with_a_push(inject: Injector) -> list[Truth]:
    """The service that nobody else asks ends in the moment in which an innocent commit is there."""
    async with payments() as port:
        name = await inject.healthy("alone", more=f"--env PAYMENTS=http://127.0.0.1:{port}")
        commit = await inject.push(name, inject.harmless(name, inject.somebody()))
        await inject.world.runs(name, commit)
    kind, shared = "a dependency ends, just when a commit came", f"127.0.0.1:{port}"
    return [Truth(kind, name, ("shared",), False, shared=shared)]


async def key_before_a_push(inject: Injector) -> list[Truth]:
    """A key that does harm, and at once an innocent commit."""
    name, by, key = await inject.healthy("soon"), inject.user(), inject.chance.choice([*UNSOUND])
    await inject.configured(name, by, f"--env {key}={UNSOUND[key]}")
    await inject.push(name, inject.harmless(name, inject.somebody()))
    kind, causes = "a key, and at once a commit", ("configuration",)
    return [Truth(kind, name, causes, False, people={mark(by)}, keys=[key], key=key)]


# --- a round of fifty ------------------------------------------------------------------------------------------------

# How often a round has each, and how many breakages and stagings one of them is.
APART: dict[Scene, tuple[int, int]] = {
    first_commit: (3, 1),
    earlier_commit: (3, 1),
    pushed: (2, 1),
    pushed_several: (2, 1),
    forced: (1, 1),
    merged_feature: (1, 2),
    merged_innocent: (2, 2),
    merged_too_early: (1, 2),
    stacked: (1, 2),
    one_key: (2, 1),
    two_keys: (2, 1),
    profile: (2, 1),
    second_staging: (1, 2),
    odd_row: (3, 1),
    killed: (2, 1),
    exits: (1, 1),
}
OPEN_ENDED = (
    first_with_a_key,
    first_besides_a_key,
    both_at_once,
    key_before_a_push,
    data_with_a_push,
    dependency_with_a_push,
)
APART |= {scene: (1, 1) for scene in OPEN_ENDED}
TOGETHER: dict[str, Scene] = {
    "tide": baseline_breaks,
    "pier": baseline_breaks,
    "quay": baseline_breaks_later,
    "dock": dependency_down,
}
"""Each in a project of its own, as it concerns whatever else is there."""
