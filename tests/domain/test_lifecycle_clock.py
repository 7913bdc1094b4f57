"""What people and the clock do to a staging: extensions, warnings, expiry, deletion."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    EARLIER,
    EXPIRY,
    GONE,
    NOW,
    POLICY,
    PROGRESSING,
    TTL,
    a_deploy,
    a_release,
    a_staging,
    a_status,
    healthy,
    seconds,
    updating,
)

from bot.domain.deploying import StillDeleting
from bot.domain.errors import UserError
from bot.domain.events import Decision, Delete, Extend, StatusSeen, Target, Tick, Where
from bot.domain.lifecycle import LONGEST_LIFE, decide, next_wake
from bot.domain.model import CLOCK, PROJECT, Phase, Stage
from bot.domain.policy import Policy

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


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
    extended = decide(warned, Extend("UBOB", by=2 * DAY), POLICY, EXPIRY - seconds(30)).staging
    assert extended.wake_at == EXPIRY + DAY
    reminded = decide(extended, Tick(), POLICY, extended.wake_at)
    (notice,) = reminded.notices
    facts = {"owner": "UALICE", "expires_at": (EXPIRY + 2 * DAY).isoformat(), "claims": ["data"], "told": False}
    assert (notice.where, notice.facts) == (Where.OWNER, facts)
    assert reminded.staging.wake_at == EXPIRY + 2 * DAY - HOUR


def test_who_has_just_extended_is_not_told_at_once_that_a_day_is_left() -> None:
    extended = decide(a_staging(), Extend("UALICE", by=DAY), POLICY, EXPIRY - HOUR).staging
    assert extended.wake_at == EXPIRY + DAY - HOUR


@pytest.mark.parametrize(
    ("ttl", "first", "last"),
    [(TTL, DAY, HOUR), (12 * HOUR, 6 * HOUR, HOUR), (HOUR, None, HOUR / 2), (None, DAY, HOUR)],
)
def test_a_short_life_is_warned_of_at_its_half(ttl: timedelta | None, first: timedelta | None, last: timedelta) -> None:
    policy, staging = Policy(ttl=ttl), a_staging()
    for before, told in [(first, [Where.OWNER]), (last, [Where.OWNER, Where.THREAD])]:
        if before:
            assert next_wake(staging, policy) == EXPIRY - before
            assert decide(staging, Tick(), policy, EXPIRY - before - seconds(1)).notices == ()
            decision = decide(staging, Tick(), policy, EXPIRY - before)
            assert [notice.where for notice in decision.notices] == told
            staging = decision.staging
    assert staging.wake_at == EXPIRY


def test_nobody_gets_a_direct_message_of_what_is_no_persons() -> None:
    staging = a_staging(owner=PROJECT)
    assert next_wake(staging, POLICY) == EXPIRY - HOUR
    (notice,) = decide(staging, Tick(), POLICY, EXPIRY - HOUR).notices
    assert (notice.where, notice.facts["told"]) == (Where.THREAD, False)


def test_a_bot_that_was_down_gives_only_the_last_warning() -> None:
    decision = decide(a_staging(), Tick(), POLICY, EXPIRY - seconds(60))
    assert [notice.where for notice in decision.notices] == [Where.OWNER, Where.THREAD]
    assert decision.staging.wake_at == EXPIRY


def test_a_tick_that_comes_too_early_for_changed_rules_sets_the_clock_anew() -> None:
    staging = a_staging()
    assert staging.wake_at is not None
    decision = decide(staging, Tick(), Policy(ttl=timedelta(hours=1)), staging.wake_at)
    assert (decision.staging.wake_at, decision.notices) == (EXPIRY - timedelta(minutes=30), ())


def test_an_expired_staging_is_deleted_by_the_clock() -> None:
    decision = decide(a_staging(), Tick(), POLICY, EXPIRY)
    assert (decision.actor, decision.why, decision.staging.deleted_by) == (CLOCK, "it expired", CLOCK)
    assert decision.staging.wake_at == EXPIRY + POLICY.undo  # it has data
    bare = decide(a_staging(claims=()), Tick(), POLICY, EXPIRY)
    assert (bare.staging.wake_at, bare.staging.undo_until) == (None, None)


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
    decision = decide(deleting, Delete("UALICE"), POLICY, NOW)
    assert (decision.targets, decision.notices) == (frozenset({Target.ENGINE}), ())
    assert (decision.actor, decision.what, decision.why) == ("UALICE", "delete", "asked again")
    assert (decision.staging.deleted_by, decision.staging.delete_asked_at) == ("UBOB", NOW)
    by_the_clock = replace(deleting, deleted_by=CLOCK, delete_reason="it expired")
    again = decide(by_the_clock, Delete("UALICE"), POLICY, NOW)
    assert (again.staging.deleted_by, again.staging.delete_reason) == ("UALICE", "")
    assert Target.CARD in again.targets, "the card says who deletes it"
    assert decide(deleting, Delete(CLOCK, "it expired"), POLICY, NOW).staging == deleting


@pytest.mark.parametrize("phase", [Phase.DELETING, Phase.DELETED])
def test_a_later_delete_takes_back_an_earlier_deploy(phase: Phase) -> None:
    deleted = a_staging(phase)
    assert deleted.delete_asked_at
    with pytest.raises(UserError, match="was deleted after this deploy was asked for") as refused:
        decide(deleted, a_deploy(requested_at=deleted.delete_asked_at - seconds(1)), POLICY, NOW)
    assert not isinstance(refused.value, StillDeleting)


def test_the_clock_takes_back_no_deploy() -> None:
    expired = a_staging(Phase.DELETED, deleted_by=CLOCK)
    assert decide(expired, a_deploy(requested_at=EARLIER), POLICY, NOW).what == "create"


def test_a_release_that_is_never_steady_fails() -> None:
    flipping = a_staging(Phase.ROLLING_OUT, attempt=a_release(stage=Stage.APPLIED, ready_at=NOW))
    assert flipping.wake_at == NOW + POLICY.unsteady
    assert decide(flipping, Tick(), POLICY, NOW + POLICY.unsteady - seconds(1)) == Decision(flipping)
    decision = decide(flipping, Tick(), POLICY, NOW + POLICY.unsteady)
    assert decision.staging.phase is Phase.FAILED
    assert decision.staging.attempt.reason.startswith("For 5 min it was ready and not ready by turns")
    assert decide(decision.staging, StatusSeen(healthy()), POLICY, NOW).targets == frozenset()  # it does not heal


def test_a_restart_of_the_engine_is_no_unsteadiness() -> None:
    ready = a_staging(Phase.ROLLING_OUT, attempt=a_release(stage=Stage.READY), serving="r1")
    resuming = replace(a_status("r1", PROGRESSING), resuming=True)
    for status in (GONE, resuming):
        assert decide(ready, StatusSeen(status), POLICY, NOW).staging.attempt.ready_at is None
    assert decide(ready, StatusSeen(a_status("r1", PROGRESSING)), POLICY, NOW).staging.attempt.ready_at == EARLIER
