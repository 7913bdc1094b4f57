"""The weekly list of stagings that run for nobody. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.slack.blocks import Block, code, context, date, escape, mention, section

MOST_LISTED = 30
HOW = (
    "`/octopod sleep NAME` frees what one uses and keeps its data, `/octopod delete NAME` removes it, "
    "`/octopod keep NAME` takes it off this list."
)
UNSEEN = " Visits count only where Octopod sees them (docs/webhooks.md); none was seen of these."


def listing(facts: Mapping[str, Any]) -> tuple[str, list[Block]]:
    """What notifications read, and what is shown."""
    listed = facts["idle"]
    several = len(listed) != 1
    some = f"{len(listed)} stagings of {escape(facts['project'])}* run" if several else _one_of(facts["project"])
    said = f"💤 *{some}, and nobody deployed or opened {'them' if several else 'it'} for a week"
    body = [section(f"{said}:"), *(section(_line(one)) for one in listed[:MOST_LISTED])]
    if len(listed) > MOST_LISTED:
        body.append(context(f"… {len(listed) - MOST_LISTED} more. {code('/octopod list')} shows all."))
    unseen = "" if any(one["used_at"] for one in listed) else UNSEEN
    return f"{said}.", [*body, context(HOW + unseen)]


def _one_of(project: str) -> str:
    return f"A staging of {escape(project)}* runs"


def _line(one: Mapping[str, Any]) -> str:
    deployed = date(datetime.fromisoformat(one["deployed_at"]), "{ago}")
    used = f", last visit {date(datetime.fromisoformat(one['used_at']), '{ago}')}" if one["used_at"] else ""
    count = one["replicas"]
    costs = f" · runs {count} replica{'s' if count != 1 else ''}" if count else ""
    data = f", keeps {', '.join(map(code, one['claims']))}" if one["claims"] else ""
    return f"*{escape(one['name'])}* of {mention(one['owner'])} · deployed {deployed}{used}{costs}{data}"
