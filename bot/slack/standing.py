"""How a staging that is not broken stands: well, on its way, failed, or at rest. Pure."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.durations import format_duration
from bot.domain.model import Phase, Release, Staging
from bot.slack import rest
from bot.slack.blocks import Block, actions, code, cut, date, escape, listed, preformatted
from bot.slack.evidence import sentence
from bot.slack.messages import EMOJI, awaited, logs_button, retry_button, verb
from bot.slack.rest import Said, who


def standing(staging: Staging, now: datetime, checks: Sequence[str]) -> Said:
    """`checks`: the names of its project's health checks."""
    match staging.phase:
        case Phase.LIVE if staging.unhealthy_since and not staging.healthy_since:
            return _falling_ill(staging), [actions(logs_button(staging.id))]
        case Phase.LIVE:
            return _well(staging, checks), []
        case Phase.FAILED:
            return _failed(staging)
        case Phase.WAITING:
            return f"{_head(staging)}.\n{awaited(staging.attempt)}", []
        case Phase.ROLLING_OUT:
            return _rolling_out(staging, now), [actions(logs_button(staging.id))]
        case _:
            said = rest.standing(staging) or f"{who(staging.deleted_by)} deleted it: all of it is being removed."
            return f"{_head(staging)}. {said}", _awakening(staging)


def _head(staging: Staging) -> str:
    return f"{EMOJI[staging.phase]} *{escape(staging.name)}* {verb(staging.phase)} *{staging.phase}*"


def release_named(release: Release) -> str:
    return f"release {release.number}, {code(release.commit[:7])} “{escape(cut(release.subject, 80))}”"


def _falling_ill(staging: Staging) -> str:
    since = f" since {date(staging.unhealthy_since, '{time}')}" if staging.unhealthy_since else ""
    return (
        f"🟠 Something is wrong with *{escape(staging.name)}*{since}: {sentence(staging.health_reason)}\n"
        "It is called broken, and what did it is found out, once that has lasted for some seconds."
    )


def _well(staging: Staging, checks: Sequence[str]) -> str:
    live = staging.live or staging.attempt
    since = f" since {date(live.ended_at)}" if live.ended_at else ""
    again = f" It is well again since {date(staging.healthy_since, '{time}')}." if staging.healthy_since else ""
    head = f"🟢 *{escape(staging.name)}* is well: {release_named(live)} is live{since}.{again}"
    return f"{head} {_checked(staging, checks)}{_quiet(staging)}"


def _checked(staging: Staging, checks: Sequence[str]) -> str:
    if not checks:
        return "Its project has no `health_checks`, so nothing is known but that its workloads are ready."
    stands = {stand.check: stand for stand in staging.checks}
    passing = [f"*{escape(check)}*" for check in checks if check in stands and stands[check].ok]
    unasked = [f"*{escape(check)}*" for check in checks if check not in stands]
    said = [f"Its workloads are ready, and {listed(passing, most=10)} pass{'es' if len(passing) == 1 else ''}."]
    said = said if passing else ["Its workloads are ready."]
    said += [f"Of {listed(unasked, most=10)} nothing is decided yet."] if unasked else []
    return " ".join(said)


def _quiet(staging: Staging) -> str:
    if staging.breaks < 2 or not staging.recovered_at:
        return ""
    return f"\nIt came and went {staging.breaks} times, the last time until {date(staging.recovered_at, '{time}')}."


def _failed(staging: Staging) -> Said:
    release = staging.attempt
    when = f" {date(release.ended_at)}" if release.ended_at else ""
    older = staging.older_serves
    still = f"Release {older.number} still serves." if older else "Nothing of it answers at its URL."
    step = escape(release.next_step) or "Push a fix and deploy again, or retry as it is."
    said = f"{_head(staging)}: {release_named(release)} failed{when}: {sentence(release.reason)}\n{still} {step}"
    lines = [preformatted(release.details)] if release.details else []
    back = rest.buttons(staging)["rollback"] if staging.can_roll_back else None
    ways = [retry_button(staging.id, release.id), logs_button(staging.id), back]
    return said, [*lines, actions(*(way for way in ways if way))]


def _rolling_out(staging: Staging, now: datetime) -> str:
    release = staging.attempt
    lasts = format_duration(now - release.requested_at)
    missing = [
        f"{escape(w.name)} {w.ready}/{w.wanted}{_because(w.reason)}" for w in release.workloads if w.ready < w.wanted
    ]
    waits = f" Not ready yet: {cut(' · '.join(missing), 600)}." if missing else f" {_step(release)}"
    older = staging.older_serves
    serves = f" Release {older.number} serves until then." if older else ""
    return f"{_head(staging)}: {release_named(release)}, for {lasts} now.{waits}{serves}"


def _because(reason: str) -> str:
    return f", {escape(cut(reason, 160))}" if reason else ""


def _step(release: Release) -> str:
    if release.ready_at:
        return "All of it is ready; its URL has not answered yet."
    if release.applied_at:
        return "It was started; nothing of it was seen to be ready yet."
    return "It is being started." if release.files_at else "Its files are being fetched."


def _awakening(staging: Staging) -> list[Block]:
    way = {Phase.ASLEEP: "wake", Phase.DELETING: "undo"}.get(staging.phase)
    if way is None or (way == "undo" and not staging.undo_until):
        return []
    return [actions(rest.buttons(staging)[way])]
