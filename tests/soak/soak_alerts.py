"""What was alerted, and whether it was true: the bot's records of alerts beside what was broken on purpose.

Broken on purpose is a staging whose release has the commit that breaks the login page, and whatever `Harm` was done to.
"""

import json
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from crash_kit import Playground

AFTERMATH = timedelta(seconds=20)  # a process that was killed is started again meanwhile, however busy the machine is
ROUNDING = timedelta(seconds=1)
OF_BREAKAGES = """
    SELECT n.id, n.staging_id, s.name, n.kind, n."where", n.created_at, n.facts, (
        SELECT r."commit" FROM releases r
        WHERE r.staging_id = s.id AND r.stage = 'live' AND r.ended_at <= n.created_at ORDER BY r.ended_at DESC LIMIT 1
    ) FROM notices n JOIN stagings s ON s.id = n.staging_id
    WHERE n."where" IN ('alerts', 'alert edit') ORDER BY n.id
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
class Told:
    """One message to or about an alert. `since`: when what it tells of began. `commit`: what served then."""

    notice: int
    staging: str
    name: str
    kind: str
    new: bool
    since: datetime
    text: str
    commit: str | None


def told(data: Path) -> list[Told]:
    with closing(sqlite3.connect(f"file:{data / 'octopod.db'}?mode=ro", uri=True)) as database:
        return [_told(*row) for row in database.execute(OF_BREAKAGES)]


def _told(notice: int, staging: str, name: str, kind: str, where: str, at: str, facts: str, commit: str | None) -> Told:
    symptom = (json.loads(facts).get("finding") or {}).get("symptom") or {}
    since = datetime.fromisoformat(symptom.get("since") or at)
    return Told(notice, staging, name, kind, where == "alerts", since, symptom.get("text", ""), commit)


def id_of(data: Path, name: str) -> str:
    """Of the staging that has this name now."""
    with closing(sqlite3.connect(f"file:{data / 'octopod.db'}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT id FROM stagings WHERE name = ? AND deleted_at IS NULL", (name,)).fetchone()
    return str(found[0]) if found else ""


def wrong(play: Playground, harms: Sequence[Harm]) -> Iterator[str]:
    """False alerts, and breakages that were alerted a second time while the first alert still stood."""
    open_for: set[str] = set()
    for one in told(play.data):
        if one.kind != "broken":
            open_for.discard(one.staging)
        elif one.new:
            if one.staging in open_for:
                yield f"{one.name} was alerted again (notice {one.notice}): {one.text}"
            open_for.add(one.staging)
            on_purpose = any(harm.covers((one.staging, one.name), one.since) for harm in harms)
            if not on_purpose and not is_broken(play.data, one.commit):
                yield f"a false alert: {one.name} since {one.since:%H:%M:%S} (notice {one.notice}): {one.text}"


@cache
def is_broken(data: Path, commit: str | None) -> bool:
    """Whether the login page is, at this commit: pushes change other files, and branches start from any branch."""
    return commit is not None and _login_page(data, commit) == _login_page(data, "broken-login")


def _login_page(data: Path, at: str) -> str:
    command = ["git", "-C", str(data / "shop.git"), "rev-parse", f"{at}:web/login.py"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
