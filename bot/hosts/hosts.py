"""Which API a project's host has. Projects that share a credential share its limits."""

import os
from collections.abc import Mapping

import aiohttp

from bot.domain.project import GitHost, HostKind, Project
from bot.hosts import github, gitlab
from bot.hosts.api import PACE, Api, Credential, Pace
from bot.hosts.credentials import AppItself, Installed, Token
from bot.hosts.github import GitHub
from bot.hosts.gitlab import GitLab
from bot.ports import GitHostApi


class Hosts:
    """The port `GitHosts`. `environ`: where the credentials are."""

    def __init__(
        self, session: aiohttp.ClientSession, environ: Mapping[str, str] = os.environ, pace: Pace = PACE
    ) -> None:
        self._session, self._environ, self._pace = session, environ, pace
        self._apis: dict[tuple[str, ...], Api] = {}

    def of(self, project: Project) -> GitHostApi | None:
        host = project.host
        if host is None:
            return None
        if host.kind is HostKind.GITHUB:
            return GitHub(self._api(host, github.HEADERS, github.RIGHTS), host.repository)
        return GitLab(self._api(host, gitlab.HEADERS, gitlab.RIGHTS), host.repository)

    def _api(self, host: GitHost, headers: Mapping[str, str], rights: str) -> Api:
        """An App's tokens are for one repository each."""
        key = (host.api, host.token) if host.token else (host.api, *(_app(host)), host.repository)
        if key not in self._apis:
            credential = self._credential(host, headers, rights)
            self._apis[key] = Api(self._session, host.api, credential, headers, rights, self._pace)
        return self._apis[key]

    def _credential(self, host: GitHost, headers: Mapping[str, str], rights: str) -> Credential:
        if host.token:
            return Token(self._environ, host.token)
        assert host.app, "octopod.yaml has one of both"
        itself = AppItself(self._environ, host.app, self._pace.now)
        asking = Api(self._session, host.api, itself, headers, rights, self._pace)
        return Installed(asking, host.repository, self._pace.now)


def _app(host: GitHost) -> tuple[str, str]:
    assert host.app, "octopod.yaml has one of both"
    return host.app.id, host.app.key


class NoHosts:
    """The port `GitHosts`, where there are no such APIs."""

    def of(self, project: Project) -> GitHostApi | None:
        return None
