"""Where secret values are: in the bot's own environment, or in Secrets beside it, if the engine has such."""

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.errors import PermanentError
from bot.domain.project import SecretPlace

Beside = Callable[[str], Awaitable[Mapping[str, str]]]
"""What is in the Secret of this name. Raises PermanentError when there is none, and TemporaryError."""


class Places:
    """The port `Secrets`. `beside`: None where there are no Secrets beside the bot."""

    def __init__(self, environ: Mapping[str, str], beside: Beside | None) -> None:
        self._environ, self._beside = environ, beside

    async def read(self, place: SecretPlace) -> str:
        if not place.secret:
            return self._of_environment(place.key)
        if self._beside is None:
            raise PermanentError(
                f"`{place}` is in a Secret of Kubernetes; with engine: local only env:NAME can be used."
            )
        found = await self._beside(place.secret)
        if not found.get(place.key):
            raise PermanentError(f"The Secret `{place.secret}` in the bot's namespace has no key `{place.key}`.")
        return found[place.key]

    def _of_environment(self, name: str) -> str:
        if not self._environ.get(name):
            raise PermanentError(f"The bot's own environment has no variable `{name}`.")
        return self._environ[name]
