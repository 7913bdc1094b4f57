"""Keys and values in Slack: short, on one line, and as many as fit. Pure."""

from collections.abc import Iterable, Iterator

from bot.domain.configuration import Overrides, summary
from bot.slack.blocks import code

LONGEST = 200
ROOM = 2800


def value_code(value: str) -> str:
    """On one line, short; an empty text is seen as one."""
    return code(short(value)) if value.strip() else "_empty_"


def short(value: str, limit: int = LONGEST) -> str:
    line = value.replace("\n", "⏎")
    return line if len(line) <= limit else f"{line[:limit]}… ({len(value)} characters)"


def packed(lines: Iterable[str]) -> Iterator[str]:
    """As few texts as Slack takes."""
    text = ""
    for line in lines:
        if text and len(text) + len(line) > ROOM:
            yield text
            text = ""
        text += f"\n{line}" if text else line
    if text:
        yield text


def own_words(overrides: Overrides, limit: int = 500) -> str:
    """What differs from the defaults: `production-payments · RETRIES=5 · web.replicas=2`. Cut, and says so."""
    found = [code(short(one, 60)) for one in summary(overrides)]
    kept: list[str] = []
    for one in found:
        if kept and sum(map(len, kept)) + len(one) > limit:
            break
        kept.append(one)
    left_out = len(found) - len(kept)
    return " · ".join([*kept, *([f"… and {left_out} more"] if left_out else [])])
