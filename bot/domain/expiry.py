"""A staging comes to the end of its time: who is told before, and that nothing goes while somebody uses it."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.branch import why_it_goes
from bot.domain.breakage import iso
from bot.domain.ending import delete
from bot.domain.events import Decision, Delete, Notice, NoticeKind, Where
from bot.domain.model import CLOCK, Staging, is_person
from bot.domain.policy import Policy

# Whoever has just given it more time need not be asked again at once.
JUST_ASKED = timedelta(hours=12)


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
    return replace(staging, expires_at=until, warned_for=None, reminded_for=until if soon else None)


def warned(decision: Decision, policy: Policy, now: datetime) -> Decision:
    """Its owner by a direct message, twice; the last time everybody who reads its thread, too."""
    staging = decision.staging
    expires = staging.expires_at
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


def is_over(staging: Staging, policy: Policy, now: datetime) -> Decision:
    """Its time is."""
    return delete(staging, Delete(CLOCK, why_it_goes(staging)), policy, now)
