"""One call of the Web API: its arguments as Slack reads them, what a method is given, and how it refuses."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.playground.model import Json
from bot.playground.triggers import Triggers
from bot.playground.world import World


class SlackError(Exception):
    """Answered as `{"ok": false, "error": …}`, with `messages` where Slack says more."""

    def __init__(self, error: str, messages: Sequence[str] = ()) -> None:
        super().__init__(error)
        self.error = error
        self.messages = tuple(messages)

    def as_json(self) -> Json:
        if not self.messages:
            return {"ok": False, "error": self.error}
        told = [f"[ERROR] {message}" for message in self.messages]
        return {
            "ok": False,
            "error": self.error,
            "errors": list(self.messages),
            "response_metadata": {"messages": told},
        }


class Args:
    """Values as they come from a query, a form or JSON: `limit` may be "20", `blocks` a string that holds JSON."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {key: value for key, value in values.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(name, default)
        return value if isinstance(value, str) else json.dumps(value) if isinstance(value, dict | list) else str(value)

    def required(self, name: str) -> str:
        if value := self.text(name):
            return value
        raise SlackError("invalid_arguments", [f"missing required field: {name}"])

    def flag(self, name: str) -> bool:
        return self.text(name).lower() in ("true", "1", "yes")

    def limit(self, default: int, most: int) -> int:
        text = self.text("limit", str(default))
        if not text.lstrip("-").isdigit() or int(text) < 0:
            raise SlackError("invalid_limit")
        return min(int(text) or default, most)

    def json(self, name: str, error: str) -> Any:
        """A structure, given as such or as a string. Raises SlackError(error) for a string that is not JSON."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise SlackError(error) from None

    def names(self, name: str) -> list[str]:
        """A list, given as such or separated by commas."""
        value = self._values.get(name, "")
        return [str(v) for v in value] if isinstance(value, list) else [v for v in str(value).split(",") if v]


@dataclass(frozen=True, slots=True)
class Call:
    """`base`: how this stand-in is reached (`http://127.0.0.1:PORT`). `ticket`: makes one for Socket Mode."""

    args: Args
    world: World
    triggers: Triggers
    ticket: Callable[[], str]
    base: str


Method = Callable[[Call], Json]
T = TypeVar("T")


def page(items: Sequence[T], args: Args, *, default: int, most: int) -> tuple[Sequence[T], Json]:
    """One page of `items`, and the `response_metadata` that names the next."""
    start, limit = _cursor(args.text("cursor")), args.limit(default, most)
    end = start + limit
    return items[start:end], {"next_cursor": f"next:{end}" if end < len(items) else ""}


def _cursor(text: str) -> int:
    number = text.removeprefix("next:")
    if text and (number == text or not number.isdigit()):
        raise SlackError("invalid_cursor")
    return int(number or 0)
