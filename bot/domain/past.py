"""What the records say about a breakage: of which release it was seen, and what was different before. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from bot.domain.checks import Stood
from bot.domain.configuration import differences, flat, secret_keys
from bot.domain.evidence import NOBODY, Former, KeyChange, Says, Symptom, Testimony
from bot.domain.model import Health, Release, Staging
from bot.domain.project import Project


def symptom(staging: Staging) -> Symptom:
    """What is wrong with it. Workloads that are not well explain checks that fail, not the reverse."""
    since = staging.unhealthy_since or staging.broken_since or staging.created_at
    failing = sorted((stand for stand in staging.checks if not stand.ok), key=lambda stand: stand.since)
    if staging.engine_health is not Health.HEALTHY or not failing:
        names = tuple(stand.check for stand in failing)
        text = staging.engine_reason or staging.health_reason
        return Symptom(text, since, workload=staging.engine_worst, also=names, details=staging.engine_details)
    first, *rest = failing
    return Symptom(first.text, min(since, first.since), first.check, also=tuple(stand.check for stand in rest))


def passed_here(stood: Sequence[Stood], release: str) -> datetime | None:
    """When this very release passed last. `stood`: of the staging and the check, the newest first."""
    return next((one.seen_at for one in stood if one.release == release and one.ok), None)


def former(stood: Sequence[Stood], releases: Sequence[Release], live: Release, project: Project) -> Former | None:
    """The newest earlier release that passed, and the first one after that which did not; without its commits. That may
    be the same release: then what came later is innocent.

    `stood`: the newest first. `releases`: all of the staging.
    """
    good = next((place for place, one in enumerate(stood) if one.ok and one.number < live.number), None)
    since = [one for one in stood[:good] if not one.ok]
    if good is None or not since:
        return None
    return _former(stood[good], since[-1], releases, project)


def _former(good: Stood, bad: Stood, releases: Sequence[Release], project: Project) -> Former | None:
    by_number = {release.number: release for release in releases}
    if good.number not in by_number or bad.number not in by_number:
        return None
    changed = changes(releases, by_number[good.number], by_number[bad.number], project)
    return Former(good.number, good.commit, good.seen_at, bad.number, bad.commit, changes=changed, bad_since=bad.since)


def changes(releases: Sequence[Release], old: Release, new: Release, project: Project) -> tuple[KeyChange, ...]:
    """The keys of the configuration that differ between two releases of a staging, each with who changed it last."""
    between = sorted((r for r in releases if old.number < r.number <= new.number), key=lambda r: r.number)
    return tuple(_changes(old, new, between, project))


def _changes(old: Release, new: Release, between: Sequence[Release], project: Project) -> Iterator[KeyChange]:
    deployment = {*dict(flat(old.values)), *dict(flat(new.values))}
    hidden = secret_keys(project)
    for found in differences(old.configuration, new.configuration):
        level = "values" if found.key in deployment else "env"
        by = _by(found.key, old, between)
        if found.secret or (level == "env" and found.key in hidden):
            yield KeyChange(found.key, None, None, by, secret=True, level=level)
        else:
            yield KeyChange(found.key, found.before, found.after, by, level=level)


def _by(key: str, old: Release, between: Sequence[Release]) -> str:
    """Whose release had another value than the one before it; the last one counts."""
    actor, before = "", old
    for release in between:
        if any(found.key == key for found in differences(before.configuration, release.configuration)):
            actor = release.actor
        before = release
    return actor


def differing(one: Release, other: Release) -> tuple[str, ...]:
    """The keys of their configurations that differ."""
    return tuple(found.key for found in differences(one.configuration, other.configuration))


def values(release: Release, project: Project) -> tuple[str, ...]:
    """`KEY=VALUE` of the application's configuration, but for what is secret."""
    return values_of_each([release], project)[0]


def values_of_each(releases: Iterable[Release], project: Project) -> list[tuple[str, ...]]:
    """The same of many releases of a project."""
    hidden = secret_keys(project)
    return [
        tuple(f"{key}={value}" for key, value in one.env.items() if key not in hidden and key not in one.secrets)
        for one in releases
    ]


def on_record(stood: Stood, of: Release, ill: Release, staging: str = "") -> Testimony:
    """What the records say of another release. `ill`: the one that has the symptom."""
    says = Says.PASSES if stood.ok else Says.FAILS
    differs = differing(of, ill)
    return Testimony(says, stood.commit, differs, stood.seen_at, stood.since, stood.text, staging=staging)


def ill_since(stood: Sequence[Stood]) -> datetime | None:
    """When it was first seen to fail; None if it ever passed."""
    return min((one.since for one in stood), default=None) if not any(one.ok for one in stood) else None


def passed_last(stood: Sequence[Stood]) -> datetime | None:
    """When it was seen well last."""
    return next((one.seen_at for one in stood if one.ok), None)


def overrides(
    releases: Sequence[Release], ill: Release, main: Release | None, project: Project
) -> tuple[KeyChange, ...]:
    """The keys that are other than on the baseline's staging (`before`: there), each with who gave it that value."""
    if main is None:
        return ()
    own = sorted((release for release in releases if release.number <= ill.number), key=lambda release: release.number)
    return tuple(_changes(main, ill, own, project))


def healed(stood: Sequence[Stood], now: Testimony = NOBODY) -> str:
    """The commit on which a check was first seen well again, after one on which it was not. `stood`: of the baseline's
    staging, the newest first, and what it says `now`, which may not be on record yet; "" if it is not well, or always
    was."""
    if stood and not stood[0].ok and now.says is Says.PASSES:
        return now.commit if now.commit != stood[0].commit else ""
    first = ""
    for one in stood:
        if not one.ok:
            return first
        first = one.commit
    return ""
