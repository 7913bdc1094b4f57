"""What a workspace is made of: people, channels, messages, open views, response URLs, files."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TEAM = "T00OCTO"
TEAM_NAME = "playground"
APP = "A00OCTOPOD"
BOT_USER = "U00OCTOPOD"
BOT = "B00OCTOPOD"
SLACKBOT = "USLACKBOT"


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str
    real_name: str
    email: str = ""
    is_admin: bool = False
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A user group, mentioned as `@handle`."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]


USERS = (
    User("U01ALICE", "alice", "Alice", "alice@example.com"),
    User("U02BOB", "bob", "Bob", "bob@example.com"),
    User("U03CAROL", "carol", "Carol", "carol@example.com", is_admin=True),
    User(BOT_USER, "octopod", "Octopod", is_bot=True),
    User(SLACKBOT, "slackbot", "Slackbot", is_bot=True),
)
GROUPS = (Group("S01PLATFORM", "platform", "Platform", ("U03CAROL",)),)
PEOPLE = tuple(user.id for user in USERS if not user.is_bot)


@dataclass(slots=True)
class Channel:
    """`user`: the person of a direct-message channel, else empty."""

    id: str
    name: str
    members: list[str]
    created: int = 0
    archived: bool = False
    user: str = ""

    @property
    def is_im(self) -> bool:
        return bool(self.user)


@dataclass(slots=True)
class Message:
    """`ephemeral_to`: the one person who sees it. `deleted`: a tombstone that holds a thread together.

    `by_app`: the bot posted it (and may edit it). `broadcast`: a reply that is shown in the channel as well.
    """

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    metadata: Json | None = None
    edited: Json | None = None
    ephemeral_to: str | None = None
    by_app: bool = False
    broadcast: bool = False
    deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


@dataclass(slots=True)
class View:
    """An open modal. `view` is what Slack's API returns for it; `previous`: the one below it in the stack."""

    id: str
    user: str
    view: Json
    root: str
    previous: str | None = None


@dataclass(slots=True)
class Hook:
    """A response_url. `source`: the message that was clicked; `produced`: the last one posted through it."""

    id: str
    user: str
    channel: str
    created: float
    source: str | None = None
    produced: str | None = None
    uses: int = 0


@dataclass(slots=True)
class File:
    """`done`: completed, hence visible. Its bytes lie in the data folder under `files/ID`."""

    id: str
    name: str
    title: str
    size: int
    created: int
    uploaded: bool = False
    done: bool = False
