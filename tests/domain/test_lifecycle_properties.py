"""What holds for every stored state and every event, however unlikely."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from builders import NOW, POLICY, a_release, updating
from hypothesis import assume, given, settings
from strategies import (
    events,
    kept,
    moments,
    of_branch,
    of_health,
    policies,
    reports,
    stagings,
    statuses,
    wanted,
    wishes,
)

from bot.domain.errors import UserError
from bot.domain.events import (
    Applied,
    BuildSeen,
    Delete,
    Event,
    FilesReady,
    ImageMissing,
    NoticeKind,
    ReleaseFailed,
    Reset,
    Sleep,
    StatusSeen,
    Target,
    Tick,
    UrlAnswered,
)
from bot.domain.lifecycle import decide, next_wake, offers
from bot.domain.model import CLOCK, Desired, Phase, Stage, Staging, phase
from bot.domain.policy import Policy
from bot.domain.status import StagingStatus, WorkloadState
from bot.written import facts_json

thorough = settings(max_examples=30)


@thorough
@given(stagings(), events, policies, moments)
def test_nothing_but_a_refusal_is_ever_raised(staging: Staging, event: Event, policy: Policy, now: datetime) -> None:
    with suppress(UserError):
        decision = decide(staging, event, policy, now)
        json.dumps([facts_json(notice.facts) for notice in decision.notices])
        assert set(decision.targets) <= set(Target)
        assert all(release.staging == decision.staging.id for release in decision.releases)


@thorough
@given(stagings(), reports | of_branch | of_health, policies, moments)
def test_the_engine_and_the_clock_are_never_refused(
    staging: Staging, event: Event, policy: Policy, now: datetime
) -> None:
    decide(staging, event, policy, now)
    decide(staging, Tick(), policy, now)


@thorough
@given(stagings())
def test_every_state_has_a_phase_and_its_buttons(staging: Staging) -> None:
    assert phase(staging) in Phase
    some = {"open", "retry", "extend", "logs", "config", "delete", "delete now", "undo", "sleep", "wake", "rollback"}
    assert offers(staging) <= some
    assert staging.phase is Phase.DELETED or offers(staging) & {"delete", "delete now"}


@thorough
@given(kept(), policies, moments)
def test_every_staging_can_be_deleted_from_everywhere(staging: Staging, policy: Policy, now: datetime) -> None:
    asked = decide(staging, Delete("UBOB"), policy, now)
    assert asked.staging.phase is Phase.DELETING
    assert Target.ENGINE in asked.targets
    gone = decide(asked.staging, StatusSeen(StagingStatus("s1", None, present=False)), policy, now)
    assert gone.staging.phase is Phase.DELETED
    assert [notice.kind for notice in gone.notices] == ([] if staging.witness_for else [NoticeKind.DELETED])


@thorough
@given(stagings(), events, policies, moments)
def test_each_change_is_a_new_revision(staging: Staging, event: Event, policy: Policy, now: datetime) -> None:
    with suppress(UserError):
        after = decide(staging, event, policy, now).staging
        assert after.revision == staging.revision + (after != staging)
        assert after == staging or after.wake_at == next_wake(after, policy)


@thorough
@given(stagings(), reports | of_branch | of_health, policies, moments)
def test_what_is_reported_twice_is_told_once(staging: Staging, event: Event, policy: Policy, now: datetime) -> None:
    """The engine may be asked again for what it has lost; nothing else follows from a repetition."""
    assume(not isinstance(event, StatusSeen) or sensible(event.status))
    once = decide(staging, event, policy, now).staging
    again = decide(once, event, policy, now)
    assert again.staging == once
    assert (again.notices, again.what) == ((), "")
    assert again.targets <= {Target.ENGINE}


def sensible(status: StagingStatus) -> bool:
    """The release that is ready serves, and who serves is shown by its own workloads."""
    ready = all(workload.state is WorkloadState.READY for workload in status.workloads)
    same = status.serving != status.release or status.serving_workloads == status.workloads
    return same and (not ready or status.serving == status.release)


@thorough
@given(kept(), policies, moments)
def test_the_clock_never_spins(staging: Staging, policy: Policy, now: datetime) -> None:
    after = decide(staging, Tick(), policy, now).staging
    assert after.wake_at is None or after.wake_at > now
    assert decide(after, Tick(), policy, now).staging == after


@thorough
@given(wanted(), policies, moments)
def test_the_clock_deletes_at_the_expiry_and_not_before(staging: Staging, policy: Policy, now: datetime) -> None:
    """At once, what nobody uses."""
    expired = staging.expires_at is not None and now >= staging.expires_at
    assert expired or decide(staging, Tick(), policy, now).staging.desired is not Desired.ABSENT
    decision = decide(replace(staging, last_used_at=None), Tick(), policy, now)
    assert (decision.staging.desired is Desired.ABSENT) == expired
    assert not expired or decision.actor == CLOCK


@thorough
@given(wanted(), events, policies, moments)
def test_only_people_and_the_clock_take_a_staging_away(
    staging: Staging, event: Event, policy: Policy, now: datetime
) -> None:
    with suppress(UserError):
        after = decide(staging, event, policy, now).staging
        assert after.desired is not Desired.ABSENT or isinstance(event, Delete | Tick)
        assert after.desired is Desired.PRESENT or isinstance(event, Delete | Tick | Sleep | Reset)


@thorough
@given(stagings(), statuses, policies, moments)
def test_ready_is_what_its_own_workloads_all_are(
    staging: Staging, status: StagingStatus, policy: Policy, now: datetime
) -> None:
    after = decide(staging, StatusSeen(status), policy, now).staging
    own = all((w.release, w.state) == (staging.attempt.id, WorkloadState.READY) for w in status.workloads)
    if after.attempt.stage in (Stage.READY, Stage.LIVE) and staging.attempt.stage is not after.attempt.stage:
        assert own and status.workloads and status.release == staging.attempt.id


def about_r1(event: Event) -> Event:
    if isinstance(event, StatusSeen):
        return replace(event, status=replace(event.status, release="r1", present=True))
    if isinstance(event, FilesReady | ImageMissing | BuildSeen | Applied | UrlAnswered | ReleaseFailed):
        return replace(event, release="r1")
    return event


@thorough
@given(reports.map(about_r1), moments)
def test_reports_about_an_older_release_leave_the_newest_alone(event: Event, now: datetime) -> None:
    """r3 is on its way; snapshots may still say something about who serves."""
    staging = updating()
    newest = replace(staging, attempt=a_release("r3", Stage.APPLIED))
    decision = decide(newest, event, POLICY, now)
    assert decision.staging.attempt == newest.attempt
    assert (decision.releases, decision.notices) == ((), ())
    if not isinstance(event, StatusSeen):
        assert decision.staging == newest


@thorough
@given(stagings(), wishes, policies)
def test_a_wish_that_is_granted_is_in_the_journal(staging: Staging, event: Event, policy: Policy) -> None:
    with suppress(UserError):
        decision = decide(staging, event, policy, NOW)
        planned: dict[str, Any] = {
            "turns_at": staging.turns_at,
            "wake_at": staging.wake_at,
            "revision": staging.revision,
        }
        same = replace(decision.staging, **planned) == staging
        assert same or (decision.what and decision.actor in ("UALICE", "UBOB"))


@thorough
@given(wanted(), policies, moments)
def test_a_warning_comes_before_its_expiry_and_once(staging: Staging, policy: Policy, now: datetime) -> None:
    first = decide(staging, Tick(), policy, now)
    warned = [notice for notice in first.notices if notice.kind is NoticeKind.EXPIRING]
    again = decide(first.staging, Tick(), policy, now + timedelta(seconds=1))
    assert not warned or (staging.expires_at and now < staging.expires_at)
    assert not warned or NoticeKind.EXPIRING not in [notice.kind for notice in again.notices]
