"""What becomes of a staging as its branch moves, ends and comes back; and how people keep it from that."""

from dataclasses import replace
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from bot.domain.breakage import iso
from bot.domain.errors import UserError
from bot.domain.events import (
    BranchEnded,
    Decision,
    Deploy,
    Freeze,
    Keep,
    Notice,
    NoticeKind,
    PullSeen,
    Push,
    Target,
    Where,
    Withheld,
)
from bot.domain.model import PUSH, Desired, Ending, Staging
from bot.domain.policy import Policy
from bot.domain.project import Project, Updates
from bot.domain.pulls import from_fork

CARD = frozenset({Target.CARD})


def follows(staging: Staging) -> bool:
    """Whether a push may change it: not while it rests, as that would wake it, nor while it goes."""
    return staging.desired in (Desired.PRESENT, Desired.RESET) and not staging.frozen


def covered(project: Project, branch: str) -> bool:
    """Whether pushes to this branch update its stagings. A glob that begins with "!" takes out; the last one that
    fits counts."""
    return project.follow.updates is Updates.ON and (branch == project.baseline or is_followed(project, branch))


def made_by_push(project: Project, branch: str) -> bool:
    """Whether a push to it makes its staging. That of the baseline is there always, or is not wanted."""
    return branch != project.baseline and not from_fork(branch) and is_followed(project, branch)


def is_followed(project: Project, branch: str) -> bool:
    """By the globs alone."""
    fitting = [glob for glob in project.follow.branches if fnmatchcase(branch, glob.removeprefix("!"))]
    return bool(fitting) and not fitting[-1].startswith("!")


def followed(staging: Staging, event: Deploy) -> Staging:
    """Whoever deploys a branch has seen it: it is there, and this is its head."""
    pull = event.pull or staging.pull
    return replace(staging, head=event.head or staging.head, branch_ended=None, branch_ended_by="", pull=pull)


def pull_seen(staging: Staging, event: PullSeen) -> Decision:
    if staging.pull == event.pull:
        return Decision(staging)
    return Decision(replace(staging, pull=event.pull), targets=CARD)


def updating(event: Deploy, number: int) -> tuple[Notice, ...]:
    """Told of what nobody asked for."""
    if event.push is None:
        return ()
    facts = _told(event.push) | {"number": number, "subject": event.subject, "commit": event.commit}
    return (Notice(NoticeKind.UPDATING, Where.THREAD, facts),)


def withheld(staging: Staging, event: Withheld) -> Decision:
    """Its card says that the branch is ahead."""
    if staging.head == event.head:
        return Decision(staging)
    facts = _told(event.push) | {"commit": event.head, "why": event.why}
    told = (Notice(NoticeKind.WITHHELD, Where.THREAD, facts),) if event.why else ()
    return Decision(replace(staging, head=event.head), targets=CARD, notices=told)


def _told(push: Push) -> dict[str, Any]:
    return {"commits": push.commits, "authors": list(push.authors), "rewritten": push.rewritten}


def branch_ended(staging: Staging, event: BranchEnded, policy: Policy, now: datetime) -> Decision:
    """It goes after a while, unless it is kept. The first word counts: a merge is often followed by a delete."""
    if staging.desired is Desired.ABSENT or staging.branch_ended:
        return Decision(staging)
    after = replace(staging, branch_ended=event.how, branch_ended_by=event.by)
    goes = policy.gone_after is not None and not staging.kept
    if goes and policy.gone_after is not None:
        until = now + policy.gone_after
        until = min(staging.expires_at, until) if staging.expires_at else until
        after = replace(after, expires_at=until, reminded_for=until, warned_for=until, in_use_since=None)
    facts = {
        "how": event.how.value,
        "by": event.by,
        "owner": staging.owner,
        "goes_at": iso(after.expires_at) if goes else None,
        "claims": list(staging.claims),
    }
    told = (Notice(NoticeKind.BRANCH_ENDED, Where.THREAD, facts),)
    return Decision(after, targets=CARD, notices=told, actor=PUSH, what="branch ended", why=why_it_goes(after))


def why_it_goes(staging: Staging) -> str:
    """Why its time is over, when it is."""
    if staging.branch_ended is None:
        return "it expired"
    by = f" by {staging.branch_ended_by}" if staging.branch_ended_by else ""
    pull = f"its pull request{f' {staging.pull.label}' if staging.pull else ''}"
    if staging.branch_ended is Ending.UNLABELLED:
        return f"the label of {pull} was taken off{by}"
    whose = pull if staging.branch_ended.of_pull or from_fork(staging.branch) else "its branch"
    return f"{whose} was {staging.branch_ended}{by}"


def branch_back(staging: Staging, policy: Policy, now: datetime) -> Decision:
    if staging.branch_ended is None or staging.desired is Desired.ABSENT:
        return Decision(staging)
    longer = now + policy.ttl if policy.ttl else None
    expires_at = max(staging.expires_at, longer) if staging.expires_at and longer else None
    after = replace(staging, branch_ended=None, branch_ended_by="", expires_at=expires_at, in_use_since=None)
    facts = {"expires_at": iso(expires_at), "was": staging.branch_ended.value}
    told = (Notice(NoticeKind.BRANCH_BACK, Where.THREAD, facts),)
    return Decision(after, targets=CARD, notices=told, actor=PUSH, what="branch back")


def freeze(staging: Staging, event: Freeze) -> Decision:
    """What is asked for twice is done once."""
    _require_there(staging, "freeze")
    what = "freeze" if event.frozen else "unfreeze"
    return _switched(staging, replace(staging, frozen=event.frozen), event.actor, what)


def keep(staging: Staging, event: Keep, policy: Policy, now: datetime) -> Decision:
    """Who keeps it no longer gives it its usual time from now on."""
    _require_there(staging, "keep")
    if event.kept == staging.kept:
        return Decision(staging)
    expires_at = now + policy.ttl if policy.ttl and not event.kept else None
    told: dict[str, Any] = dict.fromkeys(("reminded_for", "warned_for", "in_use_since"))
    after = replace(staging, kept=event.kept, expires_at=expires_at, **told)
    return _switched(staging, after, event.actor, "keep" if event.kept else "unkeep")


def _require_there(staging: Staging, what: str) -> None:
    if staging.desired is Desired.ABSENT:
        raise UserError(
            f"{staging.name} is being deleted, so there is nothing to {what}. `/octopod undo` brings it back."
        )


def _switched(before: Staging, after: Staging, actor: str, what: str) -> Decision:
    if after == before:
        return Decision(before)
    return Decision(after, targets=CARD, actor=actor, what=what)
