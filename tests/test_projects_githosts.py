"""The API of a repository's host, as octopod.yaml gives it."""

from pathlib import Path

import pytest
from test_projects import LEAST, mistakes, project, written

from bot.domain.project import GitHost, GithubApp, HostKind, Part
from bot.projects import load_projects

GITHUB, GITLAB = HostKind.GITHUB, HostKind.GITLAB
APP = "github_app: {id: 12345, key: APP_KEY}"
TOKEN = "api_token: API_TOKEN"


def at(repo: str) -> str:
    return LEAST.replace("./shop.git", repo)


@pytest.mark.parametrize(
    ("repo", "api", "kind", "url", "repository"),
    [
        ("https://github.com/acme/shop.git", "", GITHUB, "https://api.github.com", "acme/shop"),
        ("git@github.com:Acme/shop", "", GITHUB, "https://api.github.com", "Acme/shop"),
        ("ssh://git@ssh.github.com:443/acme/shop.git", "", GITHUB, "https://api.github.com", "acme/shop"),
        ("https://acme.ghe.com/acme/shop", "", GITHUB, "https://api.acme.ghe.com", "acme/shop"),
        ("https://gitlab.com/acme/web/shop.git", "", GITLAB, "https://gitlab.com/api/v4", "acme/web/shop"),
        (
            "git@git.acme.com:acme/shop.git",
            "https://git.acme.com/api/v4/",
            GITLAB,
            "https://git.acme.com/api/v4",
            "acme/shop",
        ),
        (
            "https://git.acme.com/acme/shop",
            "https://git.acme.com/api/v3",
            GITHUB,
            "https://git.acme.com/api/v3",
            "acme/shop",
        ),
        (
            "https://acme.com/gitlab/a/shop",
            "https://acme.com/gitlab/api/v4",
            GITLAB,
            "https://acme.com/gitlab/api/v4",
            "a/shop",
        ),
    ],
)
def test_which_api_it_is_and_what_it_calls_the_repository(
    tmp_path: Path, repo: str, api: str, kind: HostKind, url: str, repository: str
) -> None:
    said = f"{TOKEN}\n    api: {api}" if api else TOKEN
    assert project(tmp_path, said, at(repo)).host == GitHost(kind, url, repository, token="API_TOKEN")


def test_an_app_takes_the_place_of_a_token(tmp_path: Path) -> None:
    found = project(tmp_path, APP, at("git@github.com:acme/shop.git"))
    assert found.host and found.host.app == GithubApp("12345", "APP_KEY")
    assert found.lent == ("APP_KEY",)


@pytest.mark.parametrize(
    ("said", "parts"),
    [("true", tuple(Part)), ("false", ()), ("[deployment, status]", (Part.STATUS, Part.DEPLOYMENT))],
)
def test_what_is_told_can_be_chosen(tmp_path: Path, said: str, parts: tuple[Part, ...]) -> None:
    found = project(tmp_path, f"{TOKEN}\n    report: {said}", at("https://github.com/acme/shop"))
    assert found.host and found.host.report == parts
    assert found.reports == bool(parts)


def test_without_credentials_nobody_is_asked_or_told(tmp_path: Path) -> None:
    assert load_projects(written(tmp_path, at("https://github.com/acme/shop"))).projects["shop"].host is None


@pytest.mark.parametrize(
    ("repo", "said", "mistake"),
    [
        ("./shop.git", TOKEN, "api_token: is for a repository at a git host; this one is a path"),
        (
            "https://git.acme.com/a/b",
            TOKEN,
            "api_token: needs `api`, as nobody can see which API git.acme.com has: "
            "https://git.acme.com/api/v4 for a GitLab, https://git.acme.com/api/v3 for a GitHub Enterprise",
        ),
        (
            "https://github.com/a/b",
            f"{TOKEN}\n    {APP}",
            "github_app: is one way, and api_token another; leave one out",
        ),
        ("https://gitlab.com/a/b", APP, "github_app: is for GitHub; GitLab takes an api_token"),
        ("https://github.com/a/b/c", TOKEN, "repo: can't be a repository of GitHub: a/b/c is no owner and name"),
        ("https://github.com/a/b", "report: true", "report: needs credentials: api_token, or github_app"),
        ("https://github.com/a/b", "api: https://x.com/api/v4", "api: needs credentials: api_token, or github_app"),
        (
            "https://github.com/a/b",
            f"{TOKEN}\n    api: https://git.acme.com",
            "api: must end in /api/v4 (GitLab) or /api/v3 (GitHub Enterprise); that of github.com goes without saying",
        ),
        (
            "https://github.com/a/b",
            f"{TOKEN}\n    api: http://git.acme.com/api/v4",
            "api: must begin with https://, as credentials would be sent unencrypted",
        ),
        (
            "https://github.com/a/b",
            "api_token: ghp_abc",
            "api_token: must be the name of an environment variable in "
            "capitals, such as GIT_TOKEN, not the token itself",
        ),
        (
            "https://github.com/a/b",
            "github_app: {id: 5}",
            "github_app.key: is missing; say the name of an environment "
            "variable with the private key of the GitHub App",
        ),
        (
            "https://github.com/a/b",
            f"{TOKEN}\n    report: [chat]",
            "report: must be true, false, or a list of comment, status and deployment",
        ),
    ],
)
def test_what_can_not_be_is_told(tmp_path: Path, repo: str, said: str, mistake: str) -> None:
    (told,) = mistakes(tmp_path, f"{at(repo)}    {said}\n")
    assert told.partition(" projects.shop.")[2] == mistake
