"""Messages as such, and the card of a staging: what it says, and its buttons. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain import naming
from bot.domain.lifecycle import offers
from bot.domain.model import Desired, Phase, Release, Staging
from bot.domain.project import Project
from bot.slack import branches, builds, checks, rest
from bot.slack.blocks import (
    MESSAGE,
    Block,
    actions,
    button,
    code,
    confirm,
    context,
    cut,
    date,
    escape,
    fit,
    link,
    mention,
    section,
)
from bot.slack.rest import who
from bot.slack.values import own_words

EMOJI = {
    Phase.WAITING: "🟡",
    Phase.ROLLING_OUT: "🔵",
    Phase.LIVE: "🟢",
    Phase.FAILED: "🔴",
    Phase.BROKEN: "🟠",
    Phase.FALLING_ASLEEP: "💤",
    Phase.ASLEEP: "💤",
    Phase.WAKING: "🔵",
    Phase.RESETTING: "🔵",
    Phase.DELETING: "⚪",
    Phase.DELETED: "⚪",
}
EXTENSION = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Text:
    """A message: `text` is what notifications and screen readers get, `blocks` what is shown."""

    text: str
    blocks: list[Block]


@dataclass(frozen=True, slots=True)
class Compared:
    """With which branch a staging is compared, and the page that does; empty: its project has no host for one."""

    branch: str
    url: str


def compared(staging: Staging, project: Project | None, port: int | None) -> Compared | None:
    """With the project's baseline, unless it is that itself. `port`: what URLs carry when a host names none."""
    if project is None or staging.branch == project.baseline:
        return None
    host = naming.main_host(project.hosts, naming.COMPARING, port)
    return Compared(project.baseline, f"{naming.url(project.scheme, host)}/{staging.id}" if host else "")


def text_of(text: str, *blocks: Block) -> Text:
    return Text(cut(text, MESSAGE), fit(blocks or [section(text)]))


# --- the card --------------------------------------------------------------------------------------------------------


def card(staging: Staging, engine: str, probed: bool = True, compared: Compared | None = None) -> Text:
    """The one parent message of a staging. `engine` is named when stagings are not where people would expect them."""
    phase = staging.phase
    headline = f"{EMOJI[phase]} *{escape(staging.name)}* {verb(phase)} *{phase}*"
    body: list[Block] = [section("\n".join([headline, *_addresses(staging)])), section("", _facts(staging))]
    body += _own_configuration(staging)
    body += branches.standing(staging)
    body += _trouble(staging)
    body += checks.mutes(staging) if staging.desired is not Desired.ABSENT else []
    body.append(context(_small_print(staging, engine, probed)))
    buttons = staging_buttons(staging, compared)
    if buttons:
        body.append(actions(*buttons))
    return text_of(f"{EMOJI[phase]} {escape(staging.name)} {verb(phase)} {phase}", *body)


def verb(phase: Phase) -> str:
    return "has" if phase is Phase.FAILED else "is"


def _addresses(staging: Staging) -> list[str]:
    """Links only to what answers; a URL that will is said without a promise."""
    if staging.phase in (Phase.DELETED, Phase.DELETING):
        return []
    if staging.answers:
        return [link(url, url) for url in staging.urls.values()]
    if staging.phase in (Phase.ROLLING_OUT, Phase.WAITING):
        return [f"URL when it is live: {escape(url)}" for url in staging.urls.values()]
    return []


def _facts(staging: Staging) -> list[str]:
    release = staging.attempt
    facts = [
        *branches.source(staging),
        f"*Commit*\n{code(release.commit[:7])} {escape(cut(release.subject, 80))} · {escape(release.author)}",
        f"*Owner*\n{mention(staging.owner)}",
    ]
    if staging.phase is Phase.DELETED and staging.deleted_at:
        return [*facts, f"*Deleted*\n{date(staging.deleted_at)} by {who(staging.deleted_by)}"]
    if staging.phase is Phase.DELETING:
        return [*facts, f"*Being deleted*\nby {who(staging.deleted_by)}"]
    expiry = date(staging.expires_at) if staging.expires_at else f"never{', it is kept' if staging.kept else ''}"
    asleep = [f"*Asleep since*\n{since}"] if (since := rest.since(staging)) else []
    return [*facts, *asleep, f"*Expires*\n{expiry}"]


def _own_configuration(staging: Staging) -> list[Block]:
    """What differs from the project's defaults."""
    own = own_words(staging.attempt.overrides)
    return [context(f"⚙️ {own}")] if own and staging.phase is not Phase.DELETED else []


