"""Asks git hosts how CI stands of the commits whose images are waited for, and tells it as if it had been heard.

It stands before whoever hears webhooks, so that it knows what need not be asked. All of it is in memory only: whatever
still waits after a start is asked about anew.
"""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from bot.domain import asking
from bot.domain.asking import GENTLY, Awaited, Gently
from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.hearsay import CiRun, Hearsay
from bot.domain.model import Phase
from bot.ports import GitHostApi, GitHosts
from bot.service import Service

log = structlog.get_logger()
EVERY = 5.0


class Hearing(Protocol):
    async def heard(self, source: str, delivery: str, projects: Sequence[str], said: Sequence[Hearsay]) -> bool: ...


class Asker:
    """`hearing`: who hears what webhooks tell, and what is asked here."""

    def __init__(self, service: Service, hosts: GitHosts, hearing: Hearing, how: Gently = GENTLY) -> None:
        self._service, self._hosts, self._hearing, self._how = service, hosts, hearing, how
        self._awaited: dict[tuple[str, str], Awaited] = {}

    async def heard(self, source: str, delivery: str, projects: Sequence[str], said: Sequence[Hearsay]) -> bool:
        new = await self._hearing.heard(source, delivery, projects, said)
        for commit in {one.commit for one in said if isinstance(one, CiRun)}:
            for key in [(project, commit) for project in projects]:
                if key in self._awaited:
                    self._awaited[key] = asking.heard(self._awaited[key], self._service.now(), self._how)
        return new

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.round()
            except Exception:
                log.exception("asking for CI failed")
            await asyncio.sleep(EVERY)

    async def round(self) -> None:
        """Ask what is due."""
        asked = {name: host for name, one in self._service.projects.items() if (host := self._hosts.of(one))}
        waiting = await self._waiting() if asked else set()
        now = self._service.now()
        keys = [key for key in waiting if key[0] in asked]
        self._awaited = {key: self._awaited.get(key) or asking.awaited(now, self._how) for key in keys}
        for key in [key for key in keys if self._awaited[key].next_look <= now]:
            await self._ask(asked[key[0]], key)

    async def _waiting(self) -> set[tuple[str, str]]:
        present = await self._service.looking.present()
        return {(one.project, one.attempt.commit) for one in present if one.phase is Phase.WAITING}

    async def _ask(self, host: GitHostApi, key: tuple[str, str]) -> None:
        project, commit = key
        try:
            runs = await host.runs(commit)
        except TemporaryError as error:
            longest = self._how.longest.total_seconds()
            return self._put_off(key, timedelta(seconds=max(error.retry_after or 0.0, longest)), error.text)
        except PermanentError as error:
            return self._put_off(key, self._how.refused, f"{error.text} {error.next_step}".strip())
        now = self._service.now()
        self._awaited[key], news = asking.answered(self._awaited[key], runs, now, scarce=host.scarce, how=self._how)
        if news:
            await self._hearing.heard("asked", uuid.uuid4().hex, [project], news)

    def _put_off(self, key: tuple[str, str], pause: timedelta, why: str) -> None:
        now = self._service.now()
        log.info("CI can't be asked", project=key[0], commit=key[1], why=why)
        self._awaited[key] = asking.put_off(self._awaited[key], now + pause)
