"""What must hold whenever nothing is under way: the store, the cards, the URLs and the processes tell the same.

The bot's own store is read beside it. `contradictions` may hold for a moment only; `never` holds at any time.
"""

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import stagings_seen
from bot_process import is_bug
from crash_kit import Json, Playground
from process_kit import marked
from soak_alerts import in_incident, is_broken
from soak_breaks import KEPT
from sqlalchemy import text

from bot.domain.model import Phase, Release, Staging
from bot.slack import messages, progress
from bot.store import releases, stagings
from bot.store.store import Store

LEFT = """
    SELECT 'wish', id, command, due_at, tries, failures, error FROM requests WHERE done_at IS NULL
    UNION ALL SELECT kind, name, desired, due_at, tries, failures, error
        FROM targets JOIN stagings ON stagings.id = staging_id WHERE wanted > done
    UNION ALL SELECT 'home', user, '', due_at, tries, failures, error FROM homes WHERE wanted > done
    UNION ALL SELECT kind, lane, "where", due_at, tries, failures, error
        FROM notices WHERE sent_at IS NULL AND dropped_at IS NULL
"""
CALM = {Phase.LIVE, Phase.FAILED, Phase.BROKEN, Phase.ASLEEP, Phase.DELETING, Phase.DELETED}
NOT_FOR_PEOPLE = re.compile(r"Traceback|\w+Error\(|object at 0x|error in Octopod itself|=None\b")


@dataclass(frozen=True, slots=True)
class Row:
    """A staging as the store has it, with where its card is, and each release with where its progress is."""

    staging: Staging
    card: str | None
    releases: Sequence[tuple[Release, str | None]]


def stored(data: Path) -> list[Row]:
    return asyncio.run(_stored(f"sqlite+aiosqlite:///{data / 'octopod.db'}"))


async def _stored(url: str) -> list[Row]:
    store = Store(url)
    try:
        async with store.read() as connection:
            cards = (await connection.execute(text("SELECT id, card_ts FROM stagings ORDER BY created_at"))).all()
            progress = (await connection.execute(text("SELECT staging_id, id, progress_ts FROM releases"))).all()
            found = await stagings.by_ids(connection, [id for id, _ in cards])
            known = {id: await releases.by_id(connection, id) for _, id, _ in progress}
    finally:
        await store.close()
    return [
        Row(found[id], card, [(r, ts) for owner, key, ts in progress if owner == id and (r := known[key])])
        for id, card in cards
    ]


def contradictions(play: Playground) -> list[str]:
    """In sentences. Nothing is under way and all fits: none."""
    with closing(sqlite3.connect(f"file:{play.data / 'octopod.db'}?mode=ro", uri=True)) as database:
        if left := [f"left to do: {row}" for row in database.execute(LEFT)]:
            return left
    rows, state = stored(play.data), play.state()
    seen = [row for row in rows if not row.staging.witness_for]
    others = [row for row in seen if row.staging.name not in KEPT]
    return [
        *_cards(seen, state),
        *_urls(play, others),
        *_processes(play, rows),
        *_breakages(play, others),
        *_witnesses(rows, state),
    ]


def _cards(rows: Sequence[Row], state: Json) -> Iterator[str]:
    shown = {message["ts"]: message for message in stagings_seen.visible(state, "stagings")}
    for row in rows:
        staging = row.staging
        if staging.phase not in CALM:
            yield f"{staging.name} is {staging.phase}"
        yield from _message(shown, row.card, messages.card(staging, "local"), f"the card of {staging.name}")
        for release, ts in row.releases:
            if ts:
                wanted, what = progress.progress(release, staging), f"release {release.number} of {staging.name}"
                yield from _message(shown, ts, wanted, what)
    cards = {ts for ts, message in shown.items() if stagings_seen.key_of(message).startswith("card-")}
    if strays := cards - {row.card for row in rows}:
        yield f"cards of nobody: {sorted(strays)}"


def _message(shown: Mapping[str, Json], ts: str | None, wanted: messages.Text, what: str) -> Iterator[str]:
    found = shown.get(ts or "")
    if found is None:
        yield f"{what} is not there"
    elif (said := [found["text"], *_read(found["blocks"])]) != (meant := [wanted.text, *_read(wanted.blocks)]):
        yield f"{what} says {said}, but it is {meant}"


