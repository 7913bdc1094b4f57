"""The host target: what the project's git host is told of a staging, reconciled to its newest facts.

What the host refuses of it keeps the rest from nothing. What may have been told without an answer is looked for before
it is told again.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from bot.domain import reporting
from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.events import Target
from bot.domain.policy import Person
from bot.domain.project import Project
from bot.domain.reporting import Told
from bot.hosts import words
from bot.looking import Found
from bot.ports import GitHostApi, GitHosts, Posted
from bot.service import Service
from bot.store import queue
from bot.store.news import Line
from bot.store.queue import Claim
from bot.store.store import Store
from bot.worker.pump import Pace
from bot.worker.report import Report

log = structlog.get_logger()


class HostWork:
    """`person`: who a Slack user is; `link`: to a message in Slack, if that is known."""

    line = Line.HOST

    def __init__(
        self,
        service: Service,
        store: Store,
        hosts: GitHosts,
        person: Callable[[str], Person],
        link: Callable[[Posted], str | None],
        pace: Pace,
    ) -> None:
        self._service, self._store, self._hosts = service, store, hosts
        self._person, self._link, self._pace = person, link, pace

    async def claim(self, owner: str, until: datetime, limit: int) -> Sequence[Claim]:
        async with self._store.write() as connection:
            return await queue.claim(connection, "targets", self._service.now(), owner, until, limit, Target.HOST)

    async def next_due(self) -> datetime | None:
        async with self._store.look() as connection:
            return await queue.next_due(connection, "targets", Target.HOST)

    async def superseded(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        return ()

    async def gave_up(self, claim: Claim, error_id: str) -> None:
        await self._finish(claim, error_id)

    async def perform(self, claim: Claim) -> None:
        found = await self._service.looking.staging(claim.staging)
        project = self._service.projects.get(found.staging.project) if found else None
        host = self._hosts.of(project) if project and project.reports else None
        refused = await self._told(found, project, host) if found and project and host else ""
        await self._finish(claim, refused)

    async def _told(self, found: Found, project: Project, host: GitHostApi) -> str:
        """What the host refuses, and why. Raises TemporaryError when all parts were tried, if one is to be again."""
        told = await self._service.reporting.told(found.staging)
        if told is None or project.host is None:
            return ""
        report = self._report(found, host, told)
        refused, later = list[str](), list[TemporaryError]()
        for part in project.host.report:
            try:
                await report.tell(part)
            except TemporaryError as error:
                later.append(error)
            except PermanentError as error:
                refused.append(f"{part}: {error.text}")
                log.warning(
                    "the git host refuses it", project=project.name, what=part, why=error.text, hint=error.next_step
                )
        if later:
            raise max(later, key=lambda error: error.retry_after or 0.0)
        return " ".join(refused)

    def _report(self, found: Found, host: GitHostApi, told: Told) -> Report:
        staging = found.staging
        thread = self._link(found.card) if found.card else None
        body = words.comment(staging, thread, lambda user: self._person(user).handle)
        name = reporting.label(staging, self._service.projects)
        remember = partial(self._service.reporting.remember, staging.id)
        return Report(host, staging, name, body, thread or "", told, remember)

    async def _finish(self, claim: Claim, note: str = "") -> None:
        now = self._service.now()
        async with self._store.write() as connection:
            await queue.finish(connection, claim, now, note, due_at=now + timedelta(seconds=self._pace.reports))
