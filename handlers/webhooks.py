"""What git hosts, CI, registries and access logs tell: `POST /webhooks/github`, `gitlab`, `generic`, `registry`,
`visits`, and `POST /api/ci`.

| answer | when |
|---|---|
| 404 | the secret of this door is not set; or the repository is no project's |
| 401 | it is not signed, or not with that secret |
| 408, 413 | the body takes too long, or is too long |
| 400 | the body can't be understood; all mistakes are told |
| 202 | it is saved, or nothing follows from it; the answer says which |

Hosts give up after some seconds and do not try again for long, so nobody is asked but the store.
"""

import asyncio
import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import structlog
from aiohttp import web

from bot.domain.hearsay import Hearsay
from bot.domain.project import Project
from bot.forge import address, generic, github, gitlab, registry
from bot.forge.reading import Told, Unreadable
from bot.forge.signatures import bearer, known, signed
from bot.forge.words import words
from handlers.errors import logged

log = structlog.get_logger()
LONGEST = 5 * 1024**2
OURS = "X-Octopod-Signature"
Headers = Mapping[str, str]


class Hearing(Protocol):
    """The service's side."""

    async def heard(self, source: str, delivery: str, projects: Sequence[str], said: Sequence[Hearsay]) -> bool:
        """Save what was said of these projects; of none: for whoever it concerns. False if this delivery of this source
        was saved before."""


@dataclass(frozen=True, slots=True)
class Door:
    """`setting`: where its secrets are. `proven`: whether whoever sent it knows one. `told` may raise Unreadable."""

    source: str
    path: str
    setting: str
    proven: Callable[[Headers, bytes, Sequence[str]], bool]
    told: Callable[[Headers, bytes], Told]


def _signed(header: str, headers: Headers, body: bytes, secrets: Sequence[str]) -> bool:
    return signed(body, headers.get(header, ""), secrets)


def _by_gitlab(headers: Headers, body: bytes, secrets: Sequence[str]) -> bool:
    return known(headers.get("X-Gitlab-Token", ""), secrets)


def _by_bearer(headers: Headers, body: bytes, secrets: Sequence[str]) -> bool:
    return bearer(headers.get("Authorization", ""), secrets)


def _by_registry(headers: Headers, body: bytes, secrets: Sequence[str]) -> bool:
    """Registries can't sign; they can be told a header."""
    return _signed(OURS, headers, body, secrets) or _by_bearer(headers, body, secrets)


def _of_github(headers: Headers, body: bytes) -> Told:
    form = headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
    return github.told(headers.get("X-GitHub-Event", ""), form, body)


DOORS = (
    Door("github", "/webhooks/github", "GITHUB_WEBHOOK_SECRET", partial(_signed, "X-Hub-Signature-256"), _of_github),
    Door("gitlab", "/webhooks/gitlab", "GITLAB_WEBHOOK_TOKEN", _by_gitlab, lambda _, body: gitlab.told(body)),
    Door(
        "generic",
        "/webhooks/generic",
        "OCTOPOD_WEBHOOK_SECRET",
        partial(_signed, OURS),
        lambda _, body: generic.pushed(body),
    ),
    Door("registry", "/webhooks/registry", "OCTOPOD_WEBHOOK_SECRET", _by_registry, lambda _, body: registry.told(body)),
    Door("visits", "/webhooks/visits", "OCTOPOD_WEBHOOK_SECRET", _by_registry, lambda _, body: generic.visited(body)),
    Door("ci", "/api/ci", "OCTOPOD_API_TOKEN", _by_bearer, lambda _, body: generic.ci(body)),
)


class Webhooks:
    """`secrets`: those of a setting. `projects` may change meanwhile. `seconds`: how long a body may take.
    `visits`: who hears of these, if that is somebody else."""

    def __init__(
        self,
        secrets: Callable[[str], Sequence[str]],
        projects: Mapping[str, Project],
        hearing: Hearing,
        seconds: float = 10.0,
        visits: Hearing | None = None,
    ) -> None:
        self._secrets, self._projects, self._hearing, self._seconds = secrets, projects, hearing, seconds
        self._visits = visits or hearing
        self._knocked: set[str] = set()

    def routes(self) -> Sequence[web.RouteDef]:
        return [web.post(door.path, partial(self._answer, door)) for door in DOORS]

    async def _answer(self, door: Door, request: web.Request) -> web.Response:
        secrets = self._secrets(door.setting)
        if not secrets:
            return self._closed(door)
        try:
            async with asyncio.timeout(self._seconds):
                body = await request.clone(client_max_size=LONGEST).read()
        except web.HTTPRequestEntityTooLarge:
            return _error(413, f"The body is longer than {LONGEST // 1024**2} MB.")
        except TimeoutError:
            return _error(408, f"The body took longer than {self._seconds:g} seconds.")
        if not door.proven(request.headers, body, secrets):
            log.warning(
                "a webhook was refused: not signed, or not with our secret", door=door.path, setting=door.setting
            )
            return _error(401, "It is not signed, or not with the secret that was agreed on.")
        try:
            return await self._heard(door, request.headers, body)
        except Unreadable as error:
            log.warning("a webhook was not understood", door=door.path, mistakes=error.mistakes)
            return _error(400, *error.mistakes)
        except Exception:
            return _error(500, f"Something went wrong here; the bot's log has it under {logged('a webhook failed')}.")

    async def _heard(self, door: Door, headers: Headers, body: bytes) -> web.Response:
        told = door.told(headers, body)
        projects = self._of(told.repositories)
        if told.repositories and not projects:
            return _error(404, "There is nothing here.")
        if not told.said:
            return web.json_response({"ignored": told.note}, status=202)
        delivery = _delivery(headers, body)
        hearing = self._visits if door.source == "visits" else self._hearing
        new = await hearing.heard(door.source, delivery, projects, told.said)
        heard = [words(one) for one in told.said]
        log.info(
            "heard" if new else "heard again", source=door.source, delivery=delivery, said=heard, projects=projects
        )
        return web.json_response({"heard": heard} if new else {"ignored": "This was heard before."}, status=202)

    def _of(self, repositories: Sequence[str]) -> Sequence[str]:
        """The projects of a repository, by any of its addresses."""
        found = self._projects.items()
        return [name for name, one in found if any(address.same(one.repo, there) for there in repositories)]

    def _closed(self, door: Door) -> web.Response:
        """Said once, as anybody can knock."""
        if door.path not in self._knocked:
            self._knocked.add(door.path)
            log.warning(f"something was sent to {door.path}, which is closed: {door.setting} is not set")
        return _error(404, "There is nothing here.")


def _delivery(headers: Headers, body: bytes) -> str:
    """What a repetition has as well. Without any, nothing is taken for one: whoever says it again may well mean it."""
    found = headers.get("X-GitHub-Delivery") or headers.get("Idempotency-Key")
    if not found and (event := headers.get("X-Gitlab-Event-UUID")):
        # Of an older GitLab. What its hooks set off there has the same id.
        found = f"{event} {hashlib.sha256(body).hexdigest()}"
    return (found or uuid.uuid4().hex).encode("ascii", "replace").decode()[:200]


def _error(status: int, *sentences: str) -> web.Response:
    return web.json_response({"errors": sentences}, status=status)