def _read(blocks: Sequence[Any]) -> list[str]:
    """What there is to read, buttons apart."""
    parts = [
        part for block in blocks for part in (block.get("text"), *block.get("fields", ()), *_inside(block)) if part
    ]
    return [str(part["text"]) for part in parts]


def _inside(block: Mapping[str, Any]) -> Sequence[Any]:
    return block["elements"] if block["type"] == "context" else ()


def _urls(play: Playground, rows: Sequence[Row]) -> Iterator[str]:
    newest = {row.staging.name: row for row in rows}
    for name, row in newest.items():
        staging = row.staging
        status, page = play.get(f"127.0.0.1:{play.port}", "/", f"{name}.localhost:{play.port}")
        if staging.serving and staging.phase not in (Phase.DELETED, Phase.DELETING, Phase.ASLEEP):
            serving = next(release for release, _ in row.releases if release.id == staging.serving)
            about = play.about(name) if status == 200 else {}
            seen = (status, about.get("branch"), about.get("commit"))
            if seen != (200, serving.branch, serving.commit):
                yield f"{name} ({staging.phase}) answers {seen}, but serves {serving.branch} at {serving.commit}"
        elif staging.phase is Phase.LIVE:
            yield f"{name} is live, but serves nothing"
        elif status != (410 if staging.phase in (Phase.DELETED, Phase.DELETING) else 503):
            yield f"{name} ({staging.phase}) answers {status}: {page[:200]!r}"


def _processes(play: Playground, rows: Sequence[Row]) -> Iterator[str]:
    leaders = [process for process in marked(play.data) if process.leads]
    marks = Counter(process.mark for process in leaders)
    if twice := [mark for mark, count in marks.items() if count > 1]:
        yield f"processes that run twice: {twice}"
    serving = {row.staging.id for row in rows if row.staging.serving}
    run = {process.staging for process in leaders}
    if strange := run - serving - {row.staging.id for row in rows if row.staging.phase in (Phase.FAILED, Phase.BROKEN)}:
        yield f"processes of stagings that shall not run: {strange}"


def _breakages(play: Playground, rows: Sequence[Row]) -> Iterator[str]:
    """At rest, those are broken whose commit is, and that was told, unless somebody has muted it."""
    shared = in_incident(play.data)
    for staging in (row.staging for row in rows):
        if staging.live and staging.phase in (Phase.LIVE, Phase.BROKEN):
            broken = is_broken(play.data, staging.live.commit)
            if broken != (staging.phase is Phase.BROKEN):
                yield f"{staging.name} is {staging.phase}, but its commit is {'broken' if broken else 'well'}"
            if broken and not (staging.alerted_at or staging.mutes or staging.id in shared):
                yield f"{staging.name} is broken, and nobody was told"


def _witnesses(rows: Sequence[Row], state: Json) -> Iterator[str]:
    """Nobody sees them, and none is left of a breakage that is over."""
    broken = {row.staging.id for row in rows if row.staging.phase is Phase.BROKEN}
    shown = str(state["channels"])
    for row in (row for row in rows if row.staging.witness_for):
        staging = row.staging
        if row.card or staging.name in shown:
            yield f"people see {staging.name}"
        if staging.phase is not Phase.DELETED and staging.witness_for not in broken:
            yield f"{staging.name} is {staging.phase}, but what it was for is over"


def never(play: Playground) -> list[str]:
    """What may not be at any time, whatever goes wrong."""
    state = play.state()
    everything = [m for channel in state["channels"] for m in channel["messages"] if m["by_app"] and not m["deleted"]]
    keys = Counter(filter(None, map(stagings_seen.key_of, everything)))
    found = [f"sent twice: {key}" for key, count in keys.items() if count > 1]
    found += [f"people were told {m['text']!r}" for m in everything if NOT_FOR_PEOPLE.search(m["text"])]
    log = play.log()
    found += [f"in the log: {line}" for line in log.splitlines() if is_bug(line)]
    found += ["in the log: database is locked"] if "database is locked" in log else []
    return [*found, *_order(state)]


def _order(state: Json) -> Iterator[str]:
    """In each thread, what was announced first stands first."""
    for seen in stagings_seen.stagings(state):
        keys = [stagings_seen.key_of(message) for message in seen.replies]
        numbers = [int(key.partition("-")[2]) for key in keys if key.startswith("notice-")]
        if numbers != sorted(numbers):
            yield f"{seen.name}: announced out of order: {numbers}"
