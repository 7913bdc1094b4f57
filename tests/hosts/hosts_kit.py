"""A client of one of the stand-ins, for a project `shop` whose repository is acme/shop."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import aiohttp
from standin import Standin

from bot.domain.project import GitHost, GithubApp, HostKind, Manifests, Project
from bot.domain.reporting import Deployment, Standing, Status
from bot.hosts.api import Pace
from bot.hosts.hosts import Hosts
from bot.ports import GitHostApi

SHA = "1a2b3c" + "0" * 34


class Time:
    """Seconds, of which some pass when somebody sleeps."""

    def __init__(self) -> None:
        self.begun = float(int(time.time()))  # tokens of Apps say when they were made
        self.at = 0.0
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds

    def pace(self, writes: float = 0.0) -> Pace:
        return Pace(writes, self.sleep, lambda: self.at, lambda: self.begun + self.at)


def project(host: GitHost) -> Project:
    return Project(
        name="shop",
        repo="https://git.example.com/acme/shop.git",
        source=Manifests(PurePosixPath("deploy")),
        channel="stagings",
        alerts="stagings",
        host=host,
    )


def a_host(kind: HostKind, api: str, **changes: Any) -> GitHost:
    return replace(GitHost(kind, api, "acme/shop", token="API_TOKEN"), **changes)


APP = GithubApp("12345", "APP_KEY")


@asynccontextmanager
async def client(
    standin: Standin,
    kind: HostKind,
    environ: Mapping[str, str] | None = None,
    pace: Pace | None = None,
    **changes: Any,
) -> AsyncIterator[GitHostApi]:
    async with standin.serving() as url, aiohttp.ClientSession() as session:
        hosts = Hosts(session, environ or {"API_TOKEN": "a-token"}, pace or Time().pace())
        found = hosts.of(project(a_host(kind, url, **changes)))
        assert found is not None
        yield found


def a_status(standing: Standing = Standing.LIVE, description: str = "feature-x is live") -> Status:
    return Status(SHA, "feature-x", standing, description, "http://feature-x.localhost")


def a_deployment(standing: Standing = Standing.LIVE, release: str = "r1") -> Deployment:
    url = "http://feature-x.localhost"
    return Deployment(release, SHA, "feature-x", "staging/feature-x", standing, "so it is", url, "https://slack/thread")
