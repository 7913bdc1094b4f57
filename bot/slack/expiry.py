"""What is said of a staging whose time is coming to its end. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.model import Desired, Staging
from bot.slack.blocks import code, date, escape, link
from bot.slack.branches import addressed
from bot.slack.rest import data_of


def expiring(facts: Mapping[str, Any], staging: Staging, alone: bool, card_link: str | None) -> str:
    """`alone`: in a direct message, where nobody sees which staging it is about. In the thread its owner is called,
    unless they were told so."""
    name = escape(staging.name)
    if alone:
        named = link(card_link, staging.name) if card_link else name
        begins = f"Your staging *{named}* of {escape(staging.project)}"
    else:
        begins = name if facts.get("told") else f"{addressed(facts['owner'])}{name}"
    data = f" {data_of(facts['claims'])} goes with it." if facts["claims"] else ""
    asleep = " It is asleep, which does not stop that." if staging.desired is Desired.ASLEEP else ""
    keep = f"{code(f'/octopod keep {staging.name}')} keeps it for good."
    expires = date(datetime.fromisoformat(facts["expires_at"]))
    used = f" The last visit was {seen}." if (seen := last_visit(staging)) else ""
    return f"{begins} expires {expires} and is deleted then.{data}{asleep}{used} {keep}"


def in_use(facts: Mapping[str, Any], staging: Staging) -> str:
    used, until, most = (date(datetime.fromisoformat(facts[key]), form) for key, form in _TIMES.items())
    return (
        f"{addressed(facts['owner'])}{escape(staging.name)} was to go now, as {escape(facts['why'])}, but somebody "
        f"used it {used}. So it stays until {until}, and as long as somebody uses it, {most} at most."
    )


_TIMES = {"used_at": "{ago}", "expires_at": "{time}", "until": "{date_short_pretty} at {time}"}


def last_visit(staging: Staging) -> str:
    """When somebody opened its URL, as far as that was seen."""
    return date(staging.last_used_at, "{ago}") if staging.last_used_at else ""


def use(staging: Staging, engine: str) -> str:
    """What is known of visits, and why that may be nothing."""
    if seen := last_visit(staging):
        return f"Last visit {seen}"
    if engine == "kubernetes":
        return (
            "No visit was seen: in a cluster Octopod sees them only if an access log tells of them (docs/webhooks.md)"
        )
    return "No visit yet"
