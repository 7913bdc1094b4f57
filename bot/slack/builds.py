"""What is said of the runs of CI that images are waited for from. Pure."""

from datetime import timedelta

from bot.domain.building import label
from bot.domain.durations import format_duration
from bot.domain.hearsay import CiState
from bot.domain.model import Build, Release
from bot.slack.blocks import date, escape, link


def standing(release: Release) -> str:
    """How the run goes that tells of its image; "" if none does. Everybody's Slack counts the minutes by itself."""
    if release.build is None:
        return ""
    match release.build.run.state:
        case CiState.RUNNING:
            return f"{_named(release.build)} {_since(release.build)}"
        case state:
            return f"{_named(release.build)} has {state}"


def reference(release: Release) -> str:
    """Where to see why a run failed; "" if that is not why the release did."""
    run = release.build.run if release.build else None
    return link(run.url, "What went wrong there") if run and run.url and run.state is CiState.FAILED else ""


def _named(build: Build) -> str:
    run = build.run
    return link(run.url, label(run)) if run.url else escape(label(run))


def _since(build: Build) -> str:
    begun = f"began {date(build.run.started_at, '{ago}')}" if build.run.started_at else "is under way"
    return f"{begun} (usually takes {format_duration(_rounded(build.usual))})" if build.usual else begun


def _rounded(usual: timedelta) -> timedelta:
    """Nobody waits for minutes by the second."""
    minute = timedelta(minutes=1)
    return usual if usual < minute else round(usual / minute) * minute
