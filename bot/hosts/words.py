"""What is said of a staging on its git host: in the comment on its pull request, and in one line. Pure.

Others write subjects, reasons and names, so they stand in code spans, in which nobody is called and nothing is linked.
"""

import re
from collections.abc import Callable

from bot.domain.model import Phase, Staging
from bot.domain.pulls import number_of
from bot.domain.reporting import LONGEST_DESCRIPTION, Standing, standing

EMOJI = {
    Standing.WAITING: "🟡",
    Standing.STARTING: "🔵",
    Standing.LIVE: "🟢",
    Standing.BROKEN: "🟠",
    Standing.FAILED: "🔴",
    Standing.ASLEEP: "💤",
    Standing.GONE: "⚪",
}
Named = Callable[[str], str]
"""How people call a Slack user; "" if that is not known."""


def mark(staging: Staging) -> str:
    """By which its comment is known; not to be seen. One that is made anew goes on with the comment of the former."""
    return f"<!-- octopod {staging.project}/{staging.name} -->"


def comment(staging: Staging, thread: str | None, named: Named) -> str:
    """All of it, in Markdown; it tells no times, so that it changes only when something has."""
    release = staging.attempt
    lines = [f"{EMOJI[standing(staging)]} **{_name(staging)}** {_state(staging)}", *_why(staging), *_addresses(staging)]
    commit = f"{code(release.commit[:7])} {code(release.subject, 100)}"
    lines.append(f"Commit {commit}, release {release.number}{_by(staging, named)}.")
    if thread:
        lines.append(f"[Its thread in Slack]({thread}) has the rest.")
    return "\n\n".join([mark(staging), *lines])


def description(staging: Staging) -> str:
    """In one line, as statuses and deployments have it."""
    said = f"{staging.name} {_state(staging)}"
    why = _reason(staging)
    if standing(staging) is Standing.WAITING:
        why = staging.attempt.awaits
    return cut(f"{said}: {why}" if why else said, LONGEST_DESCRIPTION)


def _name(staging: Staging) -> str:
    return f"{staging.project} / {staging.name}"


def _state(staging: Staging) -> str:
    match staging.phase:
        case Phase.WAITING:
            return "waits for its image"
        case Phase.FAILED:
            return "has failed"
        case phase:
            return f"is {phase.value}"


def _why(staging: Staging) -> list[str]:
    older, now = staging.older_serves, standing(staging)
    said = []
    if now is Standing.WAITING:
        said.append(f"{code(staging.attempt.awaits, 300)} is in no registry yet; it goes on by itself once it is.")
    if reason := _reason(staging):
        said.append(f"Why: {code(reason, 500)}")
    if older:
        until = " until then" if now.under_way else ""
        said.append(f"Release {older.number} ({code(older.commit[:7])}) serves{until}.")
    if now is Standing.ASLEEP:
        said.append(f"{code(f'/octopod wake {staging.name}')} in Slack brings it back, with its data.")
    if now is Standing.GONE:
        number = number_of(staging.branch)
        again = staging.branch if number is None else f"#{number}"
        said.append(f"{code(f'/octopod deploy {again}', 200)} in Slack makes it anew.")
    if now is Standing.FAILED:
        said.append("Push a fix, or retry it in Slack.")
    return said


def _reason(staging: Staging) -> str:
    match standing(staging):
        case Standing.FAILED:
            return staging.attempt.reason
        case Standing.BROKEN:
            return staging.health_reason
        case _:
            return ""


def _addresses(staging: Staging) -> list[str]:
    """Links only to what answers, as on the card."""
    now = standing(staging)
    if now.resting or not staging.urls:
        return []
    if staging.serving:
        return [" · ".join(staging.urls.values())]
    return [f"URL when it is live: {code(staging.url or '', 300)}"] if now.under_way else []


def _by(staging: Staging, named: Named) -> str:
    actor = staging.attempt.actor
    name = named(actor) if actor.startswith(("U", "W")) else ""
    return f", asked for by {code(name, 80)}" if name else ""


def cut(text: str, longest: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


def code(text: str, longest: int = 60) -> str:
    """A code span that ends where it shall, whatever is in it."""
    line = cut(text, longest) or "–"
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"
