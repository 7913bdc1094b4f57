"""What was different when the staging itself was still well."""

from datetime import datetime

from bot.domain.evidence import Facts, Former
from bot.domain.finding.ranges import ids, whole
from bot.domain.finding.witnesses import SOON, alike, asked, fails, of_same, passes_alike


def unchanged(facts: Facts) -> bool:
    """It was well with this very commit and configuration, or is well elsewhere: they did not do it."""
    return bool(facts.passed_here) or _put_there_again(facts.former) or passes_alike(facts, of_same(facts))


def _put_there_again(former: Former | None) -> bool:
    return former is not None and former.commit == former.bad_commit and not former.changes


def seen_throughout(facts: Facts, former: Former) -> bool:
    """So little time lies between well and ill that what was changed on purpose is what changed."""
    began = _bad_since(facts, former)
    return began is not None and began - former.until <= SOON


def _bad_since(facts: Facts, former: Former) -> datetime | None:
    return former.bad_since or (facts.symptom.since if former.first_bad == facts.release else None)


def kept_its_data(facts: Facts, former: Former) -> bool:
    """It has the data with which it was well; after a long time in which nobody looked, who knows.

    That nothing happened to it in the very moment is known only if it is ill with fresh data, too: where that is tried
    by itself, nobody is named before.
    """
    if not facts.has_data or _not_data(facts):
        return True
    if facts.tries:
        return False
    return seen_throughout(facts, former) and (facts.data_since is None or facts.data_since <= former.until)


def data_is_innocent(facts: Facts) -> bool:
    """Of one that was never seen well: it has none, or was ill since it has any, or is with fresh data, too."""
    return not facts.has_data or _ill_from_the_first(facts) or _not_data(facts)


def _ill_from_the_first(facts: Facts) -> bool:
    began = facts.ill_since or facts.symptom.since
    if facts.data_since:
        return began - facts.data_since <= SOON
    return facts.release == 1 and began - facts.live_at <= SOON


def _not_data(facts: Facts) -> bool:
    same = of_same(facts)
    return fails(same) and same.fresh and alike(same) and asked(facts, same)


def was_well_with_base(facts: Facts) -> bool:
    """It was well when it had the merge base in it already, so that is not all that does it."""
    former = facts.former
    if former is None:
        return False
    if former.commit == former.bad_commit:
        return True
    if former.brought:
        return not former.brought.count
    own, came = facts.own, former.commits
    return bool(own and came and whole(came) and ids(came) <= ids(own))
