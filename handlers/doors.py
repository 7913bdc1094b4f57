"""What every door needs: the service, who is who, and how stagings are shown. Put into Bolt's context by `register`."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.chronicle import Past
from bot.domain import masking, origins
from bot.domain.commands import Deploy
from bot.domain.model import Staging
from bot.domain.notes import odd
from bot.domain.policy import Person
from bot.domain.project import ProbeFrom
from bot.domain.story import Line
from bot.looking import Found
from bot.meaning import Asked
from bot.muting import Muting
from bot.ports import Posted
from bot.service import Service
from bot.slack.findings import Around
from bot.slack.messages import Text, compared
from bot.wayback import WayBack

Act = Callable[["Doors", Asked, str], Awaitable[Text | None]]
"""What a button does, given its value: one method of the service, and what to tell."""


@dataclass(frozen=True, slots=True)
class Doors:
    """`link`: the permalink of a message, if it is known. `engine`: where stagings run, for cards. `port`: what URLs
    carry when a host names none.

    `running`: the listeners at work, and what they do after their acks; Bolt does not track them.
    """

    service: Service
    person: Callable[[str], Person]
    channel_name: Callable[[str], str]
    link: Callable[[Posted], str | None]
    engine: str
    back: WayBack
    muting: Muting
    port: int | None = None
    running: set[asyncio.Task[Any]] = field(default_factory=set)

    async def drained(self, seconds: float = 5.0) -> None:
        """Let the listeners at work come to their end."""
        if self.running:
            await asyncio.wait(self.running, timeout=seconds)

    def later(self, work: Coroutine[Any, Any, object]) -> None:
        """Do it without keeping the ack waiting: that goes out when the listener is at its end."""
        task = asyncio.create_task(work)
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    def link_to(self, card: Posted | None) -> str | None:
        return self.link(card) if card else None

    def configuration(self, staging: Staging) -> Sequence[origins.Line]:
        """Of its newest release, key by key."""
        return origins.lines(self.service.projects.on(staging.project, staging.branch), staging.attempt)

    def shown(self, staging: Staging) -> Staging:
        """As texts may tell of its configuration."""
        return masking.shown(staging, self.service.projects.get(staging.project))

    def journal(self, found: Found) -> Sequence[tuple[datetime, str, str, str]]:
        """Time, actor, what and why of its newest lines, as texts may tell them."""
        project = self.service.projects.get(found.staging.project)
        return [(line.at, line.actor, line.what, masking.masked_text(line.why, project)) for line in found.journal]

    def around(self, staging: Staging, card: Posted | None) -> Around:
        """What texts about how it is doing need."""
        against = compared(staging, self.service.projects.get(staging.project), self.port)
        return Around(self.link_to(card), against, self.service.now(), lambda user: self.person(user).handle)

    def checks(self, staging: Staging) -> Sequence[str]:
        """The names of its health checks."""
        project = self.service.projects.get(staging.project)
        return [check.name for check in project.health_checks] if project else []

    def lines(self, past: Past) -> Sequence[Line]:
        """Of its journal, as texts may tell them."""
        return [self._line(past, line) for line in past.lines]

    def last_line(self, past: Past) -> Line | None:
        return self._line(past, past.last) if past.last else None

    def _line(self, past: Past, line: Line) -> Line:
        project = self.service.projects.get(past.staging.project)
        return replace(line, why=masking.masked_text(line.why, project))

    def odd(self, meant: Deploy) -> Sequence[tuple[str, str]]:
        """What is odd about keys that are to be set."""
        known = self.service.projects.on(meant.project or "", meant.branch or "")
        return odd(known, meant.change) if known else []

    def probed(self, staging: Staging) -> bool:
        project = self.service.projects.get(staging.project)
        return project is None or project.url_probe.origin is not ProbeFrom.OFF
