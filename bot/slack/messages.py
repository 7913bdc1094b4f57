"""Every text that the bot posts where all can read it: the card, the progress, and the notices. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.durations import format_duration
from bot.domain.events import NoticeKind, Where
from bot.domain.lifecycle import offers
from bot.domain.model import PROJECT, Desired, Health, Phase, Release, Stage, Staging
from bot.slack import branches, builds, expiry, rest
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
    preformatted,
    section,
)
from bot.slack.branches import addressed
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
    """With which branch a staging can be compared, and the page that does."""

    branch: str
    url: str


def text_of(text: str, *blocks: Block) -> Text:
    return Text(cut(text, MESSAGE), fit(blocks or [section(text)]))


# --- the card --------------------------------------------------------------------------------------------------------


def card(staging: Staging, engine: str, probed: bool = True, compared: Compared | None = None) -> Text:
    """The one parent message of a staging. `engine` is named when stagings are not where people would expect them."""
    phase = staging.phase
    headline = f"{EMOJI[phase]} *{escape(staging.name)}* {_verb(phase)} *{phase}*"
    body: list[Block] = [section("\n".join([headline, *_addresses(staging)])), section("", _facts(staging))]
    body += _own_configuration(staging)
    body += branches.standing(staging)
    body += _trouble(staging)
    body.append(context(_small_print(staging, engine, probed)))
    buttons = staging_buttons(staging, compared)
    if buttons:
        body.append(actions(*buttons))
    return text_of(f"{EMOJI[phase]} {escape(staging.name)} {_verb(phase)} {phase}", *body)


def _verb(phase: Phase) -> str:
    return "has" if phase is Phase.FAILED else "is"


def _addresses(staging: Staging) -> list[str]:
    """Links only to what answers; a URL that will is said without a promise."""
    if staging.phase in (Phase.DELETED, Phase.DELETING):
        return []
    if staging.serving:
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
            now = "Ready again, if it stays so" if staging.health is Health.HEALTHY else staging.health.capitalize()
            return [section(f"*{now}:* {escape(staging.health_reason)}")]
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
        "compare": compare_button(staging.id, compared) if compared else None,
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


# --- progress --------------------------------------------------------------------------------------------------------


def progress(release: Release, staging: Staging) -> Text:
    """The steps of one release, ticked as they are done, with the seconds since it was asked for."""
    title = f"*Release {release.number}* · {_outcome(release)}"
    ready_at = None if release.unsteady_since else release.ready_at
    lines = [
        f"{_tick(True, release)} branch {code(release.branch)}",
        f"{_tick(True, release)} commit {code(release.commit[:7])} {escape(cut(release.subject, 80))}",
        _step("files", release.files_at, release),
        *_image_step(release),
        _step("start", release.applied_at, release, previous=None if release.awaits else release.files_at),
        _step(f"ready{_workloads(release)}", ready_at, release, previous=release.applied_at),
        _step("URL answers", _live_at(release), release, previous=ready_at),
    ]
    return text_of(f"Release {release.number}: {_outcome(release)}", section("\n".join([title, *lines])))


def _outcome(release: Release) -> str:
    match release.stage:
        case Stage.LIVE:
            return f"live after {seconds(release.requested_at, release.ended_at)}"
        case Stage.FAILED:
            return f"failed after {seconds(release.requested_at, release.ended_at)}"
        case Stage.SUPERSEDED:
            return f"stopped: {escape(release.reason)}"
        case _:
            return "waiting for its image" if release.waiting else "rolling out"


def _image_step(release: Release) -> list[str]:
    """Told only of one that had to wait for it."""
    if not release.awaits:
        return []
    looks = release.awaits_until if release.waiting else None
    until = f", looked for until {date(looks, '{time}')}" if looks else ""
    ci = f" · {said}" if (said := builds.standing(release)) else ""
    return [f"{_tick(False, release)} image {code(cut(release.awaits, 300))} is not in the registry yet{until}{ci}"]


def _live_at(release: Release) -> datetime | None:
    return release.ended_at if release.stage is Stage.LIVE else None


def _step(name: str, done: datetime | None, release: Release, previous: datetime | None = None) -> str:
    """A step under way is the first that is not done."""
    took = f" · {seconds(release.requested_at, done)}" if done else ""
    under_way = previous is not None or name == "files"
    return f"{_tick(done is not None, release, under_way)} {name}{took}"


def _tick(done: bool, release: Release, under_way: bool = True) -> str:
    if done:
        return "✅"
    if not under_way:
        return "▫️"
    return {Stage.FAILED: "❌", Stage.SUPERSEDED: "⏹️"}.get(release.stage, "⏳")


def _workloads(release: Release) -> str:
    if not release.workloads:
        return ""
    short = {w.name: w.name.replace(release.commit, release.commit[:7]) for w in release.workloads}
    parts = [f"{escape(short[w.name])} {w.ready}/{w.wanted}{_because(w.reason)}" for w in release.workloads]
    return f" ({cut(' · '.join(parts), 600)})"


def _because(reason: str) -> str:
    return f", {escape(cut(reason, 160))}" if reason else ""


def seconds(start: datetime, end: datetime | None) -> str:
    return format_duration((end or start) - start)


# --- notices ---------------------------------------------------------------------------------------------------------


def notice(kind: NoticeKind, where: Where, facts: Mapping[str, Any], staging: Staging, card_link: str | None) -> Text:
    """The text of a notice about a staging. `card_link`: to the card, for messages that stand elsewhere."""
    match kind:
        case NoticeKind.LIVE:
            return _live(facts)
        case NoticeKind.FAILED:
            return _failed(facts, staging)
        case NoticeKind.EXPIRING:
            return _expiring(facts, staging, where is Where.OWNER, card_link)
        case NoticeKind.IN_USE:
            return _going(expiry.in_use(facts, staging), facts, staging)
        case NoticeKind.BROKEN:
            return _broken(facts, staging, card_link)
        case NoticeKind.RECOVERED:
            return _recovered(facts, staging) if where is Where.ALERT_THREAD else _alert_over(facts, staging, card_link)
        case NoticeKind.OUTAGE | NoticeKind.OUTAGE_OVER:
            return text_of(branches.outage(kind, facts))
        case NoticeKind.UPDATING | NoticeKind.WITHHELD | NoticeKind.BRANCH_ENDED | NoticeKind.BRANCH_BACK:
            said, shown = branches.notice(kind, facts, staging)
            return text_of(said, *shown, *_way_out(facts, staging))
        case NoticeKind.SLEPT | NoticeKind.AWAKE | NoticeKind.NOT_AWAKE | NoticeKind.VISITED | NoticeKind.LOST:
            said, shown = rest.notice(kind, facts, staging, where is Where.ALERT_EDIT)
            return text_of(said, *shown)
        case NoticeKind.DELETED if where is Where.ALERT_EDIT:
            return text_of(f"⚪ {escape(staging.name)} was broken and is deleted now, by {who(facts['by'])}.")
        case _:
            return _deleted(facts, staging)


def _way_out(facts: Mapping[str, Any], staging: Staging) -> list[Block]:
    """Buttons of what goes with its branch."""
    if not facts.get("goes_at"):
        return []
    keep = extend_button(staging.id, datetime.fromisoformat(facts["goes_at"]), "Keep a day")
    delete = delete_button(staging.id, staging.name, staging.attempt.id, facts["claims"])
    return [actions(*([keep] if keep else []), delete)]


def _live(facts: Mapping[str, Any]) -> Text:
    urls = [escape(url) for url in facts["urls"].values()]
    took = format_duration(timedelta(seconds=facts["seconds"]))
    probe = "" if facts["probe"] or not urls else "\nNobody asked whether the URL answers: `url_probe` is off."

    def said(shown: Sequence[str]) -> str:
        return f"{addressed(facts['actor'])}Live at {' and '.join(shown) or 'no URL'} after {took}{probe}"

    return text_of(said(urls), section(said([f"<{url}>" for url in urls])))


def _failed(facts: Mapping[str, Any], staging: Staging) -> Text:
    serves = facts["serves"]
    still = f"The previous release ({serves}) still serves." if serves else "Nothing of it answers at the URL."
    called = addressed(facts["actor"]) or addressed(staging.owner)
    head = f"{called}🔴 Release {facts['number']} failed: {escape(facts['reason'])}"
    body = [section(head)]
    if facts["details"]:
        body.append(preformatted(facts["details"]))
    body.append(section(f"{still} {escape(facts['next_step']) or 'Push a fix and deploy again, or retry as it is.'}"))
    body.append(actions(retry_button(staging.id, facts["release"]), logs_button(staging.id)))
    return text_of(head, *body)


def _expiring(facts: Mapping[str, Any], staging: Staging, alone: bool, card_link: str | None) -> Text:
    return _going(expiry.expiring(facts, staging, alone, card_link), facts, staging)


def _going(said: str, facts: Mapping[str, Any], staging: Staging) -> Text:
    return text_of(said, section(said), actions(*_ways(staging, datetime.fromisoformat(facts["expires_at"]), facts)))


def _ways(staging: Staging, expires: datetime, facts: Mapping[str, Any]) -> list[Block]:
    """What can be done with what is about to go."""
    ways = [
        extend_button(staging.id, expires),
        rest.buttons(staging)["sleep"] if "sleep" in offers(staging) else None,
        delete_button(staging.id, staging.name, staging.attempt.id, facts["claims"]),
    ]
    return [block for block in ways if block]


def _broken(facts: Mapping[str, Any], staging: Staging, card_link: str | None) -> Text:
    worth = "down" if facts["health"] == Health.DOWN else "degraded"
    head = f"🟠 *{_named(staging, card_link)}* is broken ({worth}): {escape(facts['reason'])}"
    body = [section(f"{head}\nIt was live before. {mention(facts['owner'])} owns it.")]
    if facts["details"]:
        body.append(preformatted(facts["details"]))
    body.append(actions(*([open_button(staging)] if staging.url else []), logs_button(staging.id)))
    return text_of(head, *body)


def _alert_over(facts: Mapping[str, Any], staging: Staging, card_link: str | None) -> Text:
    since = f" from {date(datetime.fromisoformat(facts['since']))} on" if facts["since"] else ""
    was = f"\nThe last that was seen of it: {escape(facts['reason'])}" if facts["reason"] else ""
    return text_of(f"🟢 *{_named(staging, card_link)}* has recovered. It was broken for {_lasted(facts)}{since}.{was}")


def _recovered(facts: Mapping[str, Any], staging: Staging) -> Text:
    return text_of(f"🟢 {escape(staging.name)} has recovered after {_lasted(facts)}.")


def _lasted(facts: Mapping[str, Any]) -> str:
    return format_duration(timedelta(seconds=facts["seconds"]))


def _deleted(facts: Mapping[str, Any], staging: Staging) -> Text:
    why = f", because {escape(facts['reason'])}" if facts["reason"] else ""
    data = f" Its data ({', '.join(map(code, facts['claims']))}) is gone." if facts["claims"] else ""
    again = f"{code(f'/octopod deploy {staging.branch}')} makes a new one."
    if staging.owner == PROJECT:
        again = "Its project always has one of this branch, so a new one is made by itself, with data of its own."
    return text_of(f"Deleted by {who(facts['by'])}{why}: processes, files and URL are gone.{data} {again}")


def _named(staging: Staging, card_link: str | None) -> str:
    return link(card_link, staging.name) if card_link else escape(staging.name)
