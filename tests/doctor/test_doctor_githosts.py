"""The doctor's look at the APIs of git hosts."""

import aiohttp
from github_standin import GitHubStandin
from hosts_kit import Time, a_host, project

from bot.doctor.githosts import githosts
from bot.doctor.report import line
from bot.domain.project import HostKind
from bot.hosts.hosts import Hosts


async def said(github: GitHubStandin, token: str = "a-token") -> list[str]:
    async with github.serving() as url, aiohttp.ClientSession() as session:
        known = Hosts(session, {"API_TOKEN": token}, Time().pace())
        answers = await githosts([project(a_host(HostKind.GITHUB, url))], known)
        return [line(answer).replace(url, "URL") for answer in answers]


async def test_an_api_that_can_be_asked_is_well_and_nothing_is_written() -> None:
    github = GitHubStandin()
    assert await said(github) == [
        "✓ API of shop: URL can be asked about acme/shop, and is told of comment, status, deployment"
    ]
    assert github.changes() == []


async def test_a_token_that_is_refused_is_told_with_what_it_needs() -> None:
    (told,) = await said(GitHubStandin(), "another")
    assert told.startswith("✗ API of shop: 127.0.0.1")
    assert "does not take the credentials: Bad credentials. → A token or App needs, for this repository:" in told
