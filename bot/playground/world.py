"""The workspace in memory, and its copy on disk: every change is written before anybody hears of it."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bot.checkpoints import Checkpoint, nowhere
from bot.playground.disk import Disk, DiskError
from bot.playground.model import (
    BOT_USER,
    GROUPS,
    PEOPLE,
    USERS,
    Channel,
    File,
    Group,
    Hook,
    Json,
    Message,
    User,
    View,
)

SEED = (("C01GENERAL", "general"), ("C02STAGINGS", "stagings"), ("C03ALERTS", "stagings-alerts"))
BURST_SECONDS = 0.02
Stored = Channel | Message | View | Hook | File


class World:
    """Changes are made by `save`, `forget` and `set_home`, and become true, as one, by `commit`.

    `texts`: what `state` has written of messages; it need not write again what has not changed.
    """

    def __init__(self, disk: Disk, clock: Callable[[], float], checkpoint: Checkpoint = nowhere) -> None:
        self._disk = disk
        self._clock = clock
        self._checkpoint = checkpoint
        self._dirty: dict[tuple[str, str], Any] = {}
        self._changed = asyncio.Event()
        self._closed = False
        self.seq = 0
        self.texts: dict[tuple[str, str], str] = {}
        self.last_ts = 0
        self.users: dict[str, User] = {user.id: user for user in USERS}
        self.groups: dict[str, Group] = {group.id: group for group in GROUPS}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, dict[str, Message]] = {}
        self.views: dict[str, View] = {}
        self.homes: dict[str, Json] = {}
        self.hooks: dict[str, Hook] = {}
        self.files: dict[str, File] = {}
        self._load()

    # -- time and names

    def now(self) -> float:
        return self._clock()

    def next_ts(self) -> str:
        """A Slack timestamp: unique and growing, also across restarts and a clock set back."""
        self.last_ts = max(int(self._clock() * 1_000_000), self.last_ts + 1)
        self._dirty["meta", "last_ts"] = self.last_ts
        return f"{self.last_ts // 1_000_000}.{self.last_ts % 1_000_000:06d}"

    def user(self, name: str) -> User | None:
        """By id or name, with or without `@`."""
        key = name.removeprefix("@")
        return self.users.get(key) or next((u for u in self.users.values() if u.name == key.lower()), None)

    def group(self, name: str) -> Group | None:
        key = name.removeprefix("@")
        return self.groups.get(key) or next((g for g in self.groups.values() if g.handle == key.lower()), None)

    def channel(self, name: str) -> Channel | None:
        """By id or name, with or without `#`. Direct-message channels are known by their id only."""
        key = name.removeprefix("#")
        named = (c for c in self.channels.values() if not c.is_im and c.name == key.lower())
        return self.channels.get(key) or next(named, None)

    def direct(self, user: str) -> Channel:
        """The channel between the bot and a person, opened if need be."""
        key = f"D{user[1:]}"
        if key not in self.channels:
            self.save(Channel(key, f"@{self.users[user].name}", [user, BOT_USER], int(self.now()), user=user))
        return self.channels[key]

    def replies(self, channel: str, ts: str) -> list[Message]:
        """The visible replies of a thread, oldest first, without its parent."""
        found = self.messages.get(channel, {}).values()
        return [m for m in found if m.thread_ts == ts and not m.ephemeral_to and not m.deleted]

    # -- changes

    def save(self, thing: Stored) -> None:
        kind, key = _place(thing)
        self.texts.pop((kind, key), None)
        self._shelf(thing)[thing.ts if isinstance(thing, Message) else thing.id] = thing
        self._dirty[kind, key] = thing

    def forget(self, thing: Stored) -> None:
        kind, key = _place(thing)
        self.texts.pop((kind, key), None)
        self._shelf(thing).pop(thing.ts if isinstance(thing, Message) else thing.id, None)
        self._dirty[kind, key] = None

    def set_home(self, user: str, view: Json) -> None:
        self.homes[user] = view
        self._dirty["home", user] = view

    def commit(self) -> None:
        """Write what was changed, then wake whoever waits for it. Nothing changed: nothing happens."""
        if not self._dirty:
            return
        self.seq += 1
        self._dirty["meta", "seq"] = self.seq
        changes = {place: asdict(thing) if isinstance(thing, Stored) else thing for place, thing in self._dirty.items()}
        self._dirty = {}
        self._checkpoint("accepted")
        self._disk.write(changes)
        self._checkpoint("on-disk")
        self._wake()

    async def wait(self, since: int, seconds: float) -> None:
        """Return as soon as `seq` differs from `since`, or after `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.seq == since and not self._closed:
                    await self._changed.wait()
        if self.seq != since:  # what comes in one burst is told at once
            await asyncio.sleep(BURST_SECONDS)

    def close(self) -> None:
        """Let nobody wait any longer; what they hear is what is true now."""
        self._closed = True
        self._wake()

    def shut(self) -> None:
        self._disk.close()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    # -- loading

    def _shelf(self, thing: Stored) -> dict[str, Any]:
        match thing:
            case Channel():
                return self.channels
            case Message():
                return self.messages.setdefault(thing.channel, {})
            case View():
                return self.views
            case Hook():
                return self.hooks
            case File():
                return self.files

    def _load(self) -> None:
        for kind, key, body in self._disk.load():
            match kind:
                case "meta" if key == "seq":
                    self.seq = body
                case "meta":
                    self.last_ts = body
                case "home":
                    self.homes[key] = body
                case _:
                    thing = _made(kind, body)
                    self._shelf(thing)[thing.ts if isinstance(thing, Message) else thing.id] = thing
        if not self.channels:
            for key, name in SEED:
                self.save(Channel(key, name, [*PEOPLE, BOT_USER], int(self.now())))
            self.commit()


KINDS: dict[str, type[Any]] = {"channel": Channel, "message": Message, "view": View, "hook": Hook, "file": File}


def _made(kind: str, body: Json) -> Stored:
    try:
        thing: Stored = KINDS[kind](**body)
    except (KeyError, TypeError) as error:
        raise DiskError("The state was written by another version and cannot be read. Start with a new one.") from error
    return thing


def _place(thing: Stored) -> tuple[str, str]:
    kind = type(thing).__name__.lower()
    return kind, f"{thing.channel}/{thing.ts}" if isinstance(thing, Message) else thing.id
