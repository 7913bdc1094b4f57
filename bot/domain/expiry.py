"""A staging comes to the end of its time: who is told before, and that nothing goes while somebody uses it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.domain.branch import why_it_goes
from bot.domain.breakage import iso
from bot.domain.events import Decision, Notice, NoticeKind, Target, Where
from bot.domain.model import CLOCK, Desired, Staging, is_person
from bot.domain.policy import Policy

CARD = frozenset({Target.CARD})
# Whoever has just given it more time need not be asked again at once.
JUST_ASKED = timedelta(hours=12)
# A visit is noted so rarely. One that is so recent counts as use, and for that it stays an hour more (of short lives:
# half of them); some monitors never stop visiting, so a day is the most.
COARSE, IN_USE = timedelta(minutes=1), timedelta(minutes=10)
ONE_MORE, MOST = timedelta(hours=1), timedelta(days=1)


def next_time(staging: Staging, policy: Policy) -> datetime | None:
    """When there is the next thing to say or to do about its expiry."""
    expires = staging.expires_at
    if expires is None or staging.warned_for == expires:
        return expires
    return policy.remind_at(expires) if _to_be_reminded(staging, policy) else policy.warn_at(expires)


def _to_be_reminded(staging: Staging, policy: Policy) -> bool:
    """A day before, only its owner is told. Of a life so short that the warning comes as early, once is enough."""
    expires = staging.expires_at
    if expires is None or not is_person(staging.owner) or staging.reminded_for == expires:
        return False
    return policy.remind_at(expires) < policy.warn_at(expires)


def lives_until(staging: Staging, until: datetime | None, policy: Policy, now: datetime) -> Staging:
    """From now on; its owner is told anew before that."""
    soon = until is not None and policy.remind_at(until) < now + JUST_ASKED
    told: dict[str, Any] = {"warned_for": None, "reminded_for": until if soon else None, "in_use_since": None}
    return replace(staging, expires_at=until, **told)


def is_over(staging: Staging, policy: Policy, now: datetime) -> bool:
    """Its time is. What somebody uses is not taken away from them, for a while."""
    if staging.expires_at is None or now < staging.expires_at:
        return False
    return not in_use(staging, policy, now) or now >= (staging.in_use_since or now) + MOST


def told(decision: Decision, policy: Policy, now: datetime) -> Decision:
    """Its owner by a direct message, twice; the last time everybody who reads its thread, too. And then that it stays,
    if it does."""
    staging = decision.staging
    expires = staging.expires_at
    if expires and now >= expires:
        return _stays(decision, policy, now)
    if expires is None or staging.warned_for == expires:
        return decision
    last = now >= policy.warn_at(expires)
    if not last and not (_to_be_reminded(staging, policy) and now >= policy.remind_at(expires)):
        return decision
    return replace(
        decision,
        staging=replace(staging, reminded_for=expires, warned_for=expires if last else staging.warned_for),
        notices=(*decision.notices, *_warnings(staging, last)),
        actor=decision.actor or CLOCK,
        what=decision.what or "warned of expiry",
    )


def _warnings(staging: Staging, last: bool) -> tuple[Notice, ...]:
    person = is_person(staging.owner)
    facts = {
        "owner": staging.owner,
        "expires_at": iso(staging.expires_at),
        "claims": list(staging.claims),
        "told": person and last,
    }
    owner = (Notice(NoticeKind.EXPIRING, Where.OWNER, {**facts, "told": False}),) if person else ()
    thread = (Notice(NoticeKind.EXPIRING, Where.THREAD, facts),) if last else ()
    return (*owner, *thread)


def used(staging: Staging, now: datetime) -> Decision:
    """The last visit is all that is noted. A clock that was set back makes the next one count."""
    last = staging.last_used_at
    if staging.desired is Desired.ABSENT or (last and abs(now - last) < COARSE):
        return Decision(staging)
    return Decision(replace(staging, last_used_at=now))


def in_use(staging: Staging, policy: Policy, now: datetime) -> bool:
    last, lately = staging.last_used_at, policy.of_life(IN_USE, staging.branch_ended is not None)
    wanted = staging.desired is Desired.PRESENT and not staging.witness_for
    return wanted and last is not None and abs(now - last) < lately


def _stays(decision: Decision, policy: Policy, now: datetime) -> Decision:
    """Told once; after that its card says until when."""
    staging = decision.staging
    since, until = staging.in_use_since or now, now + policy.of_life(ONE_MORE, staging.branch_ended is not None)
    facts = {
        "owner": staging.owner,
        "why": why_it_goes(staging),
        "used_at": iso(staging.last_used_at),
        "expires_at": iso(until),
        "until": iso(since + MOST),
        "claims": list(staging.claims),
    }
    news = () if staging.in_use_since else (Notice(NoticeKind.IN_USE, Where.THREAD, facts),)
    return replace(
        decision,
        staging=replace(staging, expires_at=until, warned_for=until, reminded_for=until, in_use_since=since),
        targets=decision.targets | CARD,
        notices=(*decision.notices, *news),
        actor=decision.actor or CLOCK,
        what=decision.what or "stays a while more",
        why=decision.why or f"{why_it_goes(staging)}, but somebody uses it",
    )
