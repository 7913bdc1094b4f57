"""What a git host is told of a staging: in which state its commit, its releases and its pull request are.

A host is told only what is new; what it was told last is remembered (`Told`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.domain.model import Phase, Staging
from bot.domain.project import Project

LONGEST_DESCRIPTION = 140


class Standing(StrEnum):
    """Where a release stands, as hosts tell it apart. REPLACED: by a newer one, or by the end of its staging, before
    it was live."""

    WAITING = "waiting"
    STARTING = "starting"
    LIVE = "live"
    BROKEN = "broken"
    FAILED = "failed"
    ASLEEP = "asleep"
    GONE = "gone"
    REPLACED = "replaced"

    @property
    def under_way(self) -> bool:
        return self in (Standing.WAITING, Standing.STARTING)

    @property
    def resting(self) -> bool:
        return self in (Standing.ASLEEP, Standing.GONE)


@dataclass(frozen=True, slots=True)
class Status:
    """Of a commit. `name`: whose it is; `description`: at most 140 characters; `url`: what it leads to, or ""."""

    commit: str
    name: str
    standing: Standing
    description: str
    url: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """Of a release. `environment`: what the host calls the staging. `url`: where it answers; `log_url`: its card."""

    release: str
    commit: str
    branch: str
    environment: str
    standing: Standing
    description: str
    url: str
    log_url: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a host was told last of one staging.

    `pull`, `comment`: the pull request, and the id of the comment on it; `body`: what that says, as a digest.
    `unwanted`: the release at which somebody had deleted the comment. `commit`, `standing`, `description`: of the
    newest status. `deployments`: by release, the id and the standing of each that the host takes for active.
    """

    pull: int | None = None
    comment: str = ""
    body: str = ""
    unwanted: str = ""
    commit: str = ""
    standing: str = ""
    description: str = ""
    deployments: Mapping[str, tuple[str, str]] = field(default_factory=dict)


_STANDINGS = {
    Phase.WAITING: Standing.WAITING,
    Phase.ROLLING_OUT: Standing.STARTING,
    Phase.WAKING: Standing.STARTING,
    Phase.RESETTING: Standing.STARTING,
    Phase.LIVE: Standing.LIVE,
    Phase.BROKEN: Standing.BROKEN,
    Phase.FAILED: Standing.FAILED,
    Phase.FALLING_ASLEEP: Standing.ASLEEP,
    Phase.ASLEEP: Standing.ASLEEP,
    Phase.DELETING: Standing.GONE,
    Phase.DELETED: Standing.GONE,
}


def standing(staging: Staging) -> Standing:
    return _STANDINGS[staging.phase]


def label(staging: Staging, projects: Mapping[str, Project]) -> str:
    """What the host knows it by: its name, with that of its project where several have the same repository."""
    own = projects[staging.project].host
    there = (own.api, own.repository) if own else None
    sharing = [one for one in projects.values() if one.host and (one.host.api, one.host.repository) == there]
    return f"{staging.project}/{staging.name}" if len(sharing) > 1 else staging.name


def statuses(staging: Staging, told: Told, description: str) -> Sequence[tuple[str, Standing, str]]:
    """Which commits are to be marked: commit, standing and description.

    What was marked as under way and is so no more gets an end; what was live keeps its mark when it goes or sleeps.
    """
    now, commit = standing(staging), staging.attempt.commit
    open_before = told.commit and told.standing and Standing(told.standing).under_way
    wanted: list[tuple[str, Standing, str]] = []
    if open_before and (told.commit != commit or now.resting):
        ended = "replaced" if told.commit != commit else "put to sleep" if now is Standing.ASLEEP else "deleted"
        wanted.append((told.commit, Standing.REPLACED, f"{ended} before it was live"))
    if not now.resting and (told.commit, told.standing, told.description) != (commit, now, description):
        wanted.append((commit, now, description))
    return wanted


def marked(told: Told, commit: str, standing: Standing, description: str) -> Told:
    return replace(told, commit=commit, standing=standing.value, description=description)


def deployments(staging: Staging, told: Told) -> Sequence[tuple[str, Standing]]:
    """Which releases' deployments are to be told of, the older first. Their host knows those of `told`."""
    now, newest = standing(staging), staging.attempt.id
    serving = staging.older_serves.id if staging.older_serves and not now.resting else None
    wanted = [
        (release, Standing.GONE if now is Standing.GONE else Standing.REPLACED)
        for release in told.deployments
        if release not in (newest, serving)
    ]
    known = told.deployments.get(newest)
    if (known is None and not now.resting) or (known is not None and known[1] != now):
        wanted.append((newest, now))
    return wanted


def deployed(told: Told, release: str, id: str, standing: Standing) -> Told:
    """What is replaced or gone need not be remembered."""
    others = {name: one for name, one in told.deployments.items() if name != release}
    over = standing in (Standing.REPLACED, Standing.GONE)
    return replace(told, deployments=others if over else {**others, release: (id, standing.value)})
