"""What a reader of #stagings sees: cards with their threads, and what must hold of them whatever happened before."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
CARD = re.compile(r"\S+ (?P<name>\S+) (?:is|has) (?P<phase>[a-z ]+)")
PROGRESS = re.compile(r"Release (?P<number>\d+): (?P<outcome>live|failed|stopped|rolling out)")
LIVE = re.compile(r"(?:<@(?P<user>\w+)> )?Live at ")  # nobody is called who did not ask
UPDATING = re.compile(r"\*\d+ new commits?\* by ")
FAILED = re.compile(r"<@(?P<user>\w+)> \S+ Release (?P<number>\d+) failed: ")
OVER = ("live", "failed", "stopped")


@dataclass(frozen=True, slots=True)
class Seen:
    """One card. `replies`: its thread, oldest first."""

    name: str
    phase: str
    owner: str
    replies: list[Json]

    def progress(self) -> list[re.Match[str]]:
        found = (PROGRESS.match(m["text"]) for m in self.replies if key_of(m).startswith("progress-"))
        return [match for match in found if match]

    @property
    def by_itself(self) -> bool:
        """Not all that happened was asked for by somebody."""
        return not self.owner or bool(self.told(UPDATING))

    def told(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        return [match for m in self.replies if (match := pattern.match(m["text"]))]


def key_of(message: Json) -> str:
    """The id that the bot gave its message, empty if it has none."""
    return str(((message["metadata"] or {}).get("event_payload") or {}).get("id", ""))


def visible(state: Json, channel: str) -> list[Json]:
    found = next(c["messages"] for c in state["channels"] if c["name"] == channel)
    shown = (m for m in found if not m["ephemeral_to"] and not m["deleted"] and m["by_app"])
    return sorted(shown, key=lambda m: str(m["ts"]))


def stagings(state: Json) -> list[Seen]:
    messages = visible(state, "stagings")
    cards = [m for m in messages if key_of(m).startswith("card-")]
    return [_seen(card, [m for m in messages if m["thread_ts"] == card["ts"]]) for card in cards]


def _seen(card: Json, replies: list[Json]) -> Seen:
    said = CARD.fullmatch(card["text"])
    assert said, f"a card says {card['text']!r}"
    owner = re.search(r"\*Owner\*\\n<@(\w+)>", str(card["blocks"]).replace("\n", "\\n"))
    return Seen(said["name"], said["phase"], owner[1] if owner else "", replies)


def finished(state: Json) -> bool:
    """No release is under way in anybody's eyes, and each outcome has been announced."""
    return all(map(_finished, stagings(state)))


def _finished(seen: Seen) -> bool:
    outcomes = Counter(match["outcome"] for match in seen.progress())
    announced = len(seen.told(LIVE)) >= outcomes["live"] and len(seen.told(FAILED)) >= outcomes["failed"]
    begun = bool(outcomes) or seen.phase in ("deleted", "deleting")
    gone = seen.phase != "deleted" or any("Deleted by " in m["text"] for m in seen.replies)
    return begun and announced and gone and not outcomes["rolling out"]


def check(state: Json, wanted: Mapping[str, str]) -> None:
    """Assert what must hold once nothing is under way any more."""
    everything = [m for channel in state["channels"] for m in visible(state, channel["name"])]
    twice = [key for key, count in Counter(filter(None, map(key_of, everything))).items() if count > 1]
    assert not twice, f"sent twice: {twice}\n{drawn(state)}"
    cards = stagings(state)
    present = Counter(seen.name for seen in cards if seen.phase != "deleted")
    assert present == {name: 1 for name, phase in wanted.items() if phase != "deleted"}, drawn(state)
    for seen in cards:
        _check_thread(seen, drawn(state))
    strays = [m["text"] for m in visible(state, "stagings") if not m["thread_ts"] and not key_of(m).startswith("card-")]
    assert not strays, f"in the channel, outside any thread: {strays}"


def _check_thread(seen: Seen, picture: str) -> None:
    numbers = [match["number"] for match in seen.progress()]
    assert len(numbers) == len(set(numbers)), f"two progress messages for one release\n{picture}"
    outcomes = Counter(match["outcome"] for match in seen.progress())
    assert len(seen.told(LIVE)) == outcomes["live"], f"{seen.name}: Live must be told once per release\n{picture}"
    assert len(seen.told(FAILED)) == outcomes["failed"], f"{seen.name}: failed, once per release\n{picture}"
    if seen.phase in ("live", "failed"):
        assert seen.progress()[-1]["outcome"] == seen.phase, picture
        assert [*seen.told(LIVE), *seen.told(FAILED)][-1]["user"] or seen.by_itself, picture
    notices = [int(key.partition("-")[2]) for m in seen.replies if (key := key_of(m)).startswith("notice-")]
    assert notices == sorted(notices), f"{seen.name}: announced out of order\n{picture}"
    deleted = [m for m in seen.replies if m["text"].startswith("Deleted by ")]
    assert len(deleted) == (seen.phase == "deleted"), f"{seen.name}: told {len(deleted)} times\n{picture}"


def order(state: Json, name: str) -> list[str]:
    """The kinds of the replies in the thread of the newest card of that name: progress, live, failed, other."""
    seen = [each for each in stagings(state) if each.name == name][-1]
    return [_kind(message) for message in seen.replies]


def _kind(message: Json) -> str:
    if key_of(message).startswith("progress-"):
        return "progress"
    return "live" if LIVE.match(message["text"]) else "failed" if FAILED.match(message["text"]) else "other"


def drawn(state: Json) -> str:
    """For messages of failed assertions."""
    lines = [f"{'  ' if m['thread_ts'] else ''}{m['ts']} [{key_of(m)}] {m['text'][:140]}" for m in _by_thread(state)]
    return "\n".join(lines)


def _by_thread(state: Json) -> list[Json]:
    return sorted(visible(state, "stagings"), key=lambda m: (str(m["thread_ts"] or m["ts"]), str(m["ts"])))
