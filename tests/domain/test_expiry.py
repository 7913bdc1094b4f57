"""What somebody uses is not taken away from them: not for an hour, and not for longer than a day."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import EXPIRY, NOW, POLICY, a_deploy, a_staging, seconds

from bot.domain.events import BranchEnded, Decision, Extend, NoticeKind, Tick, Used, Where
from bot.domain.lifecycle import decide
from bot.domain.model import Ending, Phase, Staging

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def visited(staging: Staging, before: timedelta) -> Staging:
    assert staging.expires_at
    return replace(staging, last_used_at=staging.expires_at - before)


def test_visits_are_noted_to_a_minute() -> None:
    first = decide(a_staging(), Used(), POLICY, NOW)
    assert (first.staging.last_used_at, first.targets, first.notices, first.what) == (NOW, frozenset(), (), "")
    assert decide(first.staging, Used(), POLICY, NOW + seconds(59)) == Decision(first.staging)
    assert decide(first.staging, Used(), POLICY, NOW + MINUTE).staging.last_used_at == NOW + MINUTE
    set_back = decide(first.staging, Used(), POLICY, NOW - HOUR)
    assert set_back.staging.last_used_at == NOW - HOUR, "a clock that was set back is believed"


@pytest.mark.parametrize(("before", "stays"), [(MINUTE, True), (9 * MINUTE, True), (10 * MINUTE, False), (DAY, False)])
def test_what_is_in_use_stays_an_hour_more(before: timedelta, stays: bool) -> None:
    decision = decide(visited(a_staging(), before), Tick(), POLICY, EXPIRY)
    assert (decision.staging.phase is Phase.LIVE) == stays
    if stays:
        (told,) = decision.notices
        assert (told.kind, told.where, told.facts["owner"]) == (NoticeKind.IN_USE, Where.THREAD, "UALICE")
        assert decision.staging.wake_at == decision.staging.expires_at == EXPIRY + HOUR, "and is not warned of again"
        assert decide(decision.staging, Tick(), POLICY, EXPIRY + HOUR).staging.phase is Phase.DELETING


def test_of_a_short_life_both_are_half_of_it() -> None:
    policy = replace(POLICY, ttl=30 * MINUTE)
    minutes = [decide(visited(a_staging(), before * MINUTE), Tick(), policy, EXPIRY).staging for before in (9, 11)]
    assert [one.phase for one in minutes] == [Phase.LIVE, Phase.DELETING]
    assert minutes[0].expires_at == EXPIRY + 15 * MINUTE
    brief = decide(visited(a_staging(), seconds(29)), Tick(), replace(POLICY, ttl=seconds(30)), EXPIRY)
    assert brief.staging.phase is Phase.DELETING


def test_it_is_told_once_and_a_day_is_the_most() -> None:
    """As of something that a monitor opens every minute."""
    staging, told, now = a_staging(), 0, EXPIRY
    while staging.phase is Phase.LIVE:
        decision = decide(decide(staging, Used(), POLICY, now - MINUTE).staging, Tick(), POLICY, now)
        staging, told = decision.staging, told + len(decision.notices)
        now += HOUR
    assert (told, staging.delete_asked_at) == (1, EXPIRY + DAY)
    assert staging.delete_reason == "it expired"


def test_whoever_gives_it_time_gives_it_that_day_anew() -> None:
    stays = decide(visited(a_staging(), MINUTE), Tick(), POLICY, EXPIRY).staging
    for event in (Extend("UALICE", by=2 * DAY), a_deploy(requested_at=EXPIRY), BranchEnded(Ending.DELETED)):
        assert decide(stays, event, POLICY, EXPIRY).staging.in_use_since is None


def test_what_is_asleep_is_not_used() -> None:
    asleep = visited(a_staging(Phase.ASLEEP), MINUTE)
    assert decide(asleep, Tick(), POLICY, EXPIRY).staging.phase is Phase.DELETING
