"""One report to a git host: comment, status and deployment of one staging, each remembered as soon as it is told."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.domain import reporting
from bot.domain.errors import MessageGone
from bot.domain.model import Staging
from bot.domain.project import Part
from bot.domain.pulls import number_of
from bot.domain.reporting import Deployment, Standing, Status, Told
from bot.hosts import words
from bot.ports import GitHostApi

Remember = Callable[[Told], Awaitable[None]]


class Report:
    """`name`: what the host knows the staging by. `body`: of the comment. `thread`: a link to it, or ""."""

    def __init__(
        self, host: GitHostApi, staging: Staging, name: str, body: str, thread: str, told: Told, remember: Remember
    ) -> None:
        self._host, self._staging, self._name = host, staging, name
        self._body, self._thread, self._told, self._remember = body, thread, told, remember
        self._standing, self._description = reporting.standing(staging), words.description(staging)

    async def tell(self, part: Part) -> None:
        """Raises what the host raises; what was told until then is remembered."""
        match part:
            case Part.COMMENT:
                await self._comment()
            case Part.STATUS:
                await self._statuses()
            case Part.DEPLOYMENT:
                await self._deployments()

    async def _comment(self) -> None:
        """A pull request may be opened later than its staging, or anew, so it is asked for each time. One that somebody
        deleted comes back with the next release."""
        told, release = self._told, self._staging.attempt.id
        pull = number_of(self._staging.branch)
        if pull is None and self._standing is not Standing.GONE:
            pull = await self._host.pull(self._staging.branch)
        pull = pull or told.pull
        known, body = told.comment if pull == told.pull else "", _digest(self._body)
        said = bool(known) and told.body == body
        if pull is None or said or told.unwanted == release or (self._standing.resting and not known):
            return
        try:
            id = await self._host.comment(pull, words.mark(self._staging), self._body, known)
        except MessageGone:
            return await self._are_told(replace(told, pull=pull, comment="", body="", unwanted=release))
        await self._are_told(replace(told, pull=pull, comment=id, body=body, unwanted=""))

    async def _statuses(self) -> None:
        for commit, standing, description in reporting.statuses(self._staging, self._told, self._description):
            url = self._url if standing is not Standing.REPLACED else ""
            if await self._host.status(Status(commit, self._name, standing, description, url or self._thread)):
                await self._are_told(reporting.marked(self._told, commit, standing, description))

    async def _deployments(self) -> None:
        for release, standing in reporting.deployments(self._staging, self._told):
            id, _ = self._told.deployments.get(release, ("", ""))
            try:
                id = await self._host.deployment(self._deployment(release, standing), id)
            except MessageGone:
                standing = Standing.GONE
            await self._are_told(reporting.deployed(self._told, release, id, standing))

    def _deployment(self, release: str, standing: Standing) -> Deployment:
        newest = self._staging.attempt
        said = f"replaced by release {newest.number}" if standing is Standing.REPLACED else self._description
        environment = f"staging/{self._name}"
        branch, url = self._staging.branch, self._url
        return Deployment(release, newest.commit, branch, environment, standing, said, url, self._thread)

    @property
    def _url(self) -> str:
        """Only of what answers."""
        return (self._staging.url or "") if self._staging.answers and not self._standing.resting else ""

    async def _are_told(self, told: Told) -> None:
        self._told = told
        await self._remember(told)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
