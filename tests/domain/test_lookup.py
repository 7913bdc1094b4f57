"""Which staging is meant by what people type."""

import pytest
from builders import a_release, a_staging

from bot.domain.errors import UserError
from bot.domain.lookup import Ambiguous, find
from bot.domain.model import Staging


def named(name: str, branch: str, commit: str = "0" * 40) -> Staging:
    return a_staging(id=name, name=name, branch=branch, attempt=a_release(branch=branch, commit=commit))


PAY = named("feature-pay-12-x", "feature/PAY-12_X", "1a2b3c4d5e" + "0" * 30)
PAYMENTS = named("payments", "fix/payments")
ORANGE = named("orange-button", "orange-button", "1a2b3c4fff" + "0" * 30)
ODD = named("orange", "something/else")
ALL = [PAY, PAYMENTS, ORANGE, ODD]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("orange", ODD),  # the exact name, though it is a part of another one
        ("orange-button", ORANGE),
        ("Orange-Button", ORANGE),
        ("feature/PAY-12_X", PAY),
        ("FEATURE/pay-12_x", PAY),
        ("pay-12", PAY),
        ("PAY-12_", PAY),
        ("fix/", PAYMENTS),
        ("ments", PAYMENTS),
        ("else", ODD),
        ("1a2b3c4d", PAY),
        ("1A2B3C4F", ORANGE),
        ("1a2b3c4fff" + "0" * 30, ORANGE),
    ],
)
def test_one_is_meant(text: str, meant: Staging) -> None:
    assert find(ALL, text) is meant


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("pay", [PAY, PAYMENTS]),
        ("button", [named("b", "button-2"), ORANGE]),
        ("1a2b3c4", [PAY, ORANGE]),
    ],
)
def test_several_may_be_meant_and_come_by_name(text: str, candidates: list[Staging]) -> None:
    with pytest.raises(Ambiguous) as several:
        find(candidates[::-1], text)
    assert several.value.candidates == tuple(candidates)
    assert several.value.text == f"`{text}` could be one of 2 stagings. Which one?"
    assert several.value.suggestions == tuple(staging.name for staging in candidates)


def test_a_name_that_looks_like_a_commit_is_a_name() -> None:
    beef = named("deadbeef", "deadbeef")
    assert find([named("x", "x", "deadbeef" + "0" * 32), beef], "deadbeef") is beef


def test_less_than_seven_digits_are_no_commit() -> None:
    with pytest.raises(UserError, match="no staging called `1a2b3c`"):
        find(ALL, "1a2b3c")


def test_one_name_in_two_projects_is_asked_about() -> None:
    twins = [a_staging(id="a", project="shop"), a_staging(id="b", project="docs")]
    with pytest.raises(Ambiguous):
        find(twins, "orange-button")


def test_a_typo_gets_a_suggestion() -> None:
    with pytest.raises(UserError) as unknown:
        find(ALL, "Ornage-button")
    assert unknown.value.text == "There is no staging called `Ornage-button`. `/octopod list` shows all."
    assert unknown.value.suggestions[0] == "orange-button"


def test_without_any_staging_the_way_to_one_is_told() -> None:
    with pytest.raises(UserError) as none:
        find([], "x")
    assert none.value.text == "There is no staging yet. `/octopod deploy BRANCH` makes one."


def test_the_channels_own_project_comes_first_where_several_fit() -> None:
    shop, kiosk = (a_staging(id=project, name="main", branch="main", project=project) for project in ("shop", "kiosk"))
    assert find([shop, kiosk], "main", ["kiosk"]) == kiosk
    assert find([shop, ORANGE], "main", ["kiosk"]) == shop
    with pytest.raises(Ambiguous):
        find([shop, kiosk], "main")
