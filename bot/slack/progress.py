"""The progress of a release: one message in its card's thread, edited as it goes on. Pure."""

from datetime import datetime

from bot.domain.durations import format_duration
from bot.domain.model import Release, Stage, Staging
from bot.slack import builds
from bot.slack.blocks import code, cut, date, escape, section
from bot.slack.messages import Text, text_of


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
