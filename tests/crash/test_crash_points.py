"""The bot dies at a named point, by kill -9, or with its playground; started again, all ends as if it never had.

So does the stand-in for Slack: it has all that it acknowledged, and the bot finds its way back.
"""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
import stagings_seen
from crash_kit import Playground, playground
from process_kit import alive, marked

# `saved` is after each transaction and before whatever follows from it: the first is the door's, before its ack.
POINTS = (
    *("request-claimed", "engine-claimed", "exported", "rendered", "applied", "probed", "removed", "engine-done"),
    *("card-sent", "progress-sent:2", "notice-sent", "reported:3", "saved", "saved:5", "saved:11"),
)
# accepted: decided, not on disk; on-disk: kept, not answered; delivered: the bot has it, its ack is not here yet.
STANDIN_POINTS = ("accepted:1", "accepted:8", "on-disk:3", "on-disk:7", "delivered", "acknowledged")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    """One for all the quick cases: each has its own branch, and what the ones before did must still be right."""
    with playground(tmp_path_factory.mktemp("crash")) as play:
        yield play


@pytest.mark.parametrize(
    ("point", "branch"), [("applied", "orange-button"), ("card-sent", "green-button"), ("notice-sent", "broken-start")]
)
def test_a_crash_at_a_named_point_leaves_no_trace(shared: Playground, point: str, branch: str) -> None:
    shared.kill_bot()
    shared.start_bot(crash_at=point)
    shared.deploy(branch, "bob", ends="failed" if branch == "broken-start" else "live")
    shared.crashed()
    shared.start_bot()
    state = shared.converged()
    seen = next(each for each in stagings_seen.stagings(state) if each.name == branch)
    told = [*seen.told(stagings_seen.LIVE), *seen.told(stagings_seen.FAILED)]
    assert [match["user"] for match in told] == ["U02BOB"]


def test_stagings_outlive_a_killed_bot_and_are_adopted(shared: Playground) -> None:
    shared.deploy("main")
    before = shared.converged()
    pids = {process.pid for process in marked(shared.data)}
    shared.kill_bot()
    assert pids and all(map(alive, pids))
    shared.start_bot()
    after = shared.converged()
    assert {process.pid for process in marked(shared.data)} == pids
    told = [[(m["ts"], m["text"]) for m in stagings_seen.visible(s, "stagings")] for s in (before, after)]
    assert told[0] == told[1]
    assert stagings_seen.visible(after, "stagings-alerts") == []


def test_ctrl_c_in_the_middle_of_a_deploy(tmp_path: Path) -> None:
    with playground(tmp_path) as play:
        play.deploy("slow-start")
        before = play.until(
            lambda state: (
                stagings_seen.order(state, "slow-start") == ["progress"] and state
                if play.phases(state) == {"slow-start": "rolling out"}
                else None
            ),
            20,
            "slow-start is on its way",
        )
        play.stop()
        play.start()
        after = play.converged()
        kept = [m["ts"] for m in stagings_seen.visible(before, "stagings")]
        assert [m["ts"] for m in stagings_seen.visible(after, "stagings")][:2] == kept
        assert stagings_seen.order(after, "slow-start") == ["progress", "live"]


@pytest.mark.crash
@pytest.mark.parametrize("point", POINTS)
def test_a_crash_at_any_point(shared: Playground, point: str) -> None:
    """One staging goes live, one fails, those of the point before are deleted; on the way the bot dies."""
    number = POINTS.index(point)
    good, bad = f"good-{number}", f"bad-{number}"
    shared.branch(good, "orange-button")
    shared.branch(bad, "broken-start")
    old = [name for name in shared.phases(shared.state()) if name.startswith(("good-", "bad-"))] or [_first(shared)]
    shared.kill_bot()
    shared.start_bot(crash_at=point)
    wishes = {f"delete {name} --now": (name, "deleted") for name in old}
    wishes |= {f"deploy {good}": (good, "live"), f"deploy {bad}": (bad, "failed")}
    for wish in wishes:
        shared.say(wish)
    shared.crashed()
    shared.start_bot()
    for wish, (branch, ends) in wishes.items():
        shared.say(wish)  # who was not answered asks again; what was taken already is not done twice
        shared.wanted[branch] = ends
    shared.converged()


def _first(play: Playground) -> str:
    """Something to delete at the first point."""
    play.branch("good-first", "main")
    play.deploy("good-first")
    play.converged()
    return "good-first"


@pytest.mark.crash
@pytest.mark.parametrize("point", STANDIN_POINTS)
def test_a_stand_in_that_dies_loses_nothing_acknowledged(shared: Playground, point: str) -> None:
    branch = "via-" + point.replace(":", "-")
    shared.branch(branch, "orange-button")
    shared.kill_standin()
    shared.start_standin(crash_at=point)
    before = _said_until_it_dies(shared, branch)
    shared.standin_died()
    shared.start_standin()
    kept = {m["ts"] for m in stagings_seen.visible(shared.state(), "stagings")}
    assert before <= kept, "what was seen is still there"
    shared.deploy(branch)  # said again by whoever got no answer
    state = shared.converged(60)
    assert sorted(stagings_seen.order(state, branch)) == ["live", "progress"]


def _said_until_it_dies(play: Playground, branch: str) -> set[str]:
    """Somebody asks, and again while the bot is not connected; the messages that anybody has seen meanwhile."""
    seen: set[str] = set()
    while True:
        try:
            state = play.state()
            seen |= {m["ts"] for m in stagings_seen.visible(state, "stagings")}
            play.say(f"deploy {branch}")
            play.state(play.state()["seq"], 0.3)
        except (OSError, http.client.HTTPException, ValueError):
            return seen
