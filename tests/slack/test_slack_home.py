"""The App Home as Slack takes it: any number of stagings, in any phase, with anything written in them."""

from dataclasses import replace

import pytest
from builders import a_staging

from bot.domain.model import Phase, Staging
from bot.playground.blocks import check_view, too_large
from bot.slack.home import MOST, View, home


def stagings(count: int, owner: str, phase: Phase = Phase.LIVE) -> list[tuple[Staging, str | None]]:
    made = (a_staging(phase, id=f"s{owner}{n}", name=f"{owner.lower()}-{n}", owner=owner) for n in range(count))
    return [(staging, f"https://octo.slack.com/archives/C1/p{n}") for n, staging in enumerate(made)]


def texts(view: View) -> str:
    return "\n".join(str(block.get("text") or block.get("elements")) for block in view["blocks"])


@pytest.mark.parametrize(("mine", "others"), [(0, 0), (1, 0), (0, 1), (3, 60), (46, 1), (100, 100)])
def test_any_number_fits_and_none_is_left_out_in_silence(mine: int, others: int) -> None:
    view = home("UALICE", [*stagings(mine, "UALICE"), *stagings(others, "UBOB")])
    assert check_view(view) == [] and not too_large(view)
    shown = sum(block["type"] == "actions" for block in view["blocks"])
    assert shown == min(MOST, mine + others)
    left_out = mine + others - shown
    assert (f"… {left_out} more." in texts(view)) == (left_out > 0)


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_fits(phase: Phase) -> None:
    [(staging, at)] = stagings(1, "UALICE", phase)
    hostile = replace(staging, branch="<!channel>" * 30, health_reason="<@U1> `" * 900)
    hostile = replace(hostile, attempt=replace(hostile.attempt, branch="<!channel>" * 30, reason="<!here> " * 900))
    view = home("UALICE", [(hostile, at)])
    assert check_view(view) == [] and phase.value in texts(view)
    assert "<!channel" not in texts(view) and "<!here" not in texts(view) and "<@U1>" not in texts(view)


def test_what_does_not_answer_is_no_link() -> None:
    [(staging, at)] = stagings(1, "UALICE", Phase.ROLLING_OUT)
    assert "localhost" not in texts(home("UALICE", [(staging, at)]))
