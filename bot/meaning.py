"""What a wish means: which project, staging, branch and name, by what is configured and what is stored."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import commands, lookup, naming
from bot.domain.comparing import Comparison
from bot.domain.configuration import Layer, Overrides, differences, effective
from bot.domain.errors import UserError
from bot.domain.masking import masked
from bot.domain.model import Release, Staging
from bot.domain.policy import Person, require_deploy
from bot.domain.project import Project
from bot.domain.pulls import called
from bot.forge import address
from bot.store import releases, stagings
from bot.store.roster import Roster


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, and where (in the App Home: no channel). `id` is Slack's own for this one wish, so that a repetition is
    recognised. `view_id`: of the dialog that waits for the answer."""

    id: str
    person: Person
    channel: str
    channel_name: str
    at: datetime
    thread_ts: str | None = None
    response_url: str | None = None
    view_id: str | None = None


class Meaning:
    """`port`: what URLs carry when a host names none. `mark`: makes what secret values are compared by.

    Raises UserError for what means nothing, or too much.
    """

    def __init__(
        self, projects: Mapping[str, Project], port: int | None, mark: Callable[[str], str], roster: Roster
    ) -> None:
        self._projects, self._port, self._mark, self._roster = projects, port, mark, roster

    def project(self, name: str | None) -> Project:
        """Raises UserError when octopod.yaml has none of this name (any more)."""
        if name and name in self._projects:
            return self._projects[name]
        raise UserError(f"There is no project `{name}` in octopod.yaml. There is: {', '.join(self._projects)}.")

    def project_of(self, asked: Asked, named: str | None) -> Project:
        """The named one, else the channel's, else the only one."""
        if named:
            return self.project(named)
        meant = self._here(asked) or list(self._projects)
        if len(meant) == 1:
            return self._projects[meant[0]]
        raise UserError(f"Which project? Add `--project NAME`: {', '.join(meant)}.")

    def _here(self, asked: Asked) -> Sequence[str]:
        """The projects whose channel it is."""
        return [p.name for p in self._projects.values() if asked.channel_name in (p.channel, p.alerts)]

    async def staging(
        self, connection: AsyncConnection, asked: Asked, which: str | None, project: str | None
    ) -> Staging:
        if which is None:
            found = await stagings.by_card(connection, asked.channel, asked.thread_ts or "")
            if found is None:
                raise UserError("Which staging? Name it, or say this in its thread. `/octopod list` shows all.")
            return found
        return lookup.find(await self._roster.present(connection, project), which, self._here(asked))

    async def staging_ever(
        self, connection: AsyncConnection, asked: Asked, which: str | None, project: str | None
    ) -> Staging:
        """Also one that is deleted, if none of its name is there."""
        if which is None:
            return await self.staging(connection, asked, None, project)
        present = await self._roster.present(connection, project)
        names = {(one.project, one.name) for one in present}
        gone = [one for one in await stagings.gone(connection, project, which) if (one.project, one.name) not in names]
        return lookup.find([*present, *gone], which, self._here(asked))

    async def deploy(self, connection: AsyncConnection, asked: Asked, command: commands.Deploy) -> commands.Deploy:
        if command.pull:
            project = self._project_of_pull(asked, command)
        else:
            if command.branch is None:
                command = await self._deploy_of_thread(connection, asked, command)
            project = self.project_of(asked, command.project)
        require_deploy(asked.person, project)
        _require_name(command.name)
        return replace(command, project=project.name)

    def _project_of_pull(self, asked: Asked, command: commands.Deploy) -> Project:
        """That of the repository in its link, if it was named by one."""
        assert command.pull
        if command.branch:
            raise UserError(f"Name the branch or its pull request, not both: `{command.branch}`, `{command.pull}`.")
        repo = command.pull.repo
        if not repo:
            return self.project_of(asked, command.project)
        there = [name for name, one in self._projects.items() if address.same(one.repo, repo)]
        if not there:
            raise UserError(f"No project has the repository {repo}. `/octopod projects` shows those that there are.")
        if command.project and command.project not in there:
            raise UserError(f"{repo} is not the repository of {command.project}, but of {', '.join(there)}.")
        here = [name for name in there if name in self._here(asked)] or there
        return self.project_of(asked, command.project or (here[0] if len(here) == 1 else None))

    async def _deploy_of_thread(
        self, connection: AsyncConnection, asked: Asked, command: commands.Deploy
    ) -> commands.Deploy:
        here = await stagings.by_card(connection, asked.channel, asked.thread_ts or "")
        if here is None:
            raise UserError("Which branch? `/octopod deploy BRANCH`. Only in a staging's thread it may be left out.")
        name, project = command.name or here.name, command.project or here.project
        return replace(command, branch=here.branch, name=name, project=project)

    async def logs(self, connection: AsyncConnection, asked: Asked, command: commands.Logs) -> commands.Logs:
        """In a staging's thread, one word that names no staging is a workload."""
        try:
            staging = await self.staging(connection, asked, command.staging, command.project)
        except UserError:
            if command.workload or not asked.thread_ts:
                raise
            staging = await self.staging(connection, asked, None, None)
            command = replace(command, workload=command.staging)
        return replace(command, staging=staging.name, project=staging.project)

    async def compared(self, connection: AsyncConnection, asked: Asked, command: commands.Diff) -> Comparison:
        """In a staging's thread, one word is what it is compared with."""
        here = await stagings.by_card(connection, asked.channel, asked.thread_ts or "") if asked.thread_ts else None
        one, other = command.staging, command.other
        if here and one and not other:
            one, other = None, one
        staging = await self.staging(connection, asked, one, command.project)
        if other == commands.LAST_GOOD:
            good = await releases.last_good(connection, staging)
            if good is None:
                raise UserError(f"{staging.name} has no other release that was live, so there is nothing to compare.")
            return self._comparison(staging, f"release {good.number}", good)
        second = await self.staging(connection, asked, other, command.project) if other else staging
        if second.id == staging.id:
            defaults = effective(self.project(staging.project), Overrides())
            return Comparison(staging, "defaults", None, differences(defaults, self._shown(staging, staging.attempt)))
        return self._comparison(staging, second.name, second.attempt, second)

    def _comparison(self, staging: Staging, name: str, other: Release, its: Staging | None = None) -> Comparison:
        """With a release of the same staging, or of another one."""
        theirs = self._shown(its or staging, other)
        return Comparison(staging, name, other, differences(theirs, self._shown(staging, staging.attempt)))

    def _shown(self, staging: Staging, release: Release) -> Layer:
        return masked(release.configuration, self._projects.get(staging.project), self._mark)

    async def deployed_onto(
        self, connection: AsyncConnection, project: Project, branch: str, name: str | None
    ) -> tuple[Staging | None, str]:
        """The staging that a deploy of this branch updates, if there is one, and its name."""
        if name is None:
            of_branch = await stagings.of_branch(connection, project.name, branch)
            if of_branch:
                return of_branch[0], of_branch[0].name
            return None, naming.staging_name(called(branch), await self._taken(connection, project))
        existing = await stagings.by_name(connection, project.name, name)
        if existing and existing.branch != branch:
            raise UserError(
                f"`{name}` is the staging of branch `{existing.branch}`. Choose another name, or delete it."
            )
        return existing, name

    async def _taken(self, connection: AsyncConnection, project: Project) -> Callable[[str], bool]:
        """A name is taken by a staging of that name, and by one of any project that has one of its hosts."""
        present = await stagings.names(connection)
        names = {name for of_project, name, _ in present if of_project == project.name}
        hosts = {urlsplit(url).netloc for _, _, urls in present for url in urls.values()}

        def taken(name: str) -> bool:
            wanted = naming.hosts(project.hosts, name, self._port).values()
            urls = (naming.url(project.scheme, host) for host in wanted)
            return name in names or any(urlsplit(url).netloc in hosts for url in urls)

        return taken


def _require_name(name: str | None) -> None:
    if name and not naming.valid_name(name):
        raise UserError(
            f"`{name}` cannot be the name of a staging, because it becomes part of its URL. Use up to 40 of a–z, 0–9 "
            "and dashes, with a letter or digit first and last."
        )
