"""The rules that a project sets: time limits of a staging's life, and who may do what."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.hours import Hours
from bot.domain.model import PROJECT, Staging
from bot.domain.project import ProbeFrom, Project, Roles

EVERYONE = "everyone"
MOST_LISTED = 10


@dataclass(frozen=True, slots=True)
class Policy:
    """What `decide` must know of the project.

    `debounce`: how long a live staging must be unhealthy to be called broken. `settle`: how long it must be healthy
    again to be called recovered. `unsteady`: how long a release may be ready and not ready by turns before it fails.
    `remind_before`, `warn_before`: how long before the expiry its owner is told. `image_wait`: how long a release waits
    for its image at most; it is looked for again after `first_look`, then ever more rarely, every `rarest_look` in the
    end.
    `undo`: how long a delete of something with data can be taken back. `waking`: how long a wake may take.
    `gone_after`: how long a staging outlives its branch; None: as long as it would anyway. `hours`: outside of these,
    stagings sleep. `quiet`: how long what broke must stay well until its next breakage is another one. `good_after`:
    how long a release must be live and well to be one that a rollback returns to. `witness_comes`: how long a
    throw-away staging may take to be live, `witness_answers`: how long after that to tell what it was made for.
    """

    ttl: timedelta | None
    probes: bool = True
    debounce: timedelta = timedelta(seconds=5)
    settle: timedelta = timedelta(seconds=5)
    unsteady: timedelta = timedelta(minutes=5)
    remind_before: timedelta = timedelta(days=1)
    warn_before: timedelta = timedelta(hours=1)
    image_wait: timedelta = timedelta(minutes=30)
    first_look: timedelta = timedelta(seconds=5)
    rarest_look: timedelta = timedelta(minutes=1)
    undo: timedelta = timedelta(minutes=15)
    waking: timedelta = timedelta(minutes=15)
    gone_after: timedelta | None = timedelta(hours=1)
    hours: Hours | None = None
    quiet: timedelta = timedelta(minutes=10)
    good_after: timedelta = timedelta(minutes=1)
    witness_comes: timedelta = timedelta(minutes=5)
    witness_answers: timedelta = timedelta(minutes=1)

    def look_after(self, waited: timedelta) -> timedelta:
        """The pause before the next look: a quarter of the wait so far."""
        return min(max(waited / 4, self.first_look), self.rarest_look)

    def warn_at(self, expires_at: datetime) -> datetime:
        """An hour before; a shorter life than two hours is warned of at its half."""
        return expires_at - self.of_life(self.warn_before)

    def remind_at(self, expires_at: datetime) -> datetime:
        """A day before; a shorter life than two days is told of at its half."""
        return expires_at - self.of_life(self.remind_before)

    def of_life(self, most: timedelta, ended: bool = False) -> timedelta:
        """So long, or half a life, if that is shorter. `ended`: of the life without a branch."""
        life = self.gone_after if ended else self.ttl
        return min(most, life / 2) if life else most


def policy_of(project: Project) -> Policy:
    probes = project.url_probe.origin is not ProbeFrom.OFF
    return Policy(
        ttl=project.ttl,
        probes=probes,
        image_wait=project.image_wait,
        undo=project.undo,
        gone_after=project.follow.gone_after,
        hours=project.hours,
        good_after=project.good_after,
    )


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: the Slack user id, their handle, and the handles of the user groups they are in."""

    id: str
    handle: str = ""
    groups: frozenset[str] = frozenset()


def require_deploy(person: Person, project: Project) -> None:
    """Raise UserError unless this person may deploy, extend and delete stagings of the project."""
    if not may_deploy(person, project.roles):
        raise UserError(
            f"You may not change stagings of {project.name}: its `roles.deploy` lists {_listed(project.roles.deploy)}. "
            f"Ask {_listed(project.roles.admin) if project.roles.admin else 'whoever keeps octopod.yaml'} to add you."
        )


