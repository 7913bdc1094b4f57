"""What an earlier bot has left running, found by marks and by records."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from bot.local.folders import EngineFolder
from bot.local.identity import Identity, identity_of
from bot.local.marks import Marked, find_marked
from bot.local.table import Found, recorded

Place = tuple[str, str, str]


@dataclass(slots=True)
class Remains:
    """`leaders`: processes that we started ourselves, by staging, release and key. `others`: their descendants."""

    leaders: dict[Place, Found] = field(default_factory=dict)
    started: dict[Place, int] = field(default_factory=dict)
    others: list[Marked] = field(default_factory=list)
    doubles: list[Identity] = field(default_factory=list)

    def of(self, staging: str) -> Mapping[str, Mapping[str, Found]]:
        """By release and key."""
        found: dict[str, dict[str, Found]] = {}
        for (owner, release, key), each in self.leaders.items():
            if owner == staging:
                found.setdefault(release, {})[key] = each
        return found

    def without(self, kept: Collection[Place]) -> list[Identity]:
        """Everything but those that were taken over, with what they have started since."""
        strays = [each.identity for place, each in self.leaders.items() if place not in kept]
        for each in self.others:
            place = (each.staging, each.release, each.key)
            # Older than its leader: it belongs to one that came before.
            if place not in kept or each.ticks < self.started.get(place, 0):
                strays.append(each.identity)
        return strays + self.doubles


def find_remains(place: EngineFolder, owner: str) -> Remains:
    """Blocking."""
    remains = Remains()
    for each in find_marked(owner):
        where = (each.staging, each.release, each.key)
        if not each.leads:
            remains.others.append(each)
        elif where in remains.leaders:
            remains.doubles.append(each.identity)
        else:
            remains.leaders[where] = Found(each.identity, each.ports)
            remains.started[where] = each.ticks
    for folder in place.stagings():
        for release in folder.releases():
            for key, found in recorded(folder.release(release)).items():
                if identity_of(found.identity.pid) == found.identity:
                    remains.leaders.setdefault((folder.root.name, release, key), found)
    return remains
