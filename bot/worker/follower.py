"""Follows the branches: looks at each repository now and then, and when somebody says that there is something to see.

What is remembered of repositories is kept in memory only. What it is compared with after a start, the heads that
stagings have seen, is stored; and what was said meanwhile is seen by the first look.
"""

import asyncio
import contextlib
import random
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import structlog

from bot.domain import following as rule
from bot.domain.errors import PermanentError, TemporaryError, UserError
from bot.domain.events import Push
from bot.domain.following import RHYTHM, Look, OutageBegan, OutageEnded, Outcome, Repository, Rhythm
from bot.domain.hearsay import CiRun, Hearsay, ImagePushed, Merged, PullRequest, Pushed
from bot.domain.model import Desired, Ending, Staging
from bot.domain.project import Project, Updates
from bot.domain.pulls import from_fork
from bot.forge import address
from bot.ports import Git, Span
from bot.service import Service
from bot.worker.arrivals import Arrivals

log = structlog.get_logger()
AT_ONCE = 4
LONGEST_WAIT = 5.0
DELIVERIES_KEPT = 10_000


class Follower:
    """`chance` draws from 0 to 1. `checkpoint` names the places where tests end the process."""

    def __init__(
        self,
        service: Service,
        git: Git,
        checkpoint: Callable[[str], None],
        *,
        rhythm: Rhythm = RHYTHM,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._service, self._git, self._checkpoint = service, git, checkpoint
        self._rhythm, self._chance = rhythm, chance
        self._arrivals = Arrivals(service, git)
        self._known: dict[str, Repository] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._poked = asyncio.Event()
        self._delivered: OrderedDict[tuple[str, str], None] = OrderedDict()

    # --- what is said -------------------------------------------------------------------------------------------------

    async def heard(self, source: str, delivery: str, projects: Sequence[str], said: Sequence[Hearsay]) -> bool:
        """What `source` says of these projects. Nothing is lost with it: what is so is seen by looking.

        False if this delivery is known. All that is done may be done twice, so that it is remembered in memory only.
        """
        if (source, delivery) in self._delivered:
            return False
        for one in said:
            if isinstance(one, ImagePushed):
                await self._service.building.image_pushed(one.image)
            for name in projects:
                await self._heard(name, one)
        self._delivered[source, delivery] = None
        if len(self._delivered) > DELIVERIES_KEPT:
            self._delivered.popitem(last=False)
        self._poked.set()
        return True

    async def _heard(self, project: str, said: Hearsay) -> None:
        known, now = self._at(project), self._service.now()
        match said:
            case Pushed(branch=branch, commit=None):
                self._known[project] = rule.said_deleted(known, branch, now, self._rhythm)
            case Pushed():
                self._known[project] = rule.asked(known, now, self._rhythm)
            case Merged():
                await self._service.following.ended(project, said.branch, Ending.MERGED, said.by)
            case PullRequest():
                await self._service.arriving.heard(self._service.projects[project], said)
                self._known[project] = rule.asked(self._at(project), now, self._rhythm)
                await self._service.reporting.pull_heard(project, said.branch)
            case CiRun():
                await self._service.building.heard(project, said)
            case ImagePushed():
                pass

    # --- when to look -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self._poked.clear()
                due = self._begun()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(max(due, 0.02), LONGEST_WAIT)):
                        await self._poked.wait()
        finally:
            looking = list(self._looking.values())
            for task in looking:
                task.cancel()
            await asyncio.gather(*looking, return_exceptions=True)

    @property
    def quiet(self) -> bool:
        """Nothing that was asked for is still to be looked at."""
        asked = any(known.asked_at for name, known in self._known.items() if name in self._service.projects)
        return not self._looking and not asked and not self._poked.is_set()

    def _begun(self) -> float:
        """Begin what is due. Seconds until more is."""
        now, soonest = self._service.now(), LONGEST_WAIT
        for name in list(self._service.projects):
            wait = (self._at(name).next_look - now).total_seconds()
            if name in self._looking:
                continue
            if wait <= 0 and len(self._looking) < AT_ONCE:
                task = self._looking[name] = asyncio.create_task(self._look(self._service.projects[name]))
                task.add_done_callback(partial(self._looked, name))
            soonest = min(soonest, wait)
        return soonest

    def _looked(self, name: str, task: asyncio.Task[None]) -> None:
        self._looking.pop(name, None)
        self._poked.set()

    def _at(self, project: str) -> Repository:
        """What is remembered of it; it is forgotten when octopod.yaml gives it another address."""
        repo = self._service.projects[project].repo
        self._known[project] = rule.at_address(self._known.get(project), repo, self._service.now())
        return self._known[project]

    # --- looking ------------------------------------------------------------------------------------------------------

    async def _look(self, project: Project) -> None:
        began = self._service.now()
        try:
            present = await self._service.following.stagings(project)
            stagings = [staging for staging in present if not from_fork(staging.branch)]
            listing = {head.branch: head.commit for head in await self._git.heads(project)}
            self._checkpoint("looked")
            expected = _expecting(self._at(project.name), stagings)
            outcome = rule.listed(expected, listing, self._ended(began), self._rhythm)
            await self._remember(project.name, outcome)
            await self._follow(project, stagings, listing, outcome.repository.heads)
            await self._arrivals.look(project, outcome.repository.heads)
            await self._follow_forks(project, [staging for staging in present if from_fork(staging.branch)])
        except (TemporaryError, PermanentError, UserError) as error:
            log.info("a repository can't be followed", project=project.name, why=error.text)
            await self._failed(project.name, f"{error.text} {getattr(error, 'next_step', '')}".strip(), began)
        except Exception:
            log.exception("following failed", project=project.name)
            await self._failed(project.name, "an error in Octopod itself; its log says more", began)

    async def _failed(self, project: str, why: str, began: datetime) -> None:
        if project in self._service.projects:
            outcome = rule.failed(self._at(project), why, self._ended(began), self._rhythm)
            await self._remember(project, outcome)

    async def _remember(self, project: str, outcome: Outcome) -> None:
        """At once, as more may be heard at any time; what is told of outages is saved then."""
        was, self._known[project] = self._known[project], outcome.repository
        if was.outage and outcome.repository.outage is None:
            self._host_answers(outcome.repository.repo)
        for news in outcome.news:
            if isinstance(news, OutageBegan | OutageEnded):
                await self._service.following.outage(project, news)

    def _host_answers(self, repo: str) -> None:
        """What else is there is worth a look, too."""
        now, host = self._service.now(), _host(repo)
        for name, known in self._known.items():
            if _host(known.repo) == host:
                self._known[name] = rule.host_answered(known, now, self._chance())
        self._poked.set()

    def _ended(self, began: datetime) -> Look:
        return Look(began, self._service.now(), self._chance())

    async def _follow(
        self, project: Project, stagings: Sequence[Staging], listing: Mapping[str, str], heads: Mapping[str, str]
    ) -> None:
        """Compares what is with what stagings have seen, so what fails here is done by the next look.

        `heads`: as they count by now. A branch that has just moved still has its last one there, and so has one that is
        missing; a branch that is not there at all is gone.
        """
        for staging in stagings:
            head, counts = listing.get(staging.branch), heads.get(staging.branch)
            if counts is None and staging.head:
                await self._gone(project, staging, listing[project.baseline])
            if head and staging.branch_ended is Ending.DELETED:
                await self._service.following.back(staging.id)
            if head and head == counts != staging.head:
                await self._moved(project, staging, head)
        if project.follow.baseline:
            baseline = await self._git.commit(project, listing[project.baseline])
            await self._service.following.baseline(project, baseline)

    async def _follow_forks(self, project: Project, stagings: Sequence[Staging]) -> None:
        """Their branches are elsewhere; what their pull requests bring is shown here. Hosts keep that for ever."""
        heads = await self._git.refs(project, [staging.branch for staging in stagings])
        for staging in stagings:
            head = heads.get(staging.branch)
            if head and head != staging.head:
                await self._moved(project, staging, head)

    async def _moved(self, project: Project, staging: Staging, head: str) -> None:
        """What rests, or is paused, sees it when it follows again."""
        if project.follow.updates is Updates.PAUSED or staging.desired not in (Desired.PRESENT, Desired.RESET):
            return
        span = await self._git.between(project, staging.head or staging.attempt.commit, head)
        await self._service.following.moved(staging, await self._git.commit(project, head), _push(span))
        self._checkpoint("followed")

    async def _gone(self, project: Project, staging: Staging, baseline: str) -> None:
        if staging.branch_ended is None:
            merged = await self._git.merged(project, staging.head, baseline)
            await self._service.following.ended(project.name, staging.branch, _how(merged))
            self._checkpoint("followed")


def _expecting(known: Repository, stagings: Sequence[Staging]) -> Repository:
    """What stagings have seen is expected to be there, also when nothing is remembered of it."""
    seen = {one.branch: one.head for one in stagings if one.head and one.branch_ended is not Ending.DELETED}
    return replace(known, heads={**seen, **known.heads})


def _host(repo: str) -> str:
    at = address.read(repo)
    return at.host if at else repo


def _how(merged: bool) -> Ending:
    return Ending.MERGED if merged else Ending.DELETED


def _push(span: Span) -> Push:
    authors = tuple(dict.fromkeys(commit.author for commit in span.commits))
    return Push(span.count, authors, span.rewritten)
