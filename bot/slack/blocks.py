"""Block Kit in few words. Pure. Whatever does not fit Slack's limits is cut, and says so.

Limits: https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

Block = dict[str, Any]
SECTION, FIELD, BUTTON_TEXT, OPTION_TEXT, CONFIRM_TEXT, BLOCKS, MESSAGE = 3000, 2000, 75, 75, 300, 50, 3900
# All blocks of a message together; Slack documents no number (msg_blocks_too_long), 13,200 has been seen.
ALL_BLOCKS = 12_500


def escape(text: str) -> str:
    """Plain text as mrkdwn: what people or programs wrote can neither mention nor link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def code(text: str) -> str:
    return f"`{escape(text).replace('`', 'ˋ')}`" if text else "``"


def mention(user: str) -> str:
    """A Slack user as a mention; anything else as it is called."""
    return f"<@{user}>" if user[:1] in "UW" and user.isalnum() and user.isupper() else f"the {user}"


def link(url: str, text: str) -> str:
    return f"<{escape(url)}|{escape(text).replace('|', '¦')}>"


def listed(names: Sequence[str], most: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 2 more`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def date(at: datetime, form: str = "{date_short_pretty} at {time}") -> str:
    """A date token: everybody reads it in their own zone."""
    return f"<!date^{int(at.timestamp())}^{form}|{at:%Y-%m-%d %H:%M} UTC>"


def section(text: str, fields: Sequence[str] = ()) -> Block:
    block: Block = {"type": "section", "text": mrkdwn(cut(text, SECTION))} if text else {"type": "section"}
    if fields:
        block["fields"] = [mrkdwn(cut(field, FIELD)) for field in fields[:10]]
    return block


def header(text: str) -> Block:
    return {"type": "header", "text": plain(cut(text, 150))}


def context(*texts: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(cut(text, SECTION)) for text in texts[:10] if text]}


def actions(*elements: Block) -> Block:
    return {"type": "actions", "elements": list(elements[:25])}


def preformatted(lines: Sequence[str]) -> Block:
    """The last of these lines, as many as fit."""
    kept: list[str] = []
    room = SECTION - 100
    for line in reversed(lines):
        shown = cut(escape(line.replace("```", "ˋˋˋ")), SECTION - 200)
        if room < len(shown) + 1:
            break
        kept.insert(0, shown)
        room -= len(shown) + 1
    left_out = len(lines) - len(kept)
    first = f"… {left_out} earlier lines left out\n" if left_out else ""
    return section(f"```{first}" + "\n".join(kept) + "```")


def button(
    text: str, action: str, value: str = "", *, url: str = "", style: str = "", confirm: Block | None = None
) -> Block:
    made: Block = {"type": "button", "text": plain(cut(text, BUTTON_TEXT)), "action_id": action}
    optional = {"value": value, "url": url, "style": style, "confirm": confirm}
    return made | {name: given for name, given in optional.items() if given}


def confirm(title: str, text: str, yes: str, no: str) -> Block:
    return {
        "title": plain(cut(title, 100)),
        "text": mrkdwn(cut(text, CONFIRM_TEXT)),
        "confirm": plain(cut(yes, 30)),
        "deny": plain(cut(no, 30)),
        "style": "danger",
    }


def menu(placeholder: str, action: str, options: Sequence[tuple[str, str]]) -> Block:
    """`options`: text and value of each; at most 100."""
    return {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(placeholder),
        "options": [{"text": plain(cut(text, OPTION_TEXT)), "value": value} for text, value in options[:100]],
    }


def fit(blocks: Sequence[Block]) -> list[Block]:
    """At most 50 blocks and as many characters as Slack takes; the last says how many were left out."""
    room, kept = ALL_BLOCKS, 0
    for block in blocks[:BLOCKS]:
        room -= len(str(block))
        if room < 0:
            break
        kept += 1
    if kept == len(blocks):
        return list(blocks)
    kept = min(kept, BLOCKS - 1)
    return [*blocks[:kept], context(f"… {len(blocks) - kept} more blocks left out")]


def cut(text: str, limit: int) -> str:
    """Never inside an escape or a token: the cut goes back to before it."""
    if len(text) <= limit:
        return text
    short = text[: limit - 12]
    for opening, closing in (("<", ">"), ("&", ";")):
        start = short.rfind(opening)
        if start > short.rfind(closing) and start > len(short) - 300:
            short = short[:start]
    return f"{short}… (cut)"


def mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}
