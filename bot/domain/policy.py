"""The rules that a project sets: time limits of a staging's life, and who may do what."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import UserError
from bot.domain.project import ProbeFrom, Project, Roles

EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Policy:
    """What `decide` must know of the project.

    `debounce`: how long a live staging must be unhealthy to be called broken. `settle`: how long it must be healthy
    again to be called recovered. `unsteady`: how long a release may be ready and not ready by turns before it fails.
    `warn_before`: how long before the expiry its owner is warned. `image_wait`: how long a release waits for its image
    at most; it is looked for again after `first_look`, then ever more rarely, every `rarest_look` in the end.
    """

    ttl: timedelta | None
    probes: bool = True
    debounce: timedelta = timedelta(seconds=5)
    settle: timedelta = timedelta(seconds=5)
    unsteady: timedelta = timedelta(minutes=5)
    warn_before: timedelta = timedelta(hours=1)
    image_wait: timedelta = timedelta(minutes=30)
    first_look: timedelta = timedelta(seconds=5)
    rarest_look: timedelta = timedelta(minutes=1)

    def look_after(self, waited: timedelta) -> timedelta:
        """The pause before the next look: a quarter of the wait so far."""
        return min(max(waited / 4, self.first_look), self.rarest_look)

    def warn_at(self, expires_at: datetime) -> datetime:
        """An hour before; a shorter life than two hours is warned of at its half."""
        half = self.ttl / 2 if self.ttl else self.warn_before
        return expires_at - min(self.warn_before, half)


def policy_of(project: Project) -> Policy:
    probes = project.url_probe.origin is not ProbeFrom.OFF
    return Policy(ttl=project.ttl, probes=probes, image_wait=project.image_wait)


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


def may_use(person: Person, project: Project, profile: str) -> bool:
    """One that octopod.yaml has no more is nobody's: it gives nothing."""
    known = project.profiles.get(profile)
    return known is None or _among(person, known.allowed)


def may_deploy(person: Person, roles: Roles) -> bool:
    """Admins may all that deployers may."""
    return _among(person, roles.deploy) or _among(person, roles.admin)


def _among(person: Person, names: Iterable[str]) -> bool:
    known: Collection[str] = {EVERYONE, person.id, person.handle, *person.groups} - {""}
    return any(name.lstrip("@") in known for name in names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nobody"
