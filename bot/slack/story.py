"""The answer to `/octopod what-happened`: the journal of a staging in sentences. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.durations import format_duration
from bot.domain.model import Phase, Release, Stage, Staging, is_person
from bot.domain.story import Broke, Line, Part, Rolled, story
from bot.slack.blocks import code, context, cut, date, escape, link, section
from bot.slack.evidence import sentence
from bot.slack.messages import EMOJI, Text, text_of, verb
from bot.slack.rest import who
from bot.slack.values import packed

MOST_PARTS, DAY = 60, timedelta(days=1)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:\+00:00|Z)")

DID = {
    "extend": "extended it",
    "delete": "deleted it",
    "sleep": "put it to sleep",
    "wake": "woke it",
    "reset": "reset it",
    "freeze": "froze it: pushes do not update it",
    "unfreeze": "let pushes update it again",
    "keep": "kept it for good",
    "unkeep": "let it expire again",
    "mute": "muted it",
    "unmute": "ended its mute",
    "try": "had a trial made of",
}
"""What somebody did, after their name."""
HAPPENED = {
    "live": "it was live",
    "failed": "it failed",
    "warned of expiry": "its owner was told that its time comes to an end",
    "stays a while more": "it stays a while more",
    "deleted": "nothing of it is left",
    "asleep": "nothing of it runs any more",
    "lost": "nothing of it was there any more",
    "awake": "it was awake again",
    "not awake": "it did not wake",
    "branch ended": "it lost its branch",
    "branch back": "its branch was there again",
    "found": "found out",
    "recovered": "it was well again",
    "steady": "it was quiet again",
    "tried": "heard from the trial of",
}
"""Whoever's doing it was. What is in neither list is told as the journal has it."""
JOINED = frozenset({"try", "tried"})


def answer(
    staging: Staging,
    lines: Sequence[Line],
    releases: Sequence[Release],
    lately: timedelta,
    last: Line | None,
    card_link: str | None,
) -> Text:
    """`lines`: of the time that is asked about, the oldest first; `last`: the newest before it."""
    name, span = escape(staging.name), "day" if lately == DAY else format_duration(lately)
    head = f"*What happened to {name}* in the last {span}"
    now = f"{EMOJI[staging.phase]} Now it {verb(staging.phase)} *{staging.phase}*. {_next(staging)}"
    foot = [context(*filter(None, [now, link(card_link, "To its thread") if card_link else ""]))]
    parts = story(lines, releases)
    if not parts:
        return text_of(f"Nothing happened to {name} in the last {span}", section(_nothing(staging, span, last)), *foot)
    told = [told_part(part) for part in parts[-MOST_PARTS:]]
    left_out = len(parts) - len(told)
    first = [f"… {left_out} earlier things are left out: ask for a shorter time."] if left_out else []
    return text_of(f"What happened to {name}", *map(section, packed([head, *first, *told])), *foot)


def _nothing(staging: Staging, span: str, last: Line | None) -> str:
    said = f"Nothing happened to *{escape(staging.name)}* in the last {span}."
    if last is None:
        return said
    return f"{said} The last thing before: {told_part(story([last], [])[0]).removeprefix('• ')}"


def _next(staging: Staging) -> str:
    if staging.phase is Phase.DELETED:
        return f"{code(f'/octopod deploy {staging.branch}')} makes a new one."
    return f"{code(f'/octopod why {staging.name}')} says more."


def told_part(part: Part) -> str:
    match part:
        case Rolled():
            return _rolled(part)
        case Broke():
            return _broke(part)
        case _:
            return _said(part.line, part.count)


def _rolled(part: Rolled) -> str:
    line, release = part.line, part.release
    of = f"release {release.number}, {code(release.commit[:7])} “{escape(cut(release.subject, 80))}”"
    by = f" by {escape(cut(release.author, 80))}"
    actor = _actor(line.actor)
    match line.what:
        case "create":
            did = f"{actor} made it of {code(cut(release.branch, 100))}: {of}{by}"
        case "configure":
            did = f"{actor} changed its configuration{_changed(part)}: {of}"
        case "rollback":
            did = f"{actor} rolled it back: {of}, as in release {release.copy_of}"
        case _ if not is_person(line.actor):
            pushes = f"{part.count} pushes, the last of which" if part.count > 1 else f"{actor}"
            did = f"{pushes} brought {of}{by}"
        case _:
            did = f"{actor} deployed {of}{by}{_changed(part)}"
    return f"• {_when(line.at)} {did}; {_outcome(release)}"


def _changed(part: Rolled) -> str:
    return f" ({escape(cut(part.changed, 200))})" if part.changed else ""


def _outcome(release: Release) -> str:
    took = format_duration((release.ended_at or release.requested_at) - release.requested_at)
    match release.stage:
        case Stage.LIVE:
            return f"🟢 live after {took}."
        case Stage.FAILED:
            return f"🔴 failed after {took}: {sentence(cut(release.reason, 300))}"
        case Stage.SUPERSEDED:
            return f"stopped: {sentence(cut(release.reason, 200))}"
        case _:
            return "on its way."


def _broke(part: Broke) -> str:
    times = f", {part.times} times in all" if part.times > 1 else ""
    found = f" Found: {sentence(cut(part.found, 300))}" if part.found else ""
    return f"• {_when(part.line.at)} 🟠 it broke{times}: {sentence(cut(part.line.why, 300))}{found}{_end(part)}"


def _end(part: Broke) -> str:
    if part.well_at is None:
        return " It is broken still."
    after = format_duration(part.well_at - part.line.at)
    ends = {"live": "the next release was live", "sleep": "it was put to sleep", "reset": "it was reset"}
    if part.ended_by:
        return f" That ended after {after}, when {ends.get(part.ended_by, 'it was deleted')}."
    return f" 🟢 Well again after {after}."


def _said(line: Line, count: int) -> str:
    times = f", {count} times" if count > 1 else ""
    why = sentence_with_times(cut(line.why, 300)) if line.why else ""
    return f"• {_when(line.at)} {_done(line)}{times}{(' ' if line.what in JOINED else ': ') + why if why else '.'}"


def _done(line: Line) -> str:
    if line.what in HAPPENED:
        return f"{HAPPENED[line.what][0].upper()}{HAPPENED[line.what][1:]}"
    return f"{_actor(line.actor)} {DID[line.what]}" if line.what in DID else escape(line.what)


def sentence_with_times(text: str) -> str:
    """Times that stand in it are shown in everybody's own zone."""
    return _TIME.sub(lambda found: date(datetime.fromisoformat(found[0])), sentence(text))


def _actor(actor: str) -> str:
    said = who(actor)
    return f"{said[0].upper()}{said[1:]}" if not said.startswith("<") else said


def _when(at: datetime) -> str:
    return date(at)
