"""The App Home: one's own stagings, everybody's, and what can be done with each; the dialog for answers there. Pure."""

from collections.abc import Sequence
from typing import Any

from bot.domain.model import Phase, Staging
from bot.slack import rest
from bot.slack.blocks import Block, actions, code, context, cut, date, escape, header, link, mention, plain, section
from bot.slack.branches import of_what
from bot.slack.messages import EMOJI, Text, awaited, staging_buttons

View = dict[str, Any]
Shown = tuple[Staging, str | None]
# Slack takes 100 blocks in a Home; each staging has two.
MOST = 46


def home(user: str, found: Sequence[Shown]) -> View:
    """`found`: the stagings that are not deleted, each with the permalink of its card."""
    mine = [(staging, at) for staging, at in found if staging.owner == user]
    others = [(staging, at) for staging, at in found if staging.owner != user]
    room = max(0, MOST - len(mine))
    body = [header("Your stagings"), *_group(mine[:MOST], "You have none. ")]
    if others:
        body += [header("Everybody else's"), *_group(others[:room], "")]
    left_out = len(found) - len(mine[:MOST]) - len(others[:room])
    if left_out:
        body.append(context(f"… {left_out} more. {code('/octopod list')} in a channel shows all."))
    return {"type": "home", "blocks": body}


def _group(shown: Sequence[Shown], nothing: str) -> list[Block]:
    if not shown and nothing:
        return [section(f"{nothing}{code('/octopod deploy BRANCH')} in a channel makes one.")]
    return [block for staging, at in shown for block in _staging(staging, at)]


def _staging(staging: Staging, at: str | None) -> list[Block]:
    buttons = staging_buttons(staging)
    return [section(_described(staging, at)), *([actions(*buttons) | {"block_id": staging.id}] if buttons else [])]


def _described(staging: Staging, at: str | None) -> str:
    name = link(at, staging.name) if at else escape(staging.name)
    head = f"{EMOJI[staging.phase]} *{name}* · {staging.phase}"
    lines = [head, *([link(staging.url, staging.url)] if staging.url and staging.answers else []), _facts(staging)]
    if (said := rest.standing(staging)) and staging.phase is not Phase.WAKING:
        lines.append(said)
    if staging.phase is Phase.WAITING:
        lines.append(awaited(staging.attempt))
    if staging.phase in (Phase.FAILED, Phase.BROKEN):
        why = staging.health_reason if staging.phase is Phase.BROKEN else staging.attempt.reason
        lines.append(f"Why: {escape(cut(why, 300))}")
    return "\n".join(lines)


def _facts(staging: Staging) -> str:
    release = staging.attempt
    expires = f"expires {date(staging.expires_at)}" if staging.expires_at else "never expires"
    facts = [
        f"{of_what(staging)} {code(release.commit[:7])}",
        mention(staging.owner),
        f"made {date(staging.created_at, '{ago}')}",
        expires if staging.phase is not Phase.DELETING else "its data goes with it" if staging.claims else "",
        f"project {escape(staging.project)}",
    ]
    return " · ".join(filter(None, facts))


def dialog(text: Text) -> View:
    """What is told in answer to a click in the Home, where no private message can be shown."""
    return {"type": "modal", "title": plain("Octopod"), "close": plain("Close"), "blocks": text.blocks}
