"""What Slack makes of what a person types before an app sees it: escapes, mentions, links.

https://docs.slack.dev/messaging/formatting-message-text and, for commands ("escape channels, users and links"),
https://docs.slack.dev/interactivity/implementing-slash-commands
"""

import re
from collections.abc import Callable

from bot.playground.model import Channel, Group, User

DOMAINS = "com|org|net|io|dev|app|co|ai"
TOKEN = re.compile(
    r"(?P<code>```.*?```|`[^`\n]+`)"
    r"|(?P<url>https?://[^\s<>|]*[^\s<>|.,;:!?)'\"\]}])"
    r"|(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w@#/.])@(?P<user>[\w][\w.-]*)"
    r"|(?<![\w@#/.&])\#(?P<channel>[a-z0-9_-]+)"
    rf"|(?<![\w/.@:=-])(?P<domain>(?:[a-z0-9-]+\.)+(?:{DOMAINS}))(?![\w.@-])",
    re.IGNORECASE | re.DOTALL,
)
SPECIAL = ("here", "channel", "everyone")

FindUser = Callable[[str], User | Group | None]
FindChannel = Callable[[str], Channel | None]


def escape(text: str) -> str:
    """The three characters that mean something to Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_sent(text: str, user: FindUser, channel: FindChannel, *, command: bool) -> str:
    """`text` as an app receives it. In a command a mention carries its name as well (`<@U1|bob>`)."""

    def replaced(match: re.Match[str]) -> str:
        whole = match.group()
        if match["code"]:
            return escape(whole)
        if match["user"]:
            return _mention(match["user"], user, command=command) or escape(whole)
        if match["channel"]:
            found = channel(match["channel"])
            return f"<#{found.id}|{found.name}>" if found else escape(whole)
        return _link(whole, mail=bool(match["mail"]), bare=bool(match["domain"]))

    parts, end = [], 0
    for match in TOKEN.finditer(text):
        parts += [escape(text[end : match.start()]), replaced(match)]
        end = match.end()
    return "".join([*parts, escape(text[end:])])


def _mention(name: str, find: FindUser, *, command: bool) -> str:
    if name in SPECIAL:
        return f"<!{name}>"
    stem = name.rstrip(".-")  # "ask @bob." ends with a full stop, not with a name
    rest = escape(name[len(stem) :])
    match find(stem):
        case User(id=key, name=known):
            return f"<@{key}|{known}>{rest}" if command else f"<@{key}>{rest}"
        case Group(id=key, handle=handle):
            return f"<!subteam^{key}|@{handle}>{rest}"
        case _:
            return ""


def _link(text: str, *, mail: bool, bare: bool) -> str:
    shown = escape(text)
    if mail:
        return f"<mailto:{shown}|{shown}>"
    return f"<http://{shown}|{shown}>" if bare else f"<{shown}>"