def require_word(person: Person, project: Project, why: str) -> None:
    """Raise UserError unless this person may answer for what a fork brings: an admin, or who may deploy, if the project
    names no admins. `why`: what there is to answer for."""
    answering = project.roles.admin or project.roles.deploy
    if not _among(person, answering):
        raise UserError(f"{why} That is for {_listed(answering)}: ask them.")


def require_change(person: Person, staging: Staging, projects: Mapping[str, Project]) -> None:
    """As `require_deploy`. The stagings of a project that left octopod.yaml, which sets no roles any more, are their
    owners' and everybody's who is an admin of another project: somebody must be able to remove them."""
    project = projects.get(staging.project)
    if project:
        require_deploy(person, project)
    elif person.id != staging.owner and not any(_among(person, one.roles.admin) for one in projects.values()):
        raise UserError(
            f"{staging.project}, the project of {staging.name}, has left octopod.yaml. <@{staging.owner}> can still "
            "remove it, as its owner, and so can admins of other projects."
        )


def require_profiles(person: Person, project: Project, names: Iterable[str]) -> None:
    """Raises UserError unless this person may use all of these profiles; admins have no right of their own to them."""
    refused = [project.profiles[name] for name in dict.fromkeys(names) if not may_use(person, project, name)]
    if refused:
        listed = " ".join(
            f"The profile `{one.name}` is for {_listed(one.allowed)}: ask them to do it for you." for one in refused
        )
        raise UserError(
            f"{listed} Who may not use a profile can neither add it nor deploy or change a staging that has it."
        )


def require_room(actor: str, project: Project, present: Iterable[Staging]) -> None:
    """Raise UserError if one more staging would be too many, for the project or for this person.

    `present`: those of the project, which itself is no person. Only what uses compute counts: neither what is asleep
    nor what is being deleted. What sleeps outside of hours keeps its place, as it wakes by itself.
    """
    running = [one for one in present if one.holds_place]
    own = [one for one in running if one.owner == actor]
    limits = project.limits
    if actor != PROJECT and limits.per_person is not None and len(own) >= limits.per_person:
        raise UserError(f"You have {len(own)} of {limits.per_person} stagings of {project.name}. {_removable(own)}")
    if limits.stagings is not None and len(running) >= limits.stagings:
        whose = _removable(own) if own else "None of them is yours: `/octopod list` shows whose they are, ask them."
        raise UserError(f"{project.name} has {len(running)} of {limits.stagings} stagings. {whose}")


def _removable(own: Sequence[Staging]) -> str:
    """What one can do about it; what was not deployed for the longest time comes first."""
    oldest = sorted(own, key=lambda one: one.attempt.requested_at)
    more = f" and {len(oldest) - MOST_LISTED} more" if len(oldest) > MOST_LISTED else ""
    listed = ", ".join(f"`{one.name}` ({one.phase})" for one in oldest[:MOST_LISTED])
    return (
        f"Yours, the longest unchanged first: {listed}{more}. `/octopod delete {oldest[0].name}` makes room; so does "
        f"`/octopod sleep {oldest[0].name}`, which keeps its data."
    )


def may_use(person: Person, project: Project, profile: str) -> bool:
    """One that octopod.yaml has no more is nobody's: it gives nothing."""
    known = project.profiles.get(profile)
    return known is None or _among(person, known.allowed)


def open_to_all(project: Project, profile: str) -> bool:
    known = project.profiles.get(profile)
    return known is None or EVERYONE in known.allowed


def may_deploy(person: Person, roles: Roles) -> bool:
    """Admins may all that deployers may."""
    return _among(person, roles.deploy) or _among(person, roles.admin)


def _among(person: Person, names: Iterable[str]) -> bool:
    known: Collection[str] = {EVERYONE, person.id, person.handle, *person.groups} - {""}
    return any(name.lstrip("@") in known for name in names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nobody"
