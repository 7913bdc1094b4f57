"""How a live staging is: the worse of what its engine and its health checks say; and what is forgotten, and when."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from builders import (
    GONE,
    NOW,
    POLICY,
    a_deploy,
    a_finding,
    a_release,
    a_staging,
    a_workload,
    degraded,
    down,
    healthy,
    seconds,
    updating,
)

from bot.domain.checks import Stand
from bot.domain.events import (
    ChecksDropped,
    CheckSeen,
    Event,
    Found,
    Mute,
    Notice,
    ReleaseFailed,
    Rollback,
    Sleep,
    StatusSeen,
    Target,
    Tick,
    UrlAnswered,
)
from bot.domain.finding import Cause
from bot.domain.lifecycle import decide
from bot.domain.model import Health, Phase, Stage, Staging
from bot.domain.status import Sign, SignKind, StagingStatus, WorkloadState

HEALTHY, DOWN = StatusSeen(healthy()), StatusSeen(down())


def check(ok: bool, name: str = "login", at: float = 0, *, answered: bool = True, release: str = "r1") -> Event:
    text = f"`/{name}` answers {200 if ok else 500}" if answered else "can't be reached"
    return CheckSeen(release, Stand(name, ok, text, NOW + seconds(at), answered))


def after(staging: Staging, *happened: tuple[float, Event]) -> tuple[Staging, Sequence[tuple[float, str, str]]]:
    """What became of it, by events at seconds after NOW; and what was told when. What is to be found out is at once."""
    told: list[tuple[float, str, str]] = []
    for at, event in happened:
        decision = decide(staging, event, POLICY, NOW + seconds(at))
        notices: tuple[Notice, ...] = decision.notices
        staging = decision.staging
        if Target.FINDING in decision.targets:
            found = decide(staging, Found(a_finding(text=staging.health_reason)), POLICY, NOW + seconds(at))
            staging, notices = found.staging, (*notices, *found.notices)
        told += [(at, notice.kind.value, notice.where.value) for notice in notices]
    return staging, told


# --- together --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seen", "health", "reason"),
    [
        ([check(True)], Health.HEALTHY, ""),
        ([check(False)], Health.DEGRADED, "login: `/login` answers 500"),
        ([check(True, "shelf"), check(False)], Health.DEGRADED, "login: `/login` answers 500"),
        ([check(False, answered=False)], Health.DOWN, "login: can't be reached"),
        ([check(True, "shelf"), check(False, answered=False)], Health.DEGRADED, "login: can't be reached"),
        ([check(False, "shelf"), check(False, answered=False)], Health.DEGRADED, None),
        ([StatusSeen(degraded())], Health.DEGRADED, "web: 1 of 2 ready"),
        ([DOWN, check(True)], Health.DOWN, "exit code 1"),
        ([DOWN, check(False)], Health.DOWN, "exit code 1; login: `/login` answers 500"),
        (
            [StatusSeen(degraded()), check(False, answered=False)],
            Health.DOWN,
            "web: 1 of 2 ready; login: can't be reached",
        ),
        ([check(False), DOWN, HEALTHY], Health.DEGRADED, "login: `/login` answers 500"),
        ([DOWN, check(False), check(True)], Health.DOWN, "exit code 1"),
        ([StatusSeen(GONE), check(False)], Health.DOWN, "nothing of it runs any more"),
    ],
)
def test_the_worse_counts_and_both_are_told(seen: Sequence[Event], health: Health, reason: str | None) -> None:
    staging, _ = after(a_staging(), *((0.0, event) for event in seen))
    assert staging.health is health and reason in (None, staging.health_reason)


def test_a_check_counts_from_its_first_failure_on() -> None:
    """It is decided later than it began; that time counts for the debounce."""
    staging, told = after(a_staging(), (2, check(False, at=0)))
    assert (staging.unhealthy_since, staging.wake_at, told) == (NOW, NOW + POLICY.debounce, [])
    assert after(staging, (5, Tick()))[1] == [(5, "broken", "alerts")]
    assert after(a_staging(), (7, check(False, at=0)))[1] == [(7, "broken", "alerts")]


def test_it_is_well_again_from_its_first_pass_on() -> None:
    ill, _ = after(a_staging(), (7, check(False, at=0)))
    _, told = after(ill, (30, check(True, at=28)), (32, Tick()), (33, Tick()), (60, Tick()))
    assert told == [(33, "recovered", "alert edit"), (33, "recovered", "alert thread")]


def test_one_check_that_passes_again_is_not_enough() -> None:
    ill, _ = after(a_staging(), (7, check(False)), (8, check(False, "shelf")))
    still, told = after(ill, (20, check(True)), (60, Tick()))
    assert (still.phase, still.health_reason, told) == (
        Phase.BROKEN,
        "shelf: `/shelf` answers 500",
        [(20, "broken", "alert edit")],
    )


# --- what says nothing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "staging",
    [
        a_staging(Phase.ROLLING_OUT),
        a_staging(Phase.FAILED),
        updating(),
        a_staging(serving="r2"),
        a_staging(serving=None),
        *map(a_staging, (Phase.FALLING_ASLEEP, Phase.ASLEEP, Phase.WAKING, Phase.RESETTING, Phase.DELETING)),
    ],
)
def test_a_check_says_nothing_unless_the_live_release_serves_and_nothing_is_on_its_way(staging: Staging) -> None:
    assert decide(staging, check(False), POLICY, NOW).staging == staging


def test_nor_does_one_of_an_older_release() -> None:
    second = a_release("r2", Stage.LIVE)
    staging = a_staging(attempt=second, live=second, serving="r2")
    assert decide(staging, check(False, release="r1"), POLICY, NOW).staging == staging


def test_another_release_that_goes_live_begins_anew() -> None:
    ill, _ = after(a_staging(), (7, check(False)))
    ready = replace(ill, attempt=a_release("r2", Stage.READY))
    live, told = after(ready, (9, UrlAnswered("r2", "200")))
    assert (live.checks, live.health, live.alerted_at, live.breaks) == ((), Health.HEALTHY, None, 0)
    assert told[1:] == [(9, "recovered", "alert edit"), (9, "recovered", "alert thread")]


def test_what_a_check_said_before_a_rollout_breaks_nothing_after_it() -> None:
    seen, _ = after(
        a_staging(), (1, check(False)), (2, a_deploy("r2")), (300, ReleaseFailed("r2", "no")), (301, Tick())
    )
    assert (seen.phase, seen.health, seen.checks) == (Phase.FAILED, Health.HEALTHY, ())
    ill, _ = after(a_staging(), (1, check(False)), (1, DOWN), (2, a_deploy("r2")), (9, ReleaseFailed("r2", "no")))
    assert after(ill, (9, Tick()))[0].health_reason == "exit code 1"


def test_a_breakage_lasts_through_a_rollout_that_fails() -> None:
    ill, _ = after(a_staging(), (7, check(False)), (8, a_deploy("r2")), (300, ReleaseFailed("r2", "no")))
    assert (ill.phase, ill.failing) == (Phase.BROKEN, ill.checks)


def test_a_check_that_is_not_made_any_more_fails_no_more() -> None:
    ill, _ = after(a_staging(), (7, check(False)))
    well, told = after(ill, (9, ChecksDropped(frozenset({"login"}))), (14, Tick()))
    assert (well.phase, well.checks, len(told)) == (Phase.LIVE, (), 2)
    assert decide(well, ChecksDropped(frozenset({"login"})), POLICY, NOW).staging == well


# --- signs -----------------------------------------------------------------------------------------------------------


def a_sign(at: float, text: str = "it was started again") -> Sign:
    return Sign(SignKind.RESTARTED, "web", NOW + seconds(at), text=text)


def seen(*signs: Sign, release: str = "r1") -> Event:
    workloads = (a_workload(WorkloadState.READY, release, signs=signs),)
    return StatusSeen(StagingStatus("s1", "r1", workloads, "r1", workloads))


def test_signs_are_kept_for_an_hour_and_the_newest_ten() -> None:
    one, two = a_sign(0), a_sign(10)
    staging, _ = after(a_staging(), (1, seen(one)), (2, seen(one)), (11, seen(one, two)), (12, HEALTHY))
    assert staging.signs == (one, two)
    late, _ = after(staging, (3605, seen(a_sign(3604))))
    assert late.signs == (two, a_sign(3604))
    many, _ = after(a_staging(), (60, seen(*(a_sign(at) for at in range(20)))))
    assert many.signs == tuple(a_sign(at) for at in range(10, 20))
    assert after(a_staging(), (1, seen(one, release="r2")), (2, seen(a_sign(-4000))))[0].signs == ()


# --- mutes -----------------------------------------------------------------------------------------------------------

HOUR = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("mutes", "seen", "told"),
    [
        ({"": HOUR}, [check(False)], False),
        ({"": HOUR}, [DOWN], False),
        ({"login": HOUR}, [check(False)], False),
        ({"login": HOUR}, [check(False), check(False, "shelf")], True),
        ({"login": HOUR, "shelf": HOUR}, [check(False), check(False, "shelf")], False),
        ({"login": HOUR}, [check(False), DOWN], True),
        ({"login": HOUR}, [DOWN], True),
        ({"shelf": HOUR}, [check(False)], True),
        ({"login": NOW - seconds(1)}, [check(False)], True),
    ],
)
def test_nobody_is_told_while_all_that_ails_it_is_muted(
    mutes: dict[str, datetime], seen: Sequence[Event], told: bool
) -> None:
    staging, notices = after(a_staging(mutes=mutes), *((0.0, event) for event in seen), (6, Tick()))
    assert staging.phase is Phase.BROKEN and bool(notices) is told and bool(staging.alerted_at) is told


def test_it_is_told_when_the_mute_is_over() -> None:
    ill, told = after(a_staging(mutes={"login": HOUR}), (7, check(False)))
    assert (told, ill.wake_at) == ([], HOUR)
    over, told = after(ill, (3599, Tick()), (3600, Tick()))
    assert (told, over.mutes) == ([(3600, "broken", "alerts")], {})
    assert after(ill, (9, Mute("UBOB", "login", None)))[1] == [(9, "broken", "alerts")]


def test_a_check_that_is_not_muted_tells_of_a_breakage_that_was() -> None:
    ill, _ = after(a_staging(mutes={"login": HOUR}), (7, check(False)))
    assert after(ill, (20, check(False, "shelf")))[1] == [(20, "broken", "alerts")]


def test_what_ends_while_it_is_muted_is_not_told_either() -> None:
    _, told = after(
        a_staging(mutes={"": HOUR}), (7, check(False)), (20, check(True, at=20)), (25, Tick()), (3600, Tick())
    )
    assert told == []


def test_its_mutes_outlive_a_release_and_a_breakage() -> None:
    muted = a_staging(mutes={"": HOUR}, attempt=a_release("r2", Stage.READY))
    assert after(muted, (9, UrlAnswered("r2", "200")))[0].mutes == {"": HOUR}


# --- what comes and goes ---------------------------------------------------------------------------------------------


def flaps(*times: float, release: str = "r1") -> list[tuple[float, Event]]:
    """It breaks at each of these seconds, and is well again after ten."""
    ill, well = StatusSeen(down(release)), StatusSeen(healthy(release))
    return [step for at in times for step in ((at, ill), (at + 5, Tick()), (at + 10, well), (at + 15, Tick()))]


ENDS = ["recovered @ alert edit", "recovered @ alert thread"]


def shown(told: Sequence[tuple[float, str, str]]) -> list[str]:
    return [f"{kind} @ {where}" for _, kind, where in told]


def test_what_breaks_again_within_ten_minutes_edits_its_alert_and_ends_when_it_is_quiet() -> None:
    staging, told = after(a_staging(), *flaps(0, 120, 500))
    assert shown(told) == ["broken @ alerts", *ENDS, "broken @ alert edit", "broken @ alert edit"]
    assert (staging.phase, staging.breaks, staging.wake_at) == (Phase.LIVE, 3, NOW + seconds(510) + POLICY.quiet)
    assert after(staging, (1109, Tick()))[1] == []
    steady, told = after(staging, (1110, Tick()), (1200, Tick()))
    assert shown(told) == ENDS and (steady.breaks, steady.alerted_at) == (0, None)
    assert shown(after(steady, *flaps(1300))[1]) == ["broken @ alerts", *ENDS]


def test_its_end_tells_how_often_and_from_when_on() -> None:
    staging, _ = after(a_staging(), *flaps(0, 120))
    edit, _ = decide(staging, Tick(), POLICY, NOW + seconds(800)).notices
    facts = {name: edit.facts[name] for name in ("breaks", "seconds", "since", "reason")}
    assert facts == {"breaks": 2, "seconds": 125, "since": (NOW + seconds(5)).isoformat(), "reason": "exit code 1"}


def test_an_alert_that_says_it_comes_and_goes_is_closed_by_what_ends_it() -> None:
    staging, _ = after(a_staging(), *flaps(0, 120))
    ready = replace(staging, attempt=a_release("r2", Stage.READY))
    live, told = after(ready, (200, UrlAnswered("r2", "200")))
    assert shown(told) == ["live @ thread", *ENDS] and live.breaks == 0
    assert shown(after(live, *flaps(210, release="r2"))[1]) == ["broken @ alerts", *ENDS], "another one, another alert"
    assert shown(after(staging, (200, Sleep("UBOB")))[1]) == ["slept @ alert edit"]
    assert after(decide(staging, Tick(), POLICY, NOW + seconds(800)).staging, (900, Sleep("UBOB")))[1] == []


def test_what_is_shared_is_excused_once_and_then_told_if_it_is_not_any_more() -> None:
    ill = decide(decide(a_staging(), DOWN, POLICY, NOW).staging, Tick(), POLICY, NOW + seconds(5)).staging
    causes = (Cause.BASELINE, Cause.UNKNOWN, Cause.BASELINE, Cause.CODE)
    told = []
    for at, cause in enumerate(causes):
        decision = decide(ill, Found(a_finding(cause)), POLICY, NOW + seconds(6 + at))
        ill = decision.staging
        told.append([f"{notice.kind} @ {notice.where}" for notice in decision.notices])
    assert told == [["broken @ thread"], ["broken @ alerts"], ["broken @ alert edit"], ["broken @ alert edit"]]


# --- good enough to return to ----------------------------------------------------------------------------------------


ILL, WELL = StatusSeen(down("r2")), StatusSeen(healthy("r2"))


def lived(well: float, *happened: tuple[float, Event]) -> Staging:
    """r2 went live at NOW, after r1; r3 takes its place `well` seconds later."""
    ready = a_staging(attempt=a_release("r2", Stage.READY))
    second, _ = after(ready, (0, UrlAnswered("r2", "200")), *happened)
    third = replace(second, attempt=a_release("r3", Stage.READY))
    return after(third, (well, UrlAnswered("r3", "200")))[0]


@pytest.mark.parametrize(
    ("staging", "good", "unproven"),
    [
        (lived(60), 2, ()),
        (lived(59), 1, (2,)),
        (lived(300, (10, ILL), (15, Tick())), 1, (2,)),
        (lived(300, (70, ILL), (75, Tick())), 2, ()),
        (lived(100, (10, ILL), (15, Tick()), (30, WELL), (35, Tick())), 2, ()),
        (lived(80, (10, ILL), (15, Tick()), (30, WELL), (35, Tick())), 1, (2,)),
        (lived(300, (100, ILL), (105, Tick()), (290, WELL), (295, Tick())), 2, ()),
        (lived(80, (10, ILL), (12, WELL), (17, Tick())), 2, ()),
    ],
)
def test_a_release_is_good_once_it_was_well_for_a_minute(
    staging: Staging, good: int, unproven: tuple[int, ...]
) -> None:
    assert (staging.good, staging.unproven) == (good, unproven)


def test_a_rollback_that_goes_live_leaves_it_to_the_rule() -> None:
    first = a_release("r1", Stage.LIVE)
    back = decide(a_staging(Phase.FAILED, live=first), Rollback("UBOB", "r5", first, NOW), POLICY, NOW).staging
    ready = replace(back, attempt=replace(back.attempt, stage=Stage.READY))
    assert after(ready, (1, UrlAnswered("r5", "200")))[0].good is None
