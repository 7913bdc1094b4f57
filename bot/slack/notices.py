"""What is told once of a staging, in its thread, to its owner or as an alert. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.domain.durations import format_duration
from bot.domain.events import NoticeKind, Where
from bot.domain.lifecycle import offers
from bot.domain.model import PROJECT, Staging
from bot.slack import alerts, branches, expiry, rest
from bot.slack.blocks import Block, actions, code, escape, preformatted, section
from bot.slack.branches import addressed
from bot.slack.findings import Around, Told
from bot.slack.messages import Text, delete_button, extend_button, logs_button, retry_button, text_of
from bot.slack.rest import who


def notice(kind: NoticeKind, where: Where, facts: Mapping[str, Any], staging: Staging, around: Around) -> Text:
    """The text of a notice about a staging."""
    card_link = around.card_link
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
            return _broken(where, facts, staging, around)
        case NoticeKind.RECOVERED if where is Where.ALERT_THREAD:
            return alerts.recovered_reply(staging, facts)
        case NoticeKind.RECOVERED:
            return alerts.recovered(_told(facts, staging, around), facts)
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


def _broken(where: Where, facts: Mapping[str, Any], staging: Staging, around: Around) -> Text:
    """In its own thread: that it is not for its branch to mend. In that of its alert: what was found out later."""
    told = _told(facts, staging, around)
    if where is Where.THREAD:
        return alerts.not_yours(told)
    return alerts.found_out(told) if where is Where.ALERT_THREAD else alerts.alert(told, facts)


def _told(facts: Mapping[str, Any], staging: Staging, around: Around) -> Told:
    return alerts.told_of(facts, staging, around)


def _deleted(facts: Mapping[str, Any], staging: Staging) -> Text:
    why = f", because {escape(facts['reason'])}" if facts["reason"] else ""
    data = f" Its data ({', '.join(map(code, facts['claims']))}) is gone." if facts["claims"] else ""
    again = f"{code(f'/octopod deploy {staging.branch}')} makes a new one."
    if staging.owner == PROJECT:
        again = "Its project always has one of this branch, so a new one is made by itself, with data of its own."
    return text_of(f"Deleted by {who(facts['by'])}{why}: processes, files and URL are gone.{data} {again}")
