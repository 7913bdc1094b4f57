"""The stand-in dies at a named point; started again it has all that it acknowledged, and the bot finds its way back."""

import http.client
from collections.abc import Iterator

import pytest
import stagings_seen
from crash_kit import Playground, playground

# accepted: decided, not on disk; on-disk: kept, not answered; delivered: the bot has it, its ack is not here yet.
POINTS = ("accepted:1", "accepted:8", "on-disk:3", "delivered", "acknowledged")
QUICK = ("on-disk:7",)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    with playground(tmp_path_factory.mktemp("standin")) as play:
        yield play


@pytest.mark.parametrize("point", [*QUICK, *(pytest.param(point, marks=pytest.mark.crash) for point in POINTS)])
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
