"""Slack slows down, fails, loses answers or says nothing: the stagings don't care, and the messages follow in order."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stagings_seen
from crash_kit import Playground, playground
from process_kit import until

FAULTS: dict[str, dict[str, Any]] = {
    "slow-down": {"when": "before", "status": 429, "retry_after": 1},
    "trouble": {"when": "before", "status": 503},
    "answer-lost": {"when": "after", "status": "drop"},
    "cut": {"when": "before", "status": "drop"},
}
METHODS = (
    "auth.test",
    "apps.connections.open",
    "users.list",
    "usergroups.list",
    "usergroups.users.list",
    "conversations.list",
    "conversations.history",
    "conversations.replies",
    "chat.postMessage",
    "chat.update",
    "chat.postEphemeral",
    "response_url",
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    with playground(tmp_path_factory.mktemp("faults")) as play:
        yield play


SLOW = [pytest.param(fault, marks=pytest.mark.crash) for fault in ("slow-down", "trouble")]


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
@pytest.mark.parametrize("fault", ["answer-lost", *SLOW])
def test_a_deploy_while_slack_has_trouble(shared: Playground, method: str, fault: str) -> None:
    name = f"{fault}-{method.partition('.')[2].lower()}"
    shared.branch(name)
    shared.fault(method=method, times=2, **FAULTS[fault])
    shared.deploy(name)
    state = shared.converged()
    assert sorted(stagings_seen.order(state, name)) == ["live", "progress"]


@pytest.mark.parametrize("delay_ms", [0, pytest.param(2500, marks=pytest.mark.crash)])
def test_the_engine_does_not_wait_for_a_silent_slack(shared: Playground, delay_ms: int) -> None:
    name = f"silent-{delay_ms}"
    shared.branch(name)
    shared.fault(method="*", when="before", status="drop", delay_ms=delay_ms, times=100_000)
    shared.deploy(name)
    until(lambda: shared.url(name) == 200, 20, f"{name} answers")
    assert name not in shared.phases(shared.state())
    shared.fault(method="*", times=0)
    state = shared.converged(60)
    assert sorted(stagings_seen.order(state, name)) == ["live", "progress"]


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_nothing_from_slack_for_a_minute(tmp_path: Path) -> None:
    with playground(tmp_path) as play:
        play.fault(method="*", when="before", status="drop", times=1_000_000)
        for branch in ("main", "orange-button"):
            play.deploy(branch)
        play.deploy("broken-start", ends="failed")
        until(lambda: play.url("main") == play.url("orange-button") == 200, 30, "both answer")
        play.let_pass(60)
        assert play.phases(play.state()) == {}
        play.fault(method="*", times=0)
        play.converged(150)


@pytest.mark.crash
@pytest.mark.timeout(240)
@pytest.mark.parametrize("fault", ["answer-lost", "trouble"])
def test_faults_of_every_method_at_once(tmp_path: Path, fault: str) -> None:
    """Each fails twice; also during the bot's start, when it asks most of them. One by one: test_fault_matrix."""
    with playground(tmp_path) as play:
        play.kill_bot()
        for method in METHODS:
            play.fault(method=method, times=2, **FAULTS[fault])
        play.start_bot()
        play.deploy("orange-button")
        play.deploy("broken-start", "bob", ends="failed")
        play.converged(120)
