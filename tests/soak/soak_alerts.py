"""What was alerted, and whether it was true: the bot's records of alerts beside what was broken on purpose.

Broken on purpose is a staging whose release has the commit that breaks the login page, and whatever `Harm` was done to.
"""

import json
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

AFTERMATH = timedelta(seconds=20)  # a process that was killed is started again meanwhile, however busy the machine is
ROUNDING = timedelta(seconds=1)
OF_ALERTS = """
    SELECT n.staging_id, s.name, n.kind, n."where", n.created_at, n.facts
    FROM notices n JOIN stagings s ON s.id = n.staging_id WHERE n."where" IN ('alerts', 'alert edit') ORDER BY n.id
"""
OF_INCIDENTS = "SELECT members, closed_at FROM incidents"
SERVED = """
    SELECT "commit" FROM releases
    WHERE staging_id = ? AND stage = 'live' AND ended_at <= ? ORDER BY ended_at DESC LIMIT 1
"""


@dataclass
class Harm:
    """`who`: the id or the name of a staging. `until`: None as long as it goes on."""

    who: str
    since: datetime
    until: datetime | None = None

    def covers(self, who: Sequence[str], at: datetime) -> bool:
        return self.who in who and self.since - ROUNDING <= at <= (self.until or datetime.now(UTC)) + AFTERMATH


@dataclass(frozen=True, slots=True)
class Accused:
    """Somebody was told that this staging is broken. `commit`: what it served then."""

    staging: str
    name: str
    since: datetime
    text: str
    commit: str | None


def wrong(data: Path, harms: Sequence[Harm]) -> Iterator[str]:
    """False alerts, and breakages that were alerted a second time while the first alert still stood."""
    with _opened(data) as database:
        told = [*_alerts(database)]
        in_incidents = [*_members(database)]
    stand: set[str] = set()
    for is_new, one in told:
        if is_new and one.staging in stand:
            yield f"{one.name} was alerted once more: {one.text}"
        stand = stand | {one.staging} if is_new else stand - {one.staging}
    for one in (*(one for is_new, one in told if is_new), *in_incidents):
        on_purpose = any(harm.covers((one.staging, one.name), one.since) for harm in harms)
        if not on_purpose and not is_broken(data, one.commit):
            yield f"a false alert: {one.name} since {one.since:%H:%M:%S}: {one.text}"


def counted(data: Path) -> str:
    """How many there were, also of stagings that were broken without more ado."""
    with _opened(data) as database:
        alerts = sum(is_new for is_new, _ in _alerts(database))
        return f"{alerts} of one staging each, {len([*database.execute(OF_INCIDENTS)])} of several"


def _alerts(database: sqlite3.Connection) -> Iterator[tuple[bool, Accused]]:
    """Each that was sent (True), and each end of one."""
    for staging, name, kind, where, at, facts in [*database.execute(OF_ALERTS)]:
        symptom = (json.loads(facts).get("finding") or {}).get("symptom") or {"since": at, "text": kind}
        if kind != "broken" or where == "alerts":
            yield kind == "broken", _accused(database, staging, {**symptom, "name": name})


def _members(database: sqlite3.Connection) -> Iterator[Accused]:
    for members, _ in [*database.execute(OF_INCIDENTS)]:
        yield from (_accused(database, staging, member) for staging, member in json.loads(members).items())


def _accused(database: sqlite3.Connection, staging: str, told: Mapping[str, str]) -> Accused:
    since = datetime.fromisoformat(told["since"])
    served = database.execute(SERVED, (staging, since.isoformat(timespec="microseconds"))).fetchone()
    return Accused(staging, told["name"], since, told["text"], served[0] if served else None)


def in_incident(data: Path) -> set[str]:
    """The ids of the stagings of which an incident tells that is not over."""
    with _opened(data) as database:
        found = [json.loads(members) for members, closed in database.execute(OF_INCIDENTS) if not closed]
    return {staging for members in found for staging, member in members.items() if not member["well"]}


def id_of(data: Path, name: str) -> str:
    """Of the staging that has this name now."""
    with _opened(data) as database:
        found = database.execute("SELECT id FROM stagings WHERE name = ? AND deleted_at IS NULL", (name,)).fetchone()
    return str(found[0]) if found else ""


@contextmanager
def _opened(data: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{data / 'octopod.db'}?mode=ro", uri=True)) as database:
        yield database


@cache
def is_broken(data: Path, commit: str | None) -> bool:
    """Whether the login page is, at this commit: pushes change other files, and branches start from any branch."""
    return commit is not None and _login_page(data, commit) == _login_page(data, "broken-login")


def _login_page(data: Path, at: str) -> str:
    command = ["git", "-C", str(data / "shop.git"), "rev-parse", f"{at}:web/login.py"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
