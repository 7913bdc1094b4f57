"""Reading values out of objects that a person wrote: every surprise becomes a mistake with the object's name. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.errors import PermanentError


@dataclass(slots=True)
class Mistakes:
    """All that is wrong with a release, collected before anything is refused."""

    lines: list[str] = field(default_factory=list)

    def raise_any(self) -> None:
        if not self.lines:
            return
        count = "one mistake" if len(self.lines) == 1 else f"{len(self.lines)} mistakes"
        raise PermanentError(
            f"The local engine can't run this release: {count} in its manifests.",
            details=self.lines,
            next_step="Change them on the branch and deploy again.",
        )


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping of unknown quality, and the words that say where it is ("Deployment web: container app")."""

    values: Mapping[str, Any]
    where: str
    mistakes: Mistakes

    def wrong(self, text: str) -> None:
        self.mistakes.lines.append(f"{self.where}: {text}")

    def at(self, where: str, values: Any = None) -> "Fields":
        """The same or other values under a longer name."""
        return Fields(self.values if values is None else values, f"{self.where}: {where}", self.mistakes)

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def map(self, key: str) -> "Fields":
        value = self.values.get(key)
        if value is not None and not isinstance(value, Mapping):
            self.wrong(f"{key} must be a mapping")
            value = None
        return Fields(value or {}, self.where, self.mistakes)

    def maps(self, key: str) -> "Iterator[Fields]":
        for entry in self.list(key):
            if isinstance(entry, Mapping):
                yield Fields(entry, self.where, self.mistakes)
            else:
                self.wrong(f"every entry of {key} must be a mapping")

    def list(self, key: str) -> tuple[Any, ...]:
        value = self.values.get(key)
        if value is None:
            return ()
        if isinstance(value, list | tuple):
            return tuple(value)
        self.wrong(f"{key} must be a list")
        return ()

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, str) and "\0" not in value:
            return value
        self.wrong(f"{key} must be a text, in quotes if it looks like a number")
        return default

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.list(key)
        if all(isinstance(value, str) and "\0" not in value for value in values):
            return values
        self.wrong(f"every entry of {key} must be a text, in quotes if it looks like a number")
        return ()

    def text_map(self, key: str) -> Mapping[str, str]:
        found = self.map(key)
        bad = [name for name, value in found.values.items() if not isinstance(value, str) or "\0" in value]
        for name in bad:
            self.wrong(f"{key}.{name} must be a text, in quotes if it looks like a number")
        return {str(name): value for name, value in found.values.items() if name not in bad}

    def number(self, key: str, default: int, least: int = 0) -> int:
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        self.wrong(f"{key} must be a whole number, {least} or more")
        return default

    def port(self, key: str) -> int | str | None:
        """A port by number or name; None if there is none or it is no port."""
        value = self.values.get(key)
        if value is None or (isinstance(value, str) and value):
            return value
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536:
            return value
        self.wrong(f"{key} must be a port: a number from 1 to 65535, or a name")
        return None
