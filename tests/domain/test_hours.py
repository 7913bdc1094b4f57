"""Working hours: what they are on days when clocks change, and what stagings do by them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from builders import POLICY, a_deploy, a_staging, seconds, updating
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.events import (
    Event,
    Keep,
    NoticeKind,
    Push,
    ReleaseFailed,
    Sleep,
    Slept,
    Target,
    Tick,
    UrlAnswered,
    Wake,
)
from bot.domain.hours import EARLY, Hours
from bot.domain.lifecycle import decide
from bot.domain.model import CLOCK, PROJECT, PUSH, Phase, Stage, Staging

WEEK = frozenset(range(5))
BERLIN = Hours("Europe/Berlin", WEEK, 7 * 60 + 30, 19 * 60)
WORK = replace(POLICY, ttl=None, hours=BERLIN)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MONDAY, EVENING, MORNING = utc("2026-05-04 12:00"), utc("2026-05-04 17:00"), utc("2026-05-05 05:25")


@pytest.mark.parametrize(
    ("now", "within", "start", "end"),
    [
        ("2026-05-04 12:00", True, "2026-05-05 05:25", "2026-05-04 17:00"),
        ("2026-05-04 05:24", False, "2026-05-04 05:25", "2026-05-04 17:00"),
        ("2026-05-04 17:00", False, "2026-05-05 05:25", "2026-05-05 17:00"),
        ("2026-05-08 18:00", False, "2026-05-11 05:25", "2026-05-11 17:00"),  # a Friday evening
        ("2026-10-23 18:00", False, "2026-10-26 06:25", "2026-10-26 18:00"),  # the weekend when summer time ends
        ("2027-03-26 19:00", False, "2027-03-29 05:25", "2027-03-29 17:00"),  # and when it begins
    ],
)
def test_hours_are_wall_times(now: str, within: bool, start: str, end: str) -> None:
    at = utc(now)
    assert (BERLIN.within(at), BERLIN.next_start(at), BERLIN.next_end(at)) == (within, utc(start), utc(end))


def test_what_a_clock_change_leaves_open_is_the_longer_time() -> None:
    nights = Hours("Europe/Berlin", frozenset(range(7)), 2 * 60 + 15, 2 * 60 + 45)
    repeated = utc("2026-10-25 00:00")  # 02:00 to 03:00 are there twice
    assert (nights.next_start(repeated - HOUR) + EARLY, nights.next_end(repeated)) == (
        utc("2026-10-25 00:15"),
        utc("2026-10-25 01:45"),
    )
    left_out = utc("2026-03-29 00:00")  # and here not at all
    assert (nights.next_start(left_out) + EARLY, nights.next_end(left_out)) == (
        utc("2026-03-29 00:15"),
        utc("2026-03-29 01:45"),
    )


def test_hours_over_midnight_and_days_that_touch() -> None:
    late = Hours("Asia/Tokyo", WEEK, 22 * 60, 6 * 60)
    assert late.within(utc("2026-05-08 20:00")), "Saturday, five in the morning there: Friday's are not over"
    assert not late.within(utc("2026-05-09 14:00"))
    through = Hours("UTC", WEEK, 0, 24 * 60)
    assert through.next_end(utc("2026-05-04 12:00")) == utc("2026-05-09 00:00"), "five days in one go"


hours = st.builds(
    Hours,
    st.sampled_from(
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC"]
    ),
    st.frozensets(st.integers(0, 6), min_size=1, max_size=6),
    st.integers(0, 1440),
    st.integers(0, 1440),
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))


@given(hours, moments)
@example(Hours("Australia/Lord_Howe", frozenset({6}), 120, 150), utc("2026-04-04 14:00"))
def test_hours_begin_and_end_by_turns(hours: Hours, now: datetime) -> None:
    ends, start, end = hours.ends(now), hours.next_start(now), hours.next_end(now)
    assert now < end and now < start < now + 9 * DAY
    assert ends in (None, end) and (ends is None) == (start < end)
    assert hours.within(start) and not hours.within(start - seconds(1)), "they begin then, and not before"
    assert hours.within(end - seconds(1)) and not hours.within(end)


@given(hours, st.dates(date(2024, 1, 1), date(2028, 1, 1)))
def test_on_a_working_day_they_are_what_the_clock_on_the_wall_says(hours: Hours, day: date) -> None:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(hours.zone))
    if noon.weekday() in hours.days and hours.start < 12 * 60 < hours.end:
        assert hours.within(noon.astimezone(UTC))


# --- what stagings do by them ---------------------------------------------------------------------------------------


def ticked(staging: Staging, now: datetime) -> Staging:
    return decide(staging, Tick(), WORK, now).staging


def after(staging: Staging, *events: Event, at: datetime) -> Staging:
    for event in events:
        staging = decide(staging, event, WORK, at).staging
    return staging


def at_work(**changes: Any) -> Staging:
    return ticked(a_staging(expires_at=None, **changes), MONDAY)


def asleep(**changes: Any) -> Staging:
    return after(at_work(**changes), Tick(), Slept(), at=EVENING)


def test_it_sleeps_when_they_end_and_is_woken_before_they_begin() -> None:
    staging = at_work()
    assert staging.turns_at == staging.wake_at == EVENING
    decision = decide(staging, Tick(), WORK, EVENING)
    assert (decision.staging.phase, decision.actor, decision.why) == (Phase.FALLING_ASLEEP, CLOCK, "its hours are over")
    slept = decide(decision.staging, Slept(), WORK, EVENING + seconds(9))
    assert (slept.staging.phase, slept.notices, slept.staging.wake_at) == (Phase.ASLEEP, (), MORNING)
    woken = decide(slept.staging, Tick(), WORK, MORNING)
    assert (woken.staging.phase, woken.staging.woken_by) == (Phase.WAKING, CLOCK)
    ready = replace(woken.staging, waking=Stage.READY)
    up = decide(ready, UrlAnswered("r1", "200"), WORK, MORNING + seconds(20))
    assert (up.staging.phase, up.notices, up.staging.turns_at) == (Phase.LIVE, (), EVENING + DAY)


def test_who_wakes_it_at_night_has_it_until_the_next_end_of_hours() -> None:
    night = EVENING + 3 * HOUR
    woken = after(asleep(), Wake("UBOB"), at=night)
    assert woken.turns_at == EVENING + DAY
    assert ticked(woken, MORNING).turns_at == EVENING + DAY
    deployed = after(asleep(), a_deploy(requested_at=night), at=night)
    assert (deployed.phase, deployed.turns_at) == (Phase.ROLLING_OUT, EVENING + DAY)


def test_what_a_person_put_to_sleep_is_not_woken() -> None:
    staging = after(at_work(), Sleep("UBOB"), Slept(), at=MONDAY)
    assert (staging.turns_at, staging.wake_at) == (None, None)
    assert ticked(staging, MORNING).phase is Phase.ASLEEP


def test_a_rollout_comes_to_its_end_first() -> None:
    staging = ticked(replace(updating(), expires_at=None), MONDAY)
    assert ticked(staging, EVENING + HOUR).phase is Phase.ROLLING_OUT
    live = after(
        replace(staging, attempt=replace(staging.attempt, stage=Stage.READY)), UrlAnswered("r2", ""), at=EVENING
    )
    assert live.wake_at == EVENING and ticked(live, EVENING).phase is Phase.FALLING_ASLEEP


def test_what_somebody_uses_stays_up_an_hour_more() -> None:
    staging = replace(at_work(), last_used_at=EVENING - seconds(60))
    stays = ticked(staging, EVENING)
    assert (stays.phase, stays.wake_at) == (Phase.LIVE, EVENING + HOUR)
    assert ticked(stays, EVENING + HOUR).phase is Phase.FALLING_ASLEEP


def test_what_is_kept_and_what_never_was_live_is_left_alone() -> None:
    for staging in (at_work(kept=True), at_work(owner=PROJECT, kept=True), ticked(a_staging(Phase.FAILED), MONDAY)):
        assert ticked(staging, EVENING).phase is staging.phase
    assert after(asleep(), Keep("UBOB", True), Tick(), at=EVENING + HOUR).phase is Phase.WAKING, "kept, it is up again"


def test_a_bot_that_was_down_does_what_is_right_now() -> None:
    assert ticked(at_work(), EVENING + 5 * HOUR).phase is Phase.FALLING_ASLEEP
    late = ticked(at_work(), MORNING + HOUR)
    assert (late.phase, late.turns_at) == (Phase.LIVE, EVENING + DAY), "the night is over"
    assert ticked(asleep(), MORNING + HOUR).phase is Phase.WAKING


def test_hours_that_are_new_or_taken_away_count_at_the_next_tick() -> None:
    plain = a_staging(expires_at=None)
    assert plain.turns_at is None and ticked(plain, EVENING + HOUR).phase is Phase.FALLING_ASLEEP
    woken = decide(asleep(), Tick(), replace(WORK, hours=None), EVENING + HOUR).staging
    assert woken.phase is Phase.WAKING, "nobody else would"


def test_what_a_push_makes_at_night_sleeps_once_it_was_live() -> None:
    event = a_deploy("r1", actor=PUSH, push=Push(), requested_at=EVENING)
    staging = decide(None, event, WORK, EVENING + HOUR).staging
    assert staging.turns_at == EVENING + HOUR
    live = replace(staging, attempt=replace(staging.attempt, stage=Stage.LIVE))
    assert ticked(replace(live, live=live.attempt), EVENING + 2 * HOUR).phase is Phase.FALLING_ASLEEP


def test_a_wake_by_the_clock_that_fails_is_told() -> None:
    woken = ticked(asleep(), MORNING)
    failed = decide(woken, ReleaseFailed("r1", "no node has room"), WORK, MORNING + seconds(60))
    assert [notice.kind for notice in failed.notices] == [NoticeKind.NOT_AWAKE] and Target.FINDING in failed.targets