def _trouble(staging: Staging) -> list[Block]:
    if said := rest.standing(staging):
        return [section(said)]
    match staging.phase:
        case Phase.FAILED:
            run = f" {said}" if (said := builds.reference(staging.attempt)) else ""
            return [section(f"*Why:* {escape(staging.attempt.reason)}{run}{_still_serves(staging)}")]
        case Phase.BROKEN:
            return [checks.trouble(staging)]
        case Phase.WAITING:
            return [section(f"{awaited(staging.attempt)} {_older_serves(staging)}")]
        case Phase.DELETING if staging.health_reason:
            return [section(f"*Not gone yet:* {escape(staging.health_reason)}")]
        case Phase.ROLLING_OUT if staging.older_serves:
            return [section(_older_serves(staging))]
        case _:
            return []


def awaited(release: Release) -> str:
    """What a waiting release waits for, and how long it will."""
    until = f" until {date(release.awaits_until)}" if release.awaits_until else ""
    ci = f" · {said}" if (said := builds.standing(release)) else "."
    return (
        f"*Waiting for the image* {code(cut(release.awaits, 300))}, which is not in the registry yet{ci}\n"
        f"It is looked for again{until}; once it is there, the release goes on by itself."
    )


def _older_serves(staging: Staging) -> str:
    older = staging.older_serves
    return f"Release {older.number} serves until the new one is ready." if older else ""


def _still_serves(staging: Staging) -> str:
    older = staging.older_serves
    return f"\nThe URL still answers with release {older.number}, {code(older.commit[:7])}." if older else ""


def _small_print(staging: Staging, engine: str, probed: bool) -> str:
    release = staging.attempt
    returned = f", as release {release.copy_of}" if release.copy_of else ""
    parts = [f"project {escape(staging.project)}", f"release {release.number}{returned}"]
    if engine != "kubernetes":
        parts.append(f"{engine} engine")
    if not probed:
        parts.append("URL not probed")
    if staging.turns_at and staging.desired is Desired.PRESENT:
        parts.append(f"sleeps {date(staging.turns_at)}")
    return " · ".join(parts)


def staging_buttons(staging: Staging, compared: Compared | None = None) -> list[Block]:
    """What makes sense now, in the order of the card."""
    offered = offers(staging)
    offered |= {"compare"} if "open" in offered else set()
    back = rest.buttons(staging)
    made = {
        "open": open_button(staging) if staging.url else None,
        "compare": compare_button(staging.id, compared) if compared and compared.url else None,
        "wake": back["wake"],
        "undo": back["undo"],
        "retry": retry_button(staging.id, staging.attempt.id),
        "rollback": back["rollback"],
        "extend": extend_button(staging.id, staging.expires_at),
        "logs": logs_button(staging.id),
        "config": button("Config…", "config", staging.id),
        "sleep": back["sleep"],
        "delete now": back["delete now"],
        "delete": delete_button(staging.id, staging.name, staging.attempt.id, staging.claims),
    }
    return [block for name, block in made.items() if block and name in offered]


def open_button(staging: Staging) -> Block:
    return button("Open", "open", staging.id, url=staging.url or "")


def compare_button(staging: str, compared: Compared) -> Block:
    return button(f"Compare with {cut(compared.branch, 30)}", "compare", staging, url=compared.url)


def logs_button(staging: str) -> Block:
    return button("Logs", "logs", staging)


def retry_button(staging: str, release: str) -> Block:
    return button("Retry", "retry", f"{staging} {release}", style="primary")


def extend_button(staging: str, expires_at: datetime | None, label: str = "Extend 1 day") -> Block | None:
    """Carries the time it extends to, so that a double click is one extension."""
    if expires_at is None:
        return None
    return button(label, "extend", f"{staging} {(expires_at + EXTENSION).isoformat()}")


def delete_button(staging: str, name: str, release: str, claims: Sequence[str]) -> Block:
    asked = confirm(f"Delete {name}?", what_goes(claims), "Delete", "Keep it")
    return button("Delete", "delete", f"{staging} {release}", style="danger", confirm=asked)


def what_goes(claims: Sequence[str]) -> str:
    """What a delete destroys."""
    if not claims:
        data = " It has no data of its own."
    else:
        data = f" *Its data goes too*: {', '.join(map(code, claims))}; for a while it can still be brought back."
    return f"Its processes, files and URL are removed for everybody.{data} The branch stays."
