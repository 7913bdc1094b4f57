"""Alerts about breakages: the first word, its edits, its end; what comes and goes; incidents. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.durations import format_duration
from bot.domain.evidence import Says, Symptom
from bot.domain.finding import Cause, Confidence, Finding
from bot.domain.model import Health, Staging
from bot.slack.blocks import actions, code, cut, date, escape, link, listed, preformatted, section
from bot.slack.evidence import sentence
from bot.slack.findings import Around, Told, happened, why
from bot.slack.messages import Text, text_of
from bot.slack.remedies import buttons, next_step

MOST_MEMBERS = 30


def told_of(facts: Mapping[str, Any], staging: Staging, around: Around) -> Told:
    """Of the facts of a notice. An older bot told none of a finding."""
    return Told(facts.get("finding") or _without_finding(facts, staging), staging, around, calls=True)


def _without_finding(facts: Mapping[str, Any], staging: Staging) -> Finding:
    since = datetime.fromisoformat(facts["since"]) if facts.get("since") else staging.created_at
    seen = Symptom(facts.get("reason", ""), since, details=tuple(facts.get("details", ())))
    return Finding(Cause.UNKNOWN, Confidence.GUESS, seen)


def alert(told: Told, facts: Mapping[str, Any]) -> Text:
    """An edit of it is made the same."""
    health = facts.get("health", Health.DEGRADED)
    head = f"🟠 {happened(told, health)}{_comes_and_goes(facts)}"
    said = f"{head}\n{why(told)}\n{next_step(told)}"
    lines = [preformatted(told.finding.symptom.details)] if told.finding.symptom.details else []
    return text_of(said, section(said), *lines, actions(*buttons(told)))


def _comes_and_goes(facts: Mapping[str, Any]) -> str:
    """`breaks`: how often it broke, `first`: since when."""
    if facts.get("breaks", 1) < 2:
        return ""
    first = facts.get("first")
    since = f" since {date(datetime.fromisoformat(first), '{time}')}" if first else ""
    return f" It comes and goes: {facts['breaks']} times{since}."


def found_out(told: Told) -> Text:
    """The reply to an alert that calls whoever turned out to be named, or tells those who were that it was not they."""
    return text_of(f"Found out meanwhile: {happened(told)} {why(told)}")


def not_yours(told: Told) -> Text:
    """In the thread of a staging whose baseline has the same: nobody is to look for it in the branch."""
    found, main = told.finding.symptom, told.finding.main
    head = "Not your branch" if told.sure else "Probably not your branch"
    what = f"*{escape(found.check)}* fails" if found.check else "the same happens"
    if main.says is Says.FAILS:
        since = f", since {date(main.since)}" if main.since else ""
        where, then = f"{told.main} as well{since}", f"The alert about {told.main} tells how that goes on."
    else:
        where, then = "the commit it started from as well", next_step(told)
    return text_of(f"🟠 {head}: {what} on {where}: {sentence(found.text)} {then}")


def recovered(told: Told, facts: Mapping[str, Any]) -> Text:
    """What an alert becomes when it is over."""
    since = f" from {date(datetime.fromisoformat(facts['since']))} on" if facts.get("since") else ""
    was = f"\nIt was: {sentence(facts['reason'])}" if facts["reason"] else ""
    found = f"\n{why(replace(told, calls=False))}" if facts.get("finding") else ""
    return text_of(f"🟢 *{told.named}* has recovered. {_illness(facts)}{since}.{was}{found}")


def recovered_reply(staging: Staging, facts: Mapping[str, Any]) -> Text:
    if facts.get("breaks", 1) > 1:
        return text_of(f"🟢 {escape(staging.name)} has recovered. {_illness(facts)}, and is quiet now.")
    return text_of(f"🟢 {escape(staging.name)} has recovered after {lasted(facts)}.")


def _illness(facts: Mapping[str, Any]) -> str:
    times = facts.get("breaks", 1)
    return f"It came and went {times} times in {lasted(facts)}" if times > 1 else f"It was broken for {lasted(facts)}"


def lasted(facts: Mapping[str, Any]) -> str:
    return format_duration(timedelta(seconds=facts["seconds"]))


# --- incidents -------------------------------------------------------------------------------------------------------


def incident(facts: Mapping[str, Any]) -> Text:
    """One message for several stagings that broke of the same cause. It is edited in its place.

    `shared`: what they have in common; `since`, `over` (once it is): ISO times; `members`: of each its `name`, `text`
    (what is wrong), `link` (to its card) and whether it is `well` again.
    """
    members: Sequence[Mapping[str, Any]] = facts["members"]
    shared, since = code(cut(facts["shared"], 200)), date(datetime.fromisoformat(facts["since"]))
    names = listed([_member_name(one) for one in members], most=10)
    if facts.get("over"):
        took = datetime.fromisoformat(facts["over"]) - datetime.fromisoformat(facts["since"])
        over = f"🟢 Over: {names} are well again. They shared {shared}, and were broken for {format_duration(took)}"
        return text_of(f"{over}, from {since} on.")
    ill = [one for one in members if not one.get("well")]
    head = f"🟠 *{len(members)} stagings broke together* since {since}. What they share: {shared}."
    then = "It is not what their branches change. Look at what they share; each is well again by itself when that is."
    lines = [_member(one) for one in members[:MOST_MEMBERS]]
    if len(members) > MOST_MEMBERS:
        lines.append(f"… and {len(members) - MOST_MEMBERS} more")
    said = f"{head} {then}"
    return text_of(f"{said} {len(ill)} of them are broken: {names}", section(said), section("\n".join(lines)))


def incident_over(facts: Mapping[str, Any]) -> Text:
    """The reply in its thread."""
    took = datetime.fromisoformat(facts["over"]) - datetime.fromisoformat(facts["since"])
    return text_of(f"🟢 Over after {format_duration(took)}: all {len(facts['members'])} stagings are well again.")


def _member_name(member: Mapping[str, Any]) -> str:
    name = member["name"]
    return f"*{link(member['link'], name) if member.get('link') else escape(name)}*"


def _member(member: Mapping[str, Any]) -> str:
    if member.get("well"):
        return f"🟢 {_member_name(member)} is well again"
    return f"🟠 {_member_name(member)}: {sentence(cut(member['text'], 150))}"
