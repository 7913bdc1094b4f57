"""Whose commits did it, once it is known that commits did. Everybody who can be cleared is, before anybody is named."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.evidence import Facts, Included, Range
from bot.domain.finding.conclusion import Cause, Finding, confidence, unknown
from bot.domain.finding.ranges import among, holds, ids, meet, whole, without
from bot.domain.finding.witnesses import alike, asked, base_is_innocent, fails, passes


def blamed(facts: Facts, commits: Range | None, proven: bool) -> Finding:
    """`commits`: the only ones that can have done it. `proven`: it is known that some of them did."""
    if bare(facts):
        return unknown(facts)
    if commits is None:
        return _guess(facts, facts.branch, None)
    ours, cleared = _without_the_baselines(facts, commits)
    return _of_features(facts, facts.branch, ours, facts.included, proven and cleared)


def bare(facts: Facts) -> bool:
    """The branch has no commits of its own."""
    return facts.own is not None and not facts.own.count


def _without_the_baselines(facts: Facts, commits: Range) -> tuple[Range, bool]:
    """What a merge of the baseline brought is innocent where the baseline is. Second: whether it could be told."""
    if facts.is_baseline or commits == facts.own:
        return commits, True
    brought = _brought(facts, commits)
    if brought is None:
        return commits, False
    if not brought or base_is_innocent(facts):
        return without(commits, brought), True
    return commits, False


def _brought(facts: Facts, commits: Range) -> frozenset[str] | None:
    """None: it can't be told which they are."""
    told = facts.former.brought if facts.former else None
    if told and whole(told):
        return ids(told) & ids(commits)
    if facts.own is None or not whole(commits):
        return None
    foreign = ids(commits) - ids(facts.own)
    return foreign if whole(facts.own) or not foreign else None


def _of_features(facts: Facts, feature: str, commits: Range, included: Sequence[Included], proven: bool) -> Finding:
    """Commits of a branch, among them such of others: where their own stagings have it too, it is theirs; where they
    have not, it is not."""
    inside = [one for one in included if meet(one.commits, commits)]
    guilty = [one for one in inside if _fails(facts, one)]
    innermost = [one for one in guilty if not any(holds(one.commits, other.commits) for other in guilty)]
    if len(innermost) > 1:
        return _one_of(facts, [one.branch for one in innermost], commits)
    if innermost:
        [theirs] = innermost
        within = [one for one in inside if holds(theirs.commits, one.commits)]
        left = among(commits, theirs.commits)
        return _of_features(facts, theirs.branch, left, within, proven and whole(theirs.commits))
    for one in inside:
        if _passes(facts, one):
            commits, proven = without(commits, ids(one.commits)), proven and whole(one.commits)
    open_ = [one.branch for one in inside if not _passes(facts, one) and meet(one.commits, commits)]
    return _one_of(facts, [feature, *open_], commits) if open_ else _named(facts, feature, commits, proven)


def _passes(facts: Facts, included: Included) -> bool:
    return passes(included.says) and _counts(facts, included)


def _fails(facts: Facts, included: Included) -> bool:
    return fails(included.says) and _counts(facts, included)


def _counts(facts: Facts, included: Included) -> bool:
    """It was asked about this breakage, of the same commits with the same configuration."""
    says = included.says
    return asked(facts, says) and alike(says) and says.commit in ("", included.commits.new)


def _named(facts: Facts, feature: str, commits: Range, proven: bool) -> Finding:
    if not commits.count:  # each part is well by itself
        return unknown(facts)
    if not proven:
        return _guess(facts, feature, commits)
    found = replace(unknown(facts), cause=Cause.CODE, confidence=confidence(proven), feature=feature, commits=commits)
    return replace(found, people=commits.authors) if _all_wrote_new(facts, commits) else found


def _all_wrote_new(facts: Facts, commits: Range) -> bool:
    """Each of the authors has part in what is new, or is the only one."""
    rewritten = facts.former is not None and facts.former.rewritten
    return whole(commits) and (not rewritten or len(commits.authors) == 1)


def _guess(facts: Facts, feature: str, commits: Range | None) -> Finding:
    return replace(unknown(facts), cause=Cause.CODE, feature=feature, commits=commits)


def _one_of(facts: Facts, suspects: Sequence[str], commits: Range) -> Finding:
    return replace(unknown(facts), cause=Cause.CODE, commits=commits, suspects=tuple(suspects))
