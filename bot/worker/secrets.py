"""The secret values of a release, read or opened when it is put on the engine. They are never saved as they are."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken

from bot.domain.configuration import Secret, place_of
from bot.domain.errors import PermanentError
from bot.domain.model import Release
from bot.domain.project import SecretPlace
from bot.domain.pulls import from_fork
from bot.domain.redaction import SHORTEST_OWN, Redactor
from bot.keys import Keys
from bot.ports import Secrets

REMEMBERED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Opened:
    """`values` in the clear; `marked`: as they are stored, with their keyed hashes; `mark`: one of all of them."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    marked: Mapping[str, Secret] = field(default_factory=dict)
    mark: str = ""

    def hidden(self, error: PermanentError) -> PermanentError:
        """The error without them."""
        redactor = Redactor(value for value in self.values.values() if len(value) >= SHORTEST_OWN)
        return PermanentError(redactor.text(error.text), redactor.lines(error.details), redactor.text(error.next_step))


class Remembered:
    """The port `Secrets` for whoever asks often: what was read a minute ago is still so."""

    def __init__(self, places: Secrets, now: Callable[[], datetime]) -> None:
        self._places, self._now = places, now
        self._read: dict[SecretPlace, tuple[datetime, str]] = {}

    async def read(self, place: SecretPlace) -> str:
        now = self._now()
        self._read = {one: found for one, found in self._read.items() if now < found[0] + REMEMBERED}
        if place not in self._read:
            self._read[place] = (now, await self._places.read(place))
        return self._read[place][1]


class Opening:
    def __init__(self, places: Secrets, keys: Keys) -> None:
        self._places, self._keys = places, keys

    async def of(self, release: Release) -> Opened:
        """Raises PermanentError that names every key whose value is missing, and TemporaryError. A fork's has none."""
        if from_fork(release.branch):
            return Opened()
        values: dict[str, str] = {}
        missing: list[str] = []
        for key, secret in release.secrets.items():
            try:
                values[key] = await self._one(secret)
            except PermanentError as error:
                missing.append(f"{key}: {error.text}")
        if missing:
            raise PermanentError(
                "Secret values of its configuration are missing.",
                missing,
                "Put them there, or change `secrets:` in octopod.yaml, and deploy again.",
            )
        marked = {key: replace(secret, mark=self._keys.mark(values[key])) for key, secret in release.secrets.items()}
        mark = self._keys.mark(repr([(key, one.mark) for key, one in sorted(marked.items())])) if marked else ""
        return Opened(values, marked, mark)

    async def now(self, known: Mapping[str, Secret]) -> Mapping[str, Secret]:
        """Those whose value is another one at its place by now than when it was marked. Raises TemporaryError."""
        found: dict[str, Secret] = {}
        for key, secret in known.items():
            with suppress(PermanentError):  # what is not there any more is told by the release that lacks it
                value = await self._one(secret) if secret.place and secret.mark else None
                if value is not None and not self._keys.marked(value, secret.mark):
                    found[key] = replace(secret, mark=self._keys.mark(value))
        return found

    async def _one(self, secret: Secret) -> str:
        value = await self._places.read(place_of(secret.place)) if secret.place else self._unsealed(secret.sealed)
        if "\0" in value:
            raise PermanentError("Its value holds a NUL character, which no variable can.")
        return value

    def _unsealed(self, sealed: str) -> str:
        try:
            return self._keys.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise PermanentError(
                "It was entered by hand, and the bot's keys do not open it any more. Enter it again with [Config…]."
            ) from None
