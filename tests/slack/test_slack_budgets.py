"""Slack's limits: as fast as it takes it, and after a refusal at the documented pace."""

import pytest

from bot.slack.budgets import PACED_FOR, PACES, POST, UPDATE, Budgets

SLOT = f"{POST} stagings"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_waits_until_slack_refuses(clock: Clock) -> None:
    budgets = Budgets(clock)
    for _ in range(100):
        assert budgets.wait(SLOT) == 0
        budgets.used(SLOT)


def test_a_refused_slot_waits_as_long_as_slack_says_and_no_other_does(clock: Clock) -> None:
    budgets = Budgets(clock)
    budgets.refused(SLOT, 30)
    assert budgets.wait(SLOT) == 30 and budgets.wait(f"{POST} general") == 0 and budgets.wait(UPDATE) == 0
    clock.now += 29
    assert budgets.wait(SLOT) == 1
    clock.now += 5
    assert budgets.wait(SLOT) == 0


@pytest.mark.parametrize("slot", [SLOT, UPDATE, "conversations.history"])
def test_then_it_keeps_to_the_pace_for_a_while(clock: Clock, slot: str) -> None:
    budgets, pace = Budgets(clock), PACES.get(slot.split(" ")[0], 1.0)
    budgets.refused(slot, 10)
    clock.now += 10
    budgets.used(slot)
    assert budgets.wait(slot) == pytest.approx(pace)
    clock.now += PACED_FOR
    budgets.used(slot)
    assert budgets.wait(slot) == 0


def test_a_shorter_wish_does_not_undo_a_longer_one(clock: Clock) -> None:
    budgets = Budgets(clock)
    budgets.refused(SLOT, 60)
    budgets.refused(SLOT, 1)
    assert budgets.wait(SLOT) == 60


def test_the_pace_keeps_within_what_slack_documents() -> None:
    assert PACES[POST] >= 1.0 and 60 / PACES[UPDATE] <= 50
