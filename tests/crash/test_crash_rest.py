"""The bot dies while a staging falls asleep, wakes, or is reset: started again, the same comes of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stagings_seen
from crash_kit import Playground, playground
from process_kit import marked

pytestmark = pytest.mark.crash

NAME = "orange-button"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    with playground(tmp_path_factory.mktemp("rest")) as play:
        play.deploy(NAME)
        play.converged()
        yield play


def becomes(play: Playground, phase: str) -> None:
    play.until(lambda state: play.phases(state) == {NAME: phase}, 60, f"{NAME} is {phase}")


def replies(play: Playground) -> list[str]:
    (seen,) = stagings_seen.stagings(play.state())
    return [message["text"] for message in seen.replies]


def dies_at(play: Playground, point: str, wish: str) -> None:
    """And the wish is said again to the next bot, by whoever was not answered."""
    play.kill_bot()
    play.start_bot(crash_at=point)
    play.say(wish)
    play.crashed()
    play.start_bot()
    play.say(wish)


@pytest.mark.parametrize("point", ["slept", "engine-done"])
def test_a_sleep_goes_on(shared: Playground, point: str) -> None:
    before = sum("to sleep: nothing of it runs" in text for text in replies(shared))
    dies_at(shared, point, f"sleep {NAME}")
    becomes(shared, "asleep")
    shared.settled(30)
    assert not marked(shared.data) and shared.url(NAME) == 503
    assert sum("to sleep: nothing of it runs" in text for text in replies(shared)) == before + 1
    shared.say(f"wake {NAME}")
    becomes(shared, "live")


@pytest.mark.parametrize("point", ["exported", "applied", "probed"])
def test_a_wake_goes_on(shared: Playground, point: str) -> None:
    shared.say(f"sleep {NAME}")
    becomes(shared, "asleep")
    before = sum("Awake again" in text for text in replies(shared))
    dies_at(shared, point, f"wake {NAME}")
    becomes(shared, "live")
    shared.settled(30)
    assert sum("Awake again" in text for text in replies(shared)) == before + 1 and shared.url(NAME) == 200
    assert sum(" Live at " in text for text in replies(shared)) == 1


@pytest.mark.parametrize("point", ["wiped", "applied"])
def test_a_reset_goes_on(shared: Playground, point: str, tmp_path: Path) -> None:
    [data] = shared.data.rglob("volumes/*")
    (data / "kept").write_text("by nobody")
    dies_at(shared, point, f"reset {NAME} --yes")
    becomes(shared, "live")
    shared.settled(30)
    [data] = shared.data.rglob("volumes/*")
    assert not (data / "kept").exists() and shared.url(NAME) == 200
