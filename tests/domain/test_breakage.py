"""When a live staging is called broken and when well again: after the debounce, once each, and never in between."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import (
    GONE,
    NOW,
    POLICY,
    TTL,
    URL,
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

from bot.domain.events import (
    Decision,
    Event,
    Found,
    Notice,
    ReleaseFailed,
    StatusSeen,
    Target,
    Tick,
    UrlAnswered,
    Where,
)
from bot.domain.evidence import Author, KeyChange
from bot.domain.finding import Cause, Confidence
from bot.domain.lifecycle import decide
from bot.domain.model import CLOCK, PUSH, Health, Phase, Stage, Staging
from bot.domain.policy import Policy
from bot.domain.status import StagingStatus

DOWN, HEALTHY, DEGRADED = StatusSeen(down()), StatusSeen(healthy()), StatusSeen(degraded())


def told(staging: Staging, *happened: tuple[float, Event]) -> tuple[Staging, Sequence[tuple[float, Notice]]]:
    """Decide about events at seconds after NOW. The notices come with their times. What is to be found out is, at
    once: that it is not known."""
    notices: list[tuple[float, Notice]] = []
    for at, event in happened:
        decision = decide(staging, event, POLICY, NOW + seconds(at))
        staging = decision.staging
        notices += [(at, notice) for notice in decision.notices]
        if Target.FINDING in decision.targets:
            told = decide(staging, Found(a_finding(text=staging.health_reason)), POLICY, NOW + seconds(at))
            staging = told.staging
            notices += [(at, notice) for notice in told.notices]
    return staging, notices


def kinds(notices: Sequence[tuple[float, Notice]]) -> list[tuple[float, str, str]]:
    return [(at, notice.kind.value, notice.where.value) for at, notice in notices]


def last(staging: Staging, at: float, event: Event) -> Decision:
    return decide(staging, event, POLICY, NOW + seconds(at))


# --- broken ----------------------------------------------------------------------------------------------------------


def test_a_breakage_is_told_by_the_clock_after_the_debounce() -> None:
    ill, notices = told(a_staging(), (0, DOWN))
    assert (ill.phase, ill.health, notices) == (Phase.LIVE, Health.DOWN, [])
    assert ill.wake_at == NOW + POLICY.debounce
    assert last(ill, 4.9, Tick()) == Decision(ill)
    decision = last(ill, 5, Tick())
    assert (decision.staging.phase, decision.actor, decision.what, decision.why) == (
        Phase.BROKEN,
        CLOCK,
        "broken",
        "exit code 1",
    )
    assert (decision.targets, decision.notices) == (frozenset({Target.CARD, Target.FINDING}), ())
    finding = a_finding()
    (notice,) = last(decision.staging, 6, Found(finding)).notices
    assert kinds([(6, notice)]) == [(6, "broken", "alerts")]
    first = (NOW + seconds(6)).isoformat()
    assert notice.facts == {"finding": finding, "owner": "UALICE", "health": "down", "breaks": 1, "first": first}


def test_who_turns_out_to_be_named_is_called_by_a_reply_once() -> None:
    """An edited message calls nobody."""
    staging, _ = told(a_staging(), (0, DOWN), (5, Tick()))
    proven = replace(a_finding(Cause.CODE), confidence=Confidence.PROVEN, people=(Author("Alice", user="UALICE"),))
    decision = last(staging, 20, Found(proven))
    assert [notice.where for notice in decision.notices] == [Where.ALERT_EDIT, Where.ALERT_THREAD]
    again = last(decision.staging, 30, Found(replace(proven, behind=3)))
    assert [notice.where for notice in again.notices] == [Where.ALERT_EDIT]
    # Also if it was doubted meanwhile, or comes and goes.
    doubted = last(again.staging, 40, Found(a_finding(Cause.BASELINE)))
    assert [n.where for n in last(doubted.staging, 50, Found(proven)).notices] == [Where.ALERT_EDIT]
    flickering, _ = told(again.staging, (60, HEALTHY), (65, Tick()), (70, DOWN), (75, Tick()))
    assert flickering.broken_since and flickering.breaks == 2
    assert [n.where for n in last(flickering, 80, Found(proven)).notices] == [Where.ALERT_EDIT]


@pytest.mark.parametrize(("by", "called"), [("UBOB", True), (PUSH, False)])
def test_who_changed_the_key_that_did_it_is_called_too(by: str, called: bool) -> None:
    staging, _ = told(a_staging(), (0, DOWN), (5, Tick()))
    guess = replace(a_finding(Cause.CONFIGURATION), changes=(KeyChange("PAYMENTS", "test", "live", by),))
    doubted = last(staging, 20, Found(guess)).staging
    certain = last(doubted, 30, Found(replace(guess, confidence=Confidence.PROVEN)))
    assert [n.where for n in certain.notices] == [Where.ALERT_EDIT, *([Where.ALERT_THREAD] if called else [])]


def test_who_was_named_and_is_cleared_is_told_so_by_a_reply() -> None:
    staging, _ = told(a_staging(), (0, DOWN), (5, Tick()))
    alice, bob = (Author(name, user=f"U{name.upper()}") for name in ("Alice", "Bob"))
    both = replace(a_finding(Cause.CODE), confidence=Confidence.PROVEN, people=(alice, bob))
    of_data = replace(a_finding(Cause.DATA), confidence=Confidence.PROVEN)
    named = last(staging, 20, Found(both)).staging
    for certain in (of_data, replace(both, people=(bob,))):
        notices = last(named, 30, Found(certain)).notices
        assert [notice.where for notice in notices] == [Where.ALERT_EDIT, Where.ALERT_THREAD]
    doubted = last(named, 30, Found(replace(of_data, confidence=Confidence.GUESS)))
    assert [notice.where for notice in doubted.notices] == [Where.ALERT_EDIT]


def test_it_is_told_once_however_often_it_is_seen() -> None:
    events: list[tuple[float, Event]] = [(float(at), event) for at in range(60) for event in (DOWN, Tick())]
    broken, notices = told(a_staging(), *events)
    assert kinds(notices) == [(5, "broken", "alerts")]
    assert broken.broken_since == NOW + POLICY.debounce


def test_a_snapshot_can_tell_it_before_the_clock_does() -> None:
    _, notices = told(a_staging(), (0, DOWN), (7, DOWN), (8, Tick()))
    assert kinds(notices) == [(7, "broken", "alerts")]


def test_short_trouble_is_nobodys_business() -> None:
    well, notices = told(a_staging(), (0, DOWN), (2, HEALTHY), (5, Tick()), (7, Tick()))
    assert (well.unhealthy_since, well.healthy_since, well.health_reason, notices) == (None, None, "", [])
    assert well.wake_at == a_staging().wake_at


def test_a_crash_loop_that_flickers_is_one_breakage() -> None:
    flicker = [(float(at), DOWN if at % 4 < 2 else HEALTHY) for at in range(0, 120, 2)]
    steps: list[tuple[float, Event]] = [step for at, seen in flicker for step in ((at, seen), (at + 0.5, Tick()))]
    broken, notices = told(a_staging(), *steps)
    assert kinds(notices) == [(8, "broken", "alerts")]
    assert broken.unhealthy_since == NOW


def test_fewer_replicas_than_wanted_is_degraded_and_told_too() -> None:
    _, notices = told(a_staging(), (0, DEGRADED), (5, Tick()))
    facts = notices[0][1].facts
    assert (facts["health"], facts["finding"].symptom.text) == ("degraded", "web: 1 of 2 ready")


def test_the_worst_workload_gives_the_reason() -> None:
    some = a_workload(replace(degraded().workloads[0]).state, name="api", wanted=2, ready=1, reason="slow")
    none = a_workload(some.state, name="db", reason="disk is full")
    both = (some, none)
    ill, _ = told(a_staging(), (0, StatusSeen(StagingStatus("s1", "r1", both, "r1", both))))
    assert (ill.health, ill.health_reason) == (Health.DOWN, "disk is full")


def test_when_the_worse_comes_the_card_is_drawn_again_and_the_alert_is_edited() -> None:
    broken, _ = told(a_staging(), (0, DEGRADED), (5, Tick()))
    decision = last(broken, 6, DOWN)
    assert (decision.targets, decision.notices) == (frozenset({Target.CARD, Target.FINDING}), ())
    assert decision.staging.health is Health.DOWN
    assert kinds(told(broken, (6, DOWN), (7, DOWN))[1]) == [(6, "broken", "alert edit")]


def test_a_live_staging_that_the_engine_lost_is_down() -> None:
    _, notices = told(a_staging(), (0, StatusSeen(GONE)), (5, Tick()))
    assert [notice.facts["finding"].symptom.text for _, notice in notices] == ["nothing of it runs any more"]


def test_what_the_engine_is_bringing_back_is_not_judged() -> None:
    resuming = StatusSeen(replace(down(), resuming=True))
    staging, notices = told(a_staging(), (0, resuming), (9, resuming), (10, Tick()))
    assert (staging.health, staging.unhealthy_since, notices) == (Health.HEALTHY, None, [])


# --- well again ------------------------------------------------------------------------------------------------------


def test_recovery_edits_the_alert_and_answers_once_in_its_thread() -> None:
    well, notices = told(a_staging(), (0, DOWN), (5, Tick()), (60, HEALTHY), (62, HEALTHY), (65, Tick()), (70, Tick()))
    assert kinds(notices) == [
        (5, "broken", "alerts"),
        (65, "recovered", "alert edit"),
        (65, "recovered", "alert thread"),
    ]
    assert well.phase is Phase.LIVE
    edit, reply = (notice.facts for _, notice in notices[1:])
    what = {"reason": "exit code 1", "finding": well.finding, "breaks": 1}
    assert edit == reply == {"seconds": 60, "since": NOW.isoformat(), **what}


def test_recovery_waits_until_it_has_settled() -> None:
    broken, _ = told(a_staging(), (0, DOWN), (5, Tick()))
    staging, notices = told(broken, (60, HEALTHY), (64.9, Tick()), (64.95, DOWN), (90, Tick()))
    assert (staging.phase, staging.healthy_since, notices) == (Phase.BROKEN, None, [])


def test_each_breakage_has_an_alert_of_its_own() -> None:
    once: list[tuple[float, Event]] = [(0, DOWN), (5, Tick()), (10, HEALTHY), (15, Tick())]
    _, notices = told(a_staging(), *once, *((at + 610, event) for at, event in once))
    assert [kind for _, kind, _ in kinds(notices)] == ["broken", "recovered", "recovered"] * 2


# --- beside a rollout ------------------------------------------------------------------------------------------------


def test_nothing_is_told_while_a_release_is_under_way() -> None:
    staging, notices = told(updating(), (0, DOWN), (5, Tick()), (30, DOWN), (31, Tick()))
    assert (staging.health, staging.phase, notices) == (Health.DOWN, Phase.ROLLING_OUT, [])
    assert staging.wake_at == a_staging().wake_at


def test_what_a_rollout_takes_away_is_no_other_breakage() -> None:
    broken, _ = told(a_staging(), (0, DEGRADED), (5, Tick()))
    decision = last(
        replace(broken, attempt=a_release("r2", Stage.APPLIED)), 6, StatusSeen(replace(down(), serving=None))
    )
    assert Target.FINDING not in decision.targets


def test_it_is_told_after_the_rollout_failed() -> None:
    failed, notices = told(updating(), (0, DOWN), (30, ReleaseFailed("r2", "bad manifest")), (30, Tick()))
    assert failed.phase is Phase.BROKEN
    assert kinds(notices) == [(30, "failed", "thread"), (30, "broken", "alerts")]


def test_a_new_release_that_goes_live_ends_a_breakage() -> None:
    broken, _ = told(a_staging(), (0, DOWN), (5, Tick()))
    repaired = replace(broken, attempt=a_release("r2", Stage.READY))
    live, notices = told(repaired, (50, UrlAnswered("r2", "200")))
    assert kinds(notices) == [
        (50, "live", "thread"),
        (50, "recovered", "alert edit"),
        (50, "recovered", "alert thread"),
    ]
    assert (live.phase, live.health, live.broken_since) == (Phase.LIVE, Health.HEALTHY, None)
    assert notices[1][1].facts["seconds"] == 50


def test_what_ailed_the_older_release_is_forgotten_when_another_one_serves() -> None:
    ready = StatusSeen(healthy("r2"))
    failed, notices = told(updating(), (0, DOWN), (2, ready), (3, ReleaseFailed("r2", "404")), (60, Tick()))
    assert (failed.phase, failed.unhealthy_since) == (Phase.FAILED, None)
    assert kinds(notices) == [(3, "failed", "thread")]


def test_a_staging_that_was_never_live_is_not_broken() -> None:
    staging, notices = told(a_staging(Phase.FAILED), (0, DOWN), (60, Tick()))
    assert (staging.phase, notices) == (Phase.FAILED, [])


def test_debounce_and_settling_are_the_projects_rules() -> None:
    slow = Policy(ttl=TTL, debounce=timedelta(minutes=5), settle=timedelta(minutes=1))
    ill = decide(a_staging(urls={"web": URL}), DOWN, slow, NOW).staging
    assert ill.wake_at == NOW + slow.debounce
    assert decide(ill, Tick(), slow, NOW + seconds(299)).notices == ()
    assert decide(ill, Tick(), slow, NOW + seconds(300)).staging.phase is Phase.BROKEN
