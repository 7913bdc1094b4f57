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
    return f"{begins} expires {expires} and is deleted then.{data}{asleep} {keep}"
