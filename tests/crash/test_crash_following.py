"""The bot dies between looking at the branches and saving what follows: started again it follows, and nothing twice."""

from collections.abc import Iterator

import pytest
import stagings_seen
from crash_kit import Playground, playground

pytestmark = pytest.mark.crash

NAME = "orange-button"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    with playground(tmp_path_factory.mktemp("following"), baseline=True) as play:
        play.wanted["main"] = "live"
        play.deploy(NAME)
        play.converged()
        yield play


def told(play: Playground, name: str, words: str) -> int:
    seen = next(each for each in stagings_seen.stagings(play.state()) if each.name == name)
    return sum(words in message["text"] for message in seen.replies)


def in_git(play: Playground, text: str) -> None:
    assert play.post("command", user="bob", channel="stagings", text=f"/playground {text}")["ok"]


@pytest.mark.parametrize("point", ["looked", "followed", "followed:2"])
def test_pushes_are_followed_once(shared: Playground, point: str) -> None:
    """Nobody heard of them: they are seen by the first look."""
    updates = {name: told(shared, name, "new commit") for name in ("main", NAME)}
    shared.kill_bot()
    for name in updates:
        in_git(shared, f"push {name}")
    shared.start_bot(crash_at=point)
    shared.crashed()
    shared.start_bot()
    wanted = {name: before + 1 for name, before in updates.items()}
    shared.until(lambda _: {name: told(shared, name, "new commit") for name in wanted} == wanted, 30, "both are told")
    shared.converged()
    assert {name: told(shared, name, "new commit") for name in wanted} == wanted


def test_the_end_of_a_branch_is_told_once(shared: Playground) -> None:
    shared.kill_bot()
    shared.start_bot(crash_at="followed")
    in_git(shared, f"drop {NAME}")
    shared.crashed()
    shared.start_bot()
    shared.until(lambda _: told(shared, NAME, "was deleted"), 30, "it is told")
    shared.converged()
    assert told(shared, NAME, "was deleted") == 1
