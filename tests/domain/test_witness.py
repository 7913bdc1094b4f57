"""Throw-away stagings: what holds for them, when they are done, and what they say."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from builders import GONE, NOW, POLICY, URL, a_deploy, a_release, a_staging, down, healthy, seconds
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import events as any_event
from strategies import moments, policies, reports
from strategies import stagings as any_staging

from bot.domain import events, naming, witness
from bot.domain.checks import Stand
from bot.domain.errors import UserError
from bot.domain.events import CheckSeen, Delete, Event, ReleaseFailed, StatusSeen, Target, Tick, UrlAnswered, Used
from bot.domain.evidence import Symptom
from bot.domain.finding import Cause, Confidence, Finding, Offer
from bot.domain.hours import Hours
from bot.domain.lifecycle import decide
from bot.domain.model import Desired, Health, Phase, Stage, Staging, WitnessOf
from bot.domain.policy import Policy

BASE, SAME = WitnessOf.MERGE_BASE, WitnessOf.SAME_COMMIT
LOGIN = Stand("login", False, "`/login` answers 500", NOW - seconds(60))
WELL = Stand("login", True, "`/login` answers 200", NOW)
NIGHT = replace(POLICY, hours=Hours("UTC", frozenset(), 480, 1080))


def ill(**changes: Any) -> Staging:
    """Broken for a minute, as its login fails; the workloads are well."""
    return a_staging(Phase.BROKEN, **{"checks": (LOGIN,), "engine_health": Health.HEALTHY, **changes})


def new(policy: Policy = POLICY) -> Staging:
    event = a_deploy("r1", staging="w1", name="octopod-witness-w1", witness_for="s1", witness_of=BASE)
    return decide(None, event, policy, NOW).staging


def told(staging: Staging, *happened: tuple[float, Event], policy: Policy = POLICY) -> Staging:
    """What it came to, by events at seconds after NOW, of which nobody was told."""
    for at, event in happened:
        decision = decide(staging, event, policy, NOW + seconds(at))
        assert (decision.targets - {Target.ENGINE}, decision.notices) == (frozenset(), ())
        staging = decision.staging
    return staging


LIVE = ((1.0, events.Applied("r1")), (2.0, StatusSeen(healthy())), (3.0, UrlAnswered("r1", "200 OK")))


# --- what holds for them ---------------------------------------------------------------------------------------------


def test_one_comes_up_as_any_staging_does_and_nobody_is_told() -> None:
    made = new()
    assert (made.witness_for, made.witness_of, made.expires_at) == ("s1", BASE, NOW + POLICY.witness_comes)
    live = told(made, *LIVE)
    assert (live.phase, live.expires_at) == (Phase.LIVE, NOW + seconds(3) + POLICY.witness_answers)
    checked = told(live, (5, CheckSeen("r1", LOGIN)), (20, Tick()), (40, StatusSeen(down())), (50, Tick()))
    assert (checked.checks, checked.engine_health) == ((LOGIN,), Health.DOWN)


@pytest.mark.parametrize(
    ("happened", "at"),
    [((), 300), (LIVE, 63), ((*LIVE, (62, Used())), 63), (((1, ReleaseFailed("r1", "no")),), 300)],
    ids=["never live", "live", "visited", "failed"],
)
def test_its_time_is_short_whatever_its_project_says(happened: tuple[tuple[float, Event], ...], at: float) -> None:
    policy = replace(NIGHT, ttl=None)
    there = told(new(policy), *happened, policy=policy)
    there = told(there, (at - 0.1, Tick()), policy=policy)
    assert there.phase not in (Phase.DELETING, Phase.FALLING_ASLEEP)
    over = told(replace(there, claims=("data",)), (at, Tick()), policy=policy)
    assert (over.phase, over.undo_until) == (Phase.DELETING, None)
    assert told(over, (at + 1, StatusSeen(GONE)), policy=policy).phase is Phase.DELETED


@settings(max_examples=50)
@given(any_staging(), any_event, policies, moments)
def test_of_no_witness_anybody_is_ever_told(staging: Staging, event: Event, policy: Policy, now: Any) -> None:
    hidden = replace(staging, witness_for="s2", witness_of=SAME)
    with suppress(UserError):
        decision = decide(hidden, event, policy, now)
        if decision.staging.witness_for:  # else a deploy has made another one in its place
            assert decision.targets <= {Target.ENGINE} and not decision.notices
            assert decision.staging.undo_until is None or decision.staging.undo_until == staging.undo_until


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 90), reports | st.just(Used())), max_size=12), policies)
def test_whatever_engines_say_it_goes_within_six_minutes(happened: list[tuple[float, Event]], policy: Policy) -> None:
    there, now = new(policy), NOW
    for pause, event in happened:
        now += seconds(pause)
        there = decide(decide(there, event, policy, now).staging, Tick(), policy, now).staging
    over = there.created_at + policy.witness_comes + policy.witness_answers
    assert there.phase in (Phase.DELETING, Phase.DELETED) or (there.wake_at and there.wake_at <= over)
    ended = decide(there, Tick(), policy, max(now, over)).staging
    assert ended.phase in (Phase.DELETING, Phase.DELETED) and ended.undo_until is None


@pytest.mark.parametrize("branch", ["octopod-witness-ab12", "octopod/witness/x", "Octopod_Witness_"])
def test_no_branch_and_nobody_names_a_staging_as_one(branch: str) -> None:
    name = naming.staging_name(branch)
    assert not name.startswith(naming.WITNESS) and naming.valid_name(name)
    assert not naming.valid_name(naming.witness_name("ab12"))


# --- whether one is made ---------------------------------------------------------------------------------------------


def a_witness(at: float = 0, **changes: Any) -> Staging:
    """Made `at` seconds after NOW for `ill()`, and live since then."""
    now = NOW + seconds(at)
    live = a_release(stage=Stage.LIVE, staging="w1", requested_at=now, ended_at=now)
    given = {"id": "w1", "created_at": now, "attempt": live, "live": live, "expires_at": now + POLICY.witness_answers}
    return replace(a_staging(witness_for="s1", witness_of=BASE), **{**given, **changes})


def test_only_a_breakage_needs_one() -> None:
    assert witness.require_use(ill(), BASE, "main").id == "r1"
    assert witness.require_use(ill(branch="main"), SAME, "main").id == "r1"
    with pytest.raises(UserError, match="orange-button is live, not broken, so there is nothing to find out"):
        witness.require_use(a_staging(), BASE, "main")
    with pytest.raises(UserError, match="is the staging of main itself"):
        witness.require_use(ill(branch="main"), BASE, "main")


def test_one_at_a_time_for_each_question_and_three_for_a_project() -> None:
    others = [a_witness(id=f"w{n}", witness_for=f"s{n}") for n in range(2, 5)]
    going = replace(others[0], desired=Desired.ABSENT)
    witness.require_turn(ill(), SAME, [a_witness()], [a_witness(), *others[1:2]])
    witness.require_turn(ill(), BASE, [], [going, *others[1:]])
    earlier = a_witness(-600)
    witness.require_turn(ill(), BASE, [earlier], [earlier])
    with pytest.raises(UserError, match="The commit from which orange-button started is being tried already"):
        witness.require_turn(ill(), BASE, [a_witness()], [a_witness()])
    with pytest.raises(UserError, match="shop has 3 throw-away stagings just now, and no more than 3 at once"):
        witness.require_turn(ill(), BASE, [], others)


def found(*offers: Offer) -> Finding:
    return Finding(Cause.UNKNOWN, Confidence.GUESS, Symptom("`/login` answers 500", NOW), offers=offers)


@pytest.mark.parametrize(
    ("staging", "made", "expected"),
    [
        (ill(finding=found(Offer.CHECK_BASE)), [], True),
        (ill(finding=found(Offer.FRESH_DATA)), [], True),
        (ill(finding=found(Offer.FRESH_DATA)), [a_witness()], True),
        (ill(finding=found(Offer.CHECK_BASE)), [a_witness(-600)], True),
        (ill(finding=found(Offer.CHECK_BASE)), [a_witness()], False),
        (ill(finding=found(Offer.CHECK_BASE), breaks=2), [], False),
        (ill(finding=found(Offer.ROLLBACK)), [], False),
        (ill(), [], False),
        (a_staging(finding=found(Offer.CHECK_BASE)), [], False),
    ],
)
def test_each_breakage_waits_for_one(staging: Staging, made: list[Staging], expected: bool) -> None:
    assert witness.waits(staging, made) is expected


# --- what it says ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("staging", "asked"),
    [
        (ill(), {"login"}),
        (ill(checks=(LOGIN, replace(LOGIN, check="cart"))), {"login", "cart"}),
        (ill(checks=(LOGIN, replace(WELL, check="cart"))), {"login"}),
        (ill(checks=()), {""}),
        (ill(engine_health=Health.DOWN), {"", "login"}),
    ],
)
def test_it_is_asked_what_ails_the_staging(staging: Staging, asked: set[str]) -> None:
    assert witness.asked(staging) == asked


DOWN: dict[str, Any] = {"engine_health": Health.DOWN, "engine_reason": "web: exit code 1", "unhealthy_since": NOW}
WEB, OTHER = ill(checks=()), replace(WELL, check="cart")


@pytest.mark.parametrize(
    ("seen", "sick", "at", "over"),
    [
        (a_witness(), ill(), 10, ""),
        (a_witness(checks=(OTHER,)), ill(), 10, ""),
        (a_witness(checks=(OTHER, LOGIN)), ill(), 10, "it has told what it was made for"),
        (a_witness(checks=(WELL,)), ill(), 10, "it has told what it was made for"),
        (a_witness(checks=(WELL,)), ill(checks=(LOGIN, replace(LOGIN, check="cart"))), 10, ""),
        (a_witness(checks=(WELL,)), WEB, 10, ""),
        (a_witness(**DOWN), WEB, 4, ""),
        (a_witness(**DOWN), WEB, 6, "it has told what it was made for"),
        (a_witness(attempt=a_release(stage=Stage.FAILED)), ill(), 10, "it failed"),
        (a_witness(), None, 10, "the breakage that it was made for is over"),
        (a_witness(), a_staging(), 10, "the breakage that it was made for is over"),
        (a_witness(-90), ill(), 10, "the breakage that it was made for is over"),
        (told(a_witness(checks=(WELL,)), (1, Delete("clock"))), ill(), 10, ""),
    ],
)
def test_it_goes_once_it_has_told_or_cannot(seen: Staging, sick: Staging | None, at: float, over: str) -> None:
    assert witness.is_over(seen, sick, POLICY, NOW + seconds(at)) == over


def test_workloads_are_well_if_they_were_all_the_time() -> None:
    def of(seen: Staging, at: float) -> list[tuple[bool, str]]:
        return [(one.ok, one.text) for one in witness.stands(seen, POLICY, NOW + seconds(at)) if not one.check]

    assert of(a_witness(), 59) == [] and of(a_witness(), 60) == [(True, "all that runs is ready")]
    assert of(a_witness(**DOWN), 6) == [(False, "web: exit code 1")]
    assert of(a_witness(**{**DOWN, "unhealthy_since": NOW + seconds(58)}), 60) == [], "too short to say"
    assert of(a_witness(live=None), 60) == []


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (a_witness(live=None), "it is being tried on a throw-away staging right now"),
        (a_witness(attempt=a_release(stage=Stage.FAILED)), "which failed: web: exit code 1"),
        (told(a_witness(), (1, Delete("clock"))), "which was live, but its health was not decided within 1 min"),
        (told(new(), (1, Delete("clock"))), "which was not live within 5 min"),
        (
            told(a_witness(live=None, attempt=a_release(awaits=URL)), (1, Delete("clock"))),
            f"not live within 5 min: no registry has {URL}",
        ),
    ],
)
def test_why_nothing_is_known(seen: Staging, why: str) -> None:
    assert witness.why_unknown(seen, POLICY).endswith(why)


def test_a_slow_project_may_say_so() -> None:
    slow = replace(POLICY, witness_comes=timedelta(minutes=9))
    assert new(slow).expires_at == NOW + timedelta(minutes=9)
