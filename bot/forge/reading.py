"""How bodies are read: tolerant of what is not needed, exact in what is. Every mistake is noted, with its key."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.domain.hearsay import CiState, Hearsay

NOBODY = "0" * 40  # the commit of a branch that is not there
NO_STATE = "Its state is none that is known."
_COMMIT = re.compile("[0-9a-f]{40}")
_URL = re.compile(r"https?://[^\s<>|\"`]+")
_IMAGE = re.compile(r"[a-z0-9][\w.:/@-]{0,400}", re.ASCII)
# Surrogates can't be stored; the rest is what git refuses.
_NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|@\{|//|/\.|^[./-]|[./]$|\.lock(?:/|$)|^@$")
_STATES = {
    CiState.RUNNING: "running queued requested waiting pending in_progress created preparing waiting_for_resource "
    "waiting_for_callback scheduled manual canceling",
    CiState.PASSED: "passed success succeeded neutral",
    CiState.FAILED: "failed failure error cancelled canceled timed_out action_required startup_failure stale",
    CiState.SKIPPED: "skipped",
}
_WORDS = {word: state for state, words in _STATES.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Told:
    """What one request says. `repositories`: addresses of the one that it is about; none: whoever it concerns.

    `note`: why nothing is said.
    """

    repositories: tuple[str, ...] = ()
    said: tuple[Hearsay, ...] = ()
    note: str = ""


class Unreadable(Exception):
    """`mistakes`: all of them, each a sentence that begins with the key."""

    def __init__(self, *mistakes: str) -> None:
        super().__init__(*mistakes)
        self.mistakes = mistakes


def ci_state(word: str) -> CiState | None:
    """What GitHub, GitLab and people call it. None for what is no state."""
    return _WORDS.get(word.lower())


class Body:
    """A JSON object, and the mistakes found in it so far. What is null is not there."""

    def __init__(self, data: Mapping[str, Any], at: str = "", mistakes: list[str] | None = None) -> None:
        self._data, self._at = data, at
        self._mistakes: list[str] = [] if mistakes is None else mistakes

    @classmethod
    def of(cls, raw: bytes) -> "Body":
        """Raises Unreadable when it is no JSON object."""
        try:
            data = json.loads(raw)
        except RecursionError:
            raise Unreadable("The body is nested too deep.") from None
        except ValueError as error:
            raise Unreadable(f"The body is no JSON: {error}.") from None
        if not isinstance(data, dict):
            raise Unreadable("The body must be a JSON object.")
        return cls(data)

    def told(self, repositories: tuple[str, ...], said: Hearsay) -> Told:
        """What is about one repository. Raises Unreadable if there were mistakes."""
        if not repositories:
            self._mistakes.append("It does not say of which repository it is.")
        self.checked()
        return Told(repositories, (said,))

    def checked(self) -> None:
        if self._mistakes:
            raise Unreadable(*self._mistakes)

    def wrong(self, key: str, what: str) -> None:
        self._mistakes.append(f"{self._at}{key} {what}.")

    def within(self, key: str) -> "Body":
        """The object there; an empty one if there is none."""
        found = self._get(key, dict, "must be an object")
        return Body(found or {}, f"{self._at}{key}.", self._mistakes)

    def each(self, key: str) -> Iterator["Body"]:
        """The objects of a list."""
        for index, one in enumerate(self._get(key, list, "must be a list") or ()):
            if isinstance(one, dict):
                yield Body(one, f"{self._at}{key}[{index}].", self._mistakes)
            else:
                self.wrong(f"{key}[{index}]", "must be an object")

    def has(self, key: str) -> bool:
        return self._data.get(key) is not None

    def flag(self, key: str) -> bool:
        return bool(self._get(key, bool, "must be true or false"))

    def number(self, key: str) -> int:
        found = self._data.get(key)
        if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**63:
            return found
        self.wrong(key, "must be a number, 1 or more" if self.has(key) else "is missing")
        return 0

    def text(self, key: str, longest: int = 250) -> str:
        """On one line, "" if there is none. Numbers count as texts. What can't be stored or shown is left out."""
        found = self._data.get(key)
        if isinstance(found, int) and not isinstance(found, bool):
            found = str(found)
        if found is not None and not isinstance(found, str):
            self.wrong(key, "must be a text")
            return ""
        line = " ".join("".join(one for one in (found or "") if one.isprintable() or one.isspace()).split())
        return line if len(line) <= longest else line[: longest - 1] + "…"

    def url(self, key: str) -> str:
        """A link that may be shown, or ""."""
        found = self.text(key, longest=2000)
        return found if _URL.fullmatch(found) and not found.endswith("…") else ""

    def commit(self, key: str) -> str:
        found = self.text(key).lower()
        if not _COMMIT.fullmatch(found):
            self.wrong(key, "must be 40 hex digits" if self.has(key) else "is missing: a commit of 40 hex digits")
        return found

    def branch(self, key: str) -> str:
        """With or without "refs/heads/"."""
        found = self._data.get(key)
        name = found.removeprefix("refs/heads/") if isinstance(found, str) else ""
        if not name or len(name) > 250 or _NO_BRANCH.search(name):
            self.wrong(key, "must be a branch as git allows it" if self.has(key) else "is missing: a branch")
        return name

    def image(self, name: str, key: str) -> str:
        """`name`, if it can be one; `key`: where it came from."""
        if not _IMAGE.fullmatch(name):
            text = "must be an image, such as ghcr.io/acme/shop:1a2b3c"
            self.wrong(key, text if self.has(key) else "is missing: an image, such as ghcr.io/acme/shop:1a2b3c")
        return name

    def moment(self, key: str) -> datetime | None:
        """ISO 8601, or as GitLab writes it ("2016-08-12 15:23:28 UTC"); None if it can't be read."""
        try:
            found = datetime.fromisoformat(self.text(key).replace(" UTC", "+00:00"))
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def _get(self, key: str, kind: type, what: str) -> Any:
        found = self._data.get(key)
        if found is None or isinstance(found, kind):
            return found
        self.wrong(key, what)
        return None
