"""What the APIs are asked with: a token of the bot's environment, or one that a GitHub App gets for an hour.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
"""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jwt

from bot.domain.errors import PermanentError
from bot.domain.project import GithubApp
from bot.hosts.api import Api, NotThere

FRESH = 300.0  # seconds for which a token has to be good still
SKEW, LIFE = 60, 540


def lent(environ: Mapping[str, str], name: str) -> str:
    """Raises PermanentError when the bot has no such variable."""
    if found := environ.get(name, "").strip():
        return found
    text = f"The credentials {name} are not there: the bot has no environment variable of that name."
    raise PermanentError(text, next_step=f"Set {name} where the bot runs, and start it again.")


class Token:
    """As it is in the environment."""

    def __init__(self, environ: Mapping[str, str], name: str) -> None:
        self._environ, self._name = environ, name

    async def token(self) -> str:
        return lent(self._environ, self._name)

    def refused(self) -> bool:
        return False


class AppItself:
    """The App, by its key. It may only ask for installations and their tokens."""

    def __init__(self, environ: Mapping[str, str], app: GithubApp, now: Callable[[], float] = time.time) -> None:
        self._environ, self._app, self._now = environ, app, now

    async def token(self) -> str:
        key, now = _pem(lent(self._environ, self._app.key)), int(self._now())
        claims = {"iat": now - SKEW, "exp": now + LIFE, "iss": self._app.id}
        try:
            return jwt.encode(claims, key, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            step = f"Set {self._app.key} to the text of the .pem file that GitHub gave for the App, or to its path."
            raise PermanentError(f"{self._app.key} holds no private key.", next_step=step) from None

    def refused(self) -> bool:
        return False


class Installed:
    """The App where it is installed: a token for one repository, kept until it is nearly over."""

    def __init__(self, itself: Api, repository: str, now: Callable[[], float] = time.time) -> None:
        self._itself, self._repository, self._now = itself, repository, now
        self._token, self._good_until = "", 0.0

    async def token(self) -> str:
        if not self._token or self._now() > self._good_until - FRESH:
            self._token, self._good_until = await self._new()
        return self._token

    def refused(self) -> bool:
        """It was revoked, or the App's rights were changed."""
        had, self._token = bool(self._token), ""
        return had

    async def _new(self) -> tuple[str, float]:
        try:
            installation = (await self._itself.get(f"/repos/{self._repository}/installation"))["id"]
        except NotThere:
            step = f"Install the App on {self._repository}; its settings on GitHub have Install App."
            raise PermanentError(f"The GitHub App is not installed on {self._repository}.", next_step=step) from None
        only = {"repositories": [self._repository.rpartition("/")[2]]}
        given: Any = await self._itself.send("POST", f"/app/installations/{int(installation)}/access_tokens", only)
        return str(given["token"]), datetime.fromisoformat(given["expires_at"]).timestamp()


def _pem(text: str) -> str:
    """The key itself, or the file that holds it. Environment files often hold keys in one line."""
    if text.startswith("-----BEGIN"):
        return text if "\n" in text else text.replace("\\n", "\n")
    try:
        return Path(text).expanduser().read_text()
    except (OSError, ValueError):
        return ""
