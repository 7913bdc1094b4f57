"""What people and the clock do to a staging: extensions, warnings, expiry, deletion."""

from datetime import timedelta

import pytest
from builders import EXPIRY, GONE, NOW, POLICY, TTL, a_staging, seconds, updating

from bot.domain.errors import UserError
from bot.domain.events import Decision, Delete, Extend, StatusSeen, Target, Tick
from bot.domain.lifecycle import LONGEST_LIFE, decide, next_wake
from bot.domain.model import CLOCK, Phase, Stage
from bot.domain.policy import Policy

DAY = timedelta(days=1)


def test_a_double_click_is_one_extension() -> None:
    until = EXPIRY + DAY
    first = decide(a_staging(), Extend("UBOB", until=until), POLICY, NOW)
    assert (first.staging.expires_at, first.why) == (until, "until 2026-05-08T11:00:00+00:00")
    assert decide(first.staging, Extend("UBOB", until=until), POLICY, NOW) == Decision(first.staging)


def test_an_extension_counts_from_the_expiry_or_from_now_if_that_is_over() -> None:
    assert decide(a_staging(), Extend("UBOB"), POLICY, NOW).staging.expires_at == EXPIRY + DAY
    late = EXPIRY + seconds(10)
    assert decide(a_staging(), Extend("UBOB", by=DAY), POLICY, late).staging.expires_at == late + DAY


@pytest.mark.parametrize("by", [LONGEST_LIFE, timedelta.max], ids=["a year", "for ever"])
def test_an_extension_has_a_limit(by: timedelta) -> None:
    with pytest.raises(UserError, match="365 days from now at most"):
        decide(a_staging(), Extend("UBOB", by=by), POLICY, NOW)


def test_what_never_expires_is_not_extended() -> None:
    with pytest.raises(UserError, match="never expires"):
        decide(a_staging(expires_at=None), Extend("UBOB", by=DAY), POLICY, NOW)


def test_an_extension_brings_a_new_warning() -> None:
    warned = decide(a_staging(), Tick(), POLICY, EXPIRY - seconds(60)).staging
    assert warned.wake_at == EXPIRY
    extended = decide(warned, Extend("UBOB", by=DAY), POLICY, EXPIRY - seconds(30)).staging
    assert extended.wake_at == EXPIRY + DAY - timedelta(hours=1)
    again = decide(extended, Tick(), POLICY, extended.wake_at)
    (notice,) = again.notices
    assert notice.facts == {"owner": "UALICE", "expires_at": (EXPIRY + DAY).isoformat(), "claims": ["data"]}


@pytest.mark.parametrize(
    ("ttl", "before"),
    [(TTL, timedelta(hours=1)), (timedelta(hours=1), timedelta(minutes=30)), (None, timedelta(hours=1))],
)
def test_a_short_life_is_warned_of_at_its_half(ttl: timedelta | None, before: timedelta) -> None:
    policy = Policy(ttl=ttl)
    assert next_wake(a_staging(), policy) == EXPIRY - before
    assert decide(a_staging(), Tick(), policy, EXPIRY - before - seconds(1)).notices == ()
    assert len(decide(a_staging(), Tick(), policy, EXPIRY - before).notices) == 1


def test_a_tick_that_comes_too_early_for_changed_rules_sets_the_clock_anew() -> None:
    staging = a_staging()
    assert staging.wake_at is not None
    decision = decide(staging, Tick(), Policy(ttl=timedelta(hours=1)), staging.wake_at)
    assert (decision.staging.wake_at, decision.notices) == (EXPIRY - timedelta(minutes=30), ())


def test_an_expired_staging_is_deleted_by_the_clock() -> None:
    decision = decide(a_staging(), Tick(), POLICY, EXPIRY)
    assert (decision.actor, decision.why, decision.staging.deleted_by) == (CLOCK, "it expired", CLOCK)
    assert decision.staging.wake_at is None


def test_a_delete_ends_the_release_that_is_under_way() -> None:
    decision = decide(updating(), Delete("UBOB"), POLICY, NOW)
    (ended,) = decision.releases
    assert (ended.id, ended.stage, ended.reason) == ("r2", Stage.SUPERSEDED, "The staging was deleted.")
    assert decision.staging.attempt == ended


def test_the_end_tells_who_wanted_it_and_what_went_with_it() -> None:
    deleting = decide(a_staging(), Delete("UBOB", "tried it"), POLICY, NOW).staging
    decision = decide(deleting, StatusSeen(GONE), POLICY, NOW + seconds(3))
    assert (decision.staging.deleted_at, decision.staging.serving) == (NOW + seconds(3), None)
    assert (decision.actor, decision.why) == ("UBOB", "tried it")
    assert decision.notices[0].facts == {"by": "UBOB", "reason": "tried it", "claims": ["data"]}


def test_a_delete_can_be_asked_again_while_the_engine_is_at_it() -> None:
    deleting = a_staging(Phase.DELETING)
    assert decide(deleting, Delete("UALICE"), POLICY, NOW) == Decision(deleting, targets=frozenset({Target.ENGINE}))
