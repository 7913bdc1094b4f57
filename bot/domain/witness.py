"""Throw-away stagings that tell more of a breakage, as witnesses: what holds for them, and what they say. Pure.

Each is made as any staging is, so the engine, the clock and the health checks drive it; nobody is told of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.checks import Stand
from bot.domain.durations import format_duration
from bot.domain.errors import UserError
from bot.domain.events import Decision, Deploy, Target
from bot.domain.finding import Offer
from bot.domain.model import Desired, Health, Phase, Release, Stage, Staging, WitnessOf
from bot.domain.past import symptom
from bot.domain.policy import Policy

AT_ONCE = 3
"""How many a project has at most."""
WORKLOADS = ""
"""In the place of a health check: whether the workloads themselves are well."""
OFFERS = {WitnessOf.MERGE_BASE: Offer.CHECK_BASE, WitnessOf.SAME_COMMIT: Offer.FRESH_DATA}


# --- what holds for them ---------------------------------------------------------------------------------------------


def rules(one: Staging | Deploy | None, policy: Policy) -> Policy:
    """Those of its project, unless it is a witness: that lives for minutes, at any hour, and nothing of it is kept."""
    if one is None or not one.witness_for:
        return policy
    return replace(policy, ttl=policy.witness_comes, undo=timedelta(), gone_after=None, hours=None)


def unseen(decision: Decision, before: Staging | None, policy: Policy, now: datetime) -> Decision:
    """Whatever happens to a witness, only the engine hears of it. Once it is live, it soon has to have answered."""
    staging = decision.staging
    if not staging.witness_for:
        return decision
    if staging.live and not (before and before.live):
        staging = replace(staging, expires_at=now + policy.witness_answers)
    return replace(decision, staging=staging, targets=decision.targets & {Target.ENGINE}, notices=())


# --- whether one is made ---------------------------------------------------------------------------------------------


def require_use(ill: Staging, of: WitnessOf, baseline: str) -> Release:
    """The release that is broken. Raises UserError when no witness could tell anything of it."""
    if ill.phase is not Phase.BROKEN or ill.live is None:
        raise UserError(f"{ill.name} is {ill.phase}, not broken, so there is nothing to find out about it.")
    if of is WitnessOf.MERGE_BASE and ill.branch == baseline:
        raise UserError(f"{ill.name} is the staging of {baseline} itself, so there is no commit that it started from.")
    return ill.live


def require_turn(ill: Staging, of: WitnessOf, made: Sequence[Staging], of_project: Sequence[Staging]) -> None:
    """Raises UserError while there is one already, and when the project has as many as it may have at once.

    `made`: all that were made for it; `of_project`: all of the project that are not deleted.
    """
    if any(at_work(one) for one in of_breakage(made, of, ill)):
        raise UserError(
            f"{subject(ill, of)} is being tried already, on a throw-away staging. The alert says what comes of it."
        )
    busy = sum(map(at_work, of_project))
    if busy >= AT_ONCE:
        raise UserError(
            f"{ill.project} has {busy} throw-away stagings just now, and no more than {AT_ONCE} at once. Each is gone "
            "after a few minutes: press the button again then."
        )


def at_work(witness: Staging) -> bool:
    """Nobody has asked for its end yet."""
    return witness.desired is Desired.PRESENT


def of_breakage(made: Sequence[Staging], of: WitnessOf, ill: Staging) -> Sequence[Staging]:
    """Of those that were ever made for a staging: what an earlier one has told was so before this breakage."""
    return [one for one in made if one.witness_of is of and ill.broken_since and one.created_at >= ill.broken_since]


def is_first(ill: Staging, of: WitnessOf, made: Sequence[Staging]) -> bool:
    """Whether one may be made by itself: once for each breakage, and for one that comes and goes."""
    return ill.broken_since is not None and ill.breaks <= 1 and not of_breakage(made, of, ill)


def waits(ill: Staging, made: Sequence[Staging]) -> bool:
    """Whether one that may be made by itself would tell more."""
    offers = ill.finding.offers if ill.finding else ()
    return any(offer in offers and is_first(ill, of, made) for of, offer in OFFERS.items())


# --- what it says ----------------------------------------------------------------------------------------------------


def asked(ill: Staging) -> frozenset[str]:
    """What the witness is to tell of: all checks that fail, and WORKLOADS if these are not well."""
    wrong = symptom(ill)
    return frozenset((wrong.check, *wrong.also))


def is_over(witness: Staging, ill: Staging | None, policy: Policy, now: datetime) -> str:
    """Why it is of no use any more, if so. How long it may take is another matter: then it expires."""
    if not at_work(witness):
        return ""
    if ill is None or ill.broken_since is None or ill.broken_since > witness.created_at:
        return "the breakage that it was made for is over"
    if witness.attempt.stage is Stage.FAILED:
        return "it failed"
    return (
        "it has told what it was made for"
        if asked(ill) <= {stand.check for stand in stands(witness, policy, now)}
        else ""
    )


def stands(witness: Staging, policy: Policy, now: datetime) -> tuple[Stand, ...]:
    """All that is decided with it: its health checks, and its workloads."""
    of_workloads = _workloads(witness, policy, now)
    return (*witness.checks, of_workloads) if of_workloads else witness.checks


def _workloads(witness: Staging, policy: Policy, now: datetime) -> Stand | None:
    """They were well all the time that it had, or have not been well for as long as a breakage takes."""
    if witness.live is None:
        return None
    if witness.engine_health is Health.HEALTHY:
        steady = witness.expires_at is not None and now >= witness.expires_at
        return Stand(WORKLOADS, True, "all that runs is ready", witness.live.ended_at or now) if steady else None
    since, down = witness.unhealthy_since or now, witness.engine_health is Health.DOWN
    lasts = now >= since + policy.debounce
    return Stand(WORKLOADS, False, witness.engine_reason, since, answered=not down) if lasts else None


def why_unknown(witness: Staging, policy: Policy) -> str:
    """Why it does not say how things are, in words that end a sentence."""
    attempt, tried = witness.attempt, "it was tried on a throw-away staging"
    if attempt.stage is Stage.FAILED:
        return f"{tried}, which failed: {attempt.reason.rstrip('.')}"
    if at_work(witness):
        return "it is being tried on a throw-away staging right now"
    if witness.live:
        within = format_duration(policy.witness_answers)
        return f"{tried}, which was live, but its health was not decided within {within}"
    lacks = f": no registry has {attempt.awaits}" if attempt.awaits else ""
    return f"{tried}, which was not live within {format_duration(policy.witness_comes)}{lacks}"


def subject(ill: Staging, of: WitnessOf) -> str:
    """What is tried; a sentence may begin with it."""
    if of is WitnessOf.MERGE_BASE:
        return f"The commit from which {ill.branch} started"
    return f"The commit of {ill.name} with fresh data"
