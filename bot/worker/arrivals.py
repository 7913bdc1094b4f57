"""Makes the stagings that come by themselves, once git has shown what they would run."""

from collections.abc import Mapping

from bot.domain.hearsay import PullRequest
from bot.domain.project import DeployOn, Project
from bot.domain.pulls import refs_of
from bot.ports import Git
from bot.service import Service


class Arrivals:
    def __init__(self, service: Service, git: Git) -> None:
        self._arriving, self._git = service.arriving, git

    async def look(self, project: Project, heads: Mapping[str, str]) -> None:
        """`heads`: the branches as they count by now. What fails here is done by the next look."""
        match project.deploy_on:
            case DeployOn.PUSH:
                for branch in await self._arriving.unseen(project, heads):
                    commit = await self._git.commit(project, heads[branch])
                    await self._arriving.pushed(project, branch, commit)
            case DeployOn.PULL_REQUEST | DeployOn.LABEL:
                for pull in await self._arriving.due(project.name):
                    await self._pull(project, pull, heads)
            case DeployOn.CHAT:
                pass

    async def _pull(self, project: Project, pull: PullRequest, heads: Mapping[str, str]) -> None:
        """One that git does not show yet is looked for again."""
        if not pull.fork:
            if pull.branch in heads:
                await self._arriving.opened(project, pull, await self._git.commit(project, heads[pull.branch]))
            return
        for ref, commit in (await self._git.refs(project, refs_of(pull.number))).items():
            await self._arriving.ask(project, pull, ref, await self._git.commit(project, commit))
