"""What cards and lists say of health checks and of mutes. Pure."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.checks import Stand
from bot.domain.model import Health, Staging
from bot.slack.blocks import Block, code, context, cut, date, escape, section

MOST_SHOWN = 10
SHOWN_OF_TEXT = 300


def trouble(staging: Staging) -> Block:
    """Why it is broken: what the engine says, and each check that fails."""
    if staging.health is Health.HEALTHY:
        return section(f"*Ready again, if it stays so:* {escape(staging.health_reason)}")
    lines = [f"*{staging.health.capitalize()}:* {escape(_of_engine(staging))}".rstrip(": ")]
    return section("\n".join([*lines, *_lines(staging.failing)]))


def _of_engine(staging: Staging) -> str:
    if staging.failing:
        return staging.engine_reason
    return staging.health_reason


def standing(staging: Staging) -> list[Block]:
    """How each check stands, the failing ones first."""
    ordered = sorted(staging.checks, key=lambda stand: (stand.ok, stand.check))
    return [section("\n".join(["*Health checks*", *_lines(ordered)]))] if ordered else []


def _lines(stands: Sequence[Stand]) -> list[str]:
    more = [f"… and {len(stands) - MOST_SHOWN} more"] if len(stands) > MOST_SHOWN else []
    return [*(_line(stand) for stand in stands[:MOST_SHOWN]), *more]


def _line(stand: Stand) -> str:
    how = "passes" if stand.ok else "fails"
    said = escape(cut(stand.text, SHOWN_OF_TEXT))
    return f"{'🟢' if stand.ok else '🔴'} *{escape(stand.check)}* {how} since {date(stand.since)}: {said}"


def mutes(staging: Staging) -> list[Block]:
    """Of what nobody is told, and how that is ended. What is over, is gone with the clock's next look."""
    if not staging.mutes:
        return []
    said = ", ".join(f"{_of_what(check)} until {date(until)}" for check, until in sorted(staging.mutes.items()))
    return [context(f"🔇 No alerts about {said}. {code(f'/octopod unmute {staging.name}')} brings them back.")]


def _of_what(check: str) -> str:
    return f"*{escape(check)}*" if check else "it"


def muted(staging: Staging, check: str, until: datetime) -> str:
    what = f"that *{escape(check)}* fails on {escape(staging.name)}" if check else f"what ails {escape(staging.name)}"
    ended = code(f"/octopod unmute {staging.name}")
    return (
        f"Until {date(until)} no alert says {what}; its card does. If it fails still by then, it is told. "
        f"{ended} ends it sooner."
    )


def unmuted(staging: Staging) -> str:
    """What is left of its mutes, if not all was ended."""
    name = escape(staging.name)
    left = [_of_what(check) for check in staging.mutes]
    said = f"Alerts about {name} are sent again"
    if left:
        said += f", but for {', '.join(left)}"
    untold = staging.broken_since and not staging.alerted_at and not left
    return f"{said}. It is broken, and that is told now." if untold else f"{said}."
