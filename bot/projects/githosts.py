"""`api`, `api_token`, `github_app` and `report` in octopod.yaml: which API the host of a repository has, by what it is
asked, and what is told there.
"""

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.project import GitHost, GithubApp, HostKind, Part
from bot.projects import fields
from bot.projects.places import Document, Keys, Mistake

_SCP = re.compile(r"(?:[^/:@]+@)?([^/:@]+):(?!//)(.+)")
# Where GitHub and GitLab also take ssh.
_ALIASES = {"ssh.github.com": "github.com", "www.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}


class Wrong(ValueError):
    """What is wrong with the value of `key`."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key, self.text = key, text


def _api(value: object) -> str:
    url = fields.text("the address of an API, such as https://gitlab.example.com/api/v4")(value)
    there = fields.parts(url)
    if there.scheme not in ("https", "http") or not there.hostname or there.query or there.username:
        raise ValueError("must be an https:// URL, such as https://gitlab.example.com/api/v4")
    if there.scheme == "http" and not _on_this_machine(there.hostname):
        raise ValueError("must begin with https://, as credentials would be sent unencrypted")
    return url.rstrip("/")


def _app_id(value: object) -> str:
    if isinstance(value, str) and re.fullmatch("[A-Za-z0-9.]{1,60}", value):
        return value
    raise ValueError("must be the App ID or the client ID of a GitHub App, such as 12345")


def _report(value: object) -> tuple[Part, ...]:
    if value in ("true", "false"):
        return tuple(Part) if value == "true" else ()
    if isinstance(value, list) and value and all(one in list(Part) for one in value):
        return tuple(part for part in Part if part in value)
    raise ValueError("must be true, false, or a list of comment, status and deployment")


class AppKeys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, BeforeValidator(_app_id)] = Field(description="Its App ID or client ID.")
    key: Annotated[str, BeforeValidator(fields.variable)] = Field(
        description="The name of an environment variable with its private key, or with the path of that."
    )


Api = Annotated[str | None, BeforeValidator(_api)]
Report = Annotated[tuple[Part, ...], BeforeValidator(_report)]


def host(
    repo: str, api: str | None, token: str | None, app: GithubApp | None, report: tuple[Part, ...] = tuple(Part)
) -> GitHost | None:
    """None: there are no credentials. Raises Wrong."""
    if token is None and app is None:
        return None
    if token and app:
        raise Wrong("github_app", "is one way, and api_token another; leave one out")
    given = "api_token" if token else "github_app"
    name, path = _place(repo, given)
    api = api or _usual(name, given)
    kind = _kind(api)
    if app and kind is HostKind.GITLAB:
        raise Wrong("github_app", "is for GitHub; GitLab takes an api_token")
    repository = _within(api, path)
    if kind is HostKind.GITHUB and repository.count("/") != 1:
        raise Wrong("repo", f"can't be a repository of GitHub: {repository} is no owner and name")
    return GitHost(kind, api, repository, token, app, report)


def mistakes(document: Document, at: Keys, project: Mapping[str, Any]) -> Iterator[Mistake]:
    """What its keys say about each other. What is wrong by itself is told elsewhere."""
    repo, api, token, app = (project.get(key) for key in ("repo", "api", "api_token", "github_app"))
    for key in ("api", "report"):
        if key in project and token is None and app is None and project[key] != "false":
            text = "needs credentials: api_token, or github_app"
            yield document.mistake((*at, key), text, at_key=True)
    try:
        api = _api(api) if api is not None else None
        if isinstance(repo, str):
            host(fields.repo(repo), api, token and str(token), GithubApp("1", "KEY") if app else None)
    except Wrong as error:
        yield document.mistake((*at, error.key), error.text, at_key=error.key != "repo")
    except ValueError:
        return


def _place(repo: str, given: str) -> tuple[str, str]:
    """Host and path of the repository."""
    scp = _SCP.fullmatch(repo) if "://" not in repo else None
    parts = urlsplit(repo if "://" in repo else "")
    name, path = (scp[1], scp[2]) if scp else (parts.hostname or "", unquote(parts.path))
    if not name or parts.scheme == "file":
        raise Wrong(given, "is for a repository at a git host; this one is a path")
    return _ALIASES.get(name.lower(), name.lower()), path.strip("/").removesuffix(".git")


def _usual(name: str, given: str) -> str:
    """The API of hosts that everybody knows."""
    if name == "github.com" or name.endswith(".ghe.com"):
        return f"https://api.{name}"
    if name == "gitlab.com":
        return "https://gitlab.com/api/v4"
    where = f"https://{name}/api/v4 for a GitLab, https://{name}/api/v3 for a GitHub Enterprise"
    raise Wrong(given, f"needs `api`, as nobody can see which API {name} has: {where}")


def _kind(api: str) -> HostKind:
    parts = urlsplit(api)
    if parts.path.endswith("/api/v4"):
        return HostKind.GITLAB
    if parts.path.endswith("/api/v3") or (parts.hostname or "").startswith("api."):
        return HostKind.GITHUB
    raise Wrong(
        "api", "must end in /api/v4 (GitLab) or /api/v3 (GitHub Enterprise); that of github.com goes without saying"
    )


def _within(api: str, path: str) -> str:
    """A GitLab below a path of its host has it in the addresses of repositories as well."""
    below = urlsplit(api).path.removesuffix("/api/v4").strip("/")
    return path.removeprefix(f"{below}/") if below else path


def _on_this_machine(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
