"""What `why` and `what-happened` answer, word by word (`tests/data/why.txt`)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import EARLIER, NOW, a_release, a_staging, seconds
from finding_kit import ALICE, AROUND, LOGIN, WEB, a_finding, broken, commits, passes, shown, unheard

from bot.domain.checks import Stand
from bot.domain.finding import Cause, Offer
from bot.domain.model import CLOCK, PUSH, Health, Phase, Stage, Staging, WorkloadProgress
from bot.domain.story import Line
from bot.playground.blocks import check_blocks
from bot.slack import story, why
from bot.slack.messages import Text

GOLDEN = Path(__file__).parents[1] / "data" / "why.txt"
CHECKS = ["login", "shelf"]
ILL = Stand("login", False, "`/login` answers 500", LOGIN.since)
WELL = Stand("shelf", True, "`/shelf` answers 200", EARLIER)
FOUND = a_finding(
    Cause.CODE, feature="broken-login", commits=commits(ALICE), people=(ALICE,), base=passes(7, fresh=True),
    main=passes(8, staging="main"), offers=(Offer.ROLLBACK,),
)  # fmt: skip


def ill(**changes: Any) -> Staging:
    facts: dict[str, Any] = {"checks": (ILL, WELL), "unhealthy_since": LOGIN.since, "alerted_at": NOW, "finding": FOUND}
    return replace(broken(), **{"health": Health.DEGRADED, "breaks": 1, **facts, **changes})


def ans(staging: Staging, checks: Sequence[str] = CHECKS) -> Text:
    return why.answer(staging, AROUND, checks)


def whys() -> dict[str, Text]:
    live, failing = a_staging(), a_staging(Phase.FAILED)
    half = WorkloadProgress("web", 0, 2, "web: exit code 1")
    rolling = a_staging(Phase.ROLLING_OUT, attempt=replace(a_release(stage=Stage.APPLIED), workloads=(half,)))
    steps = a_finding(main=unheard("main does not run"), symptom=WEB, offers=(Offer.CHECK_BASE,))
    return {
        "broken": ans(ill()),
        "broken, and being found out": ans(ill(finding=None, alerted_at=None)),
        "broken, nobody knows why": ans(
            ill(finding=steps, checks=(), engine_health=Health.DOWN, engine_reason=WEB.text)
        ),
        "broken and muted": ans(ill(alerted_at=None, mutes={"login": NOW + seconds(3600)})),
        "broken like main": ans(ill(alerted_at=None, finding=a_finding(Cause.BASELINE, main=passes(since=NOW)))),
        "it comes and goes": ans(ill(breaks=3)),
        "well": ans(replace(live, checks=(replace(ILL, ok=True), WELL))),
        "well, and one check is not decided yet": ans(replace(live, checks=(WELL,))),
        "well again": ans(replace(ill(), broken_since=None, unhealthy_since=None, checks=(WELL,))),
        "well, without health checks": ans(live, []),
        "well and muted": ans(replace(live, checks=(WELL,), mutes={"": NOW + seconds(3600)})),
        "something is wrong": ans(replace(live, unhealthy_since=NOW, health_reason="login: `/login` answers 500")),
        "failed": ans(failing),
        "waiting": ans(a_staging(Phase.WAITING)),
        "rolling out": ans(rolling),
        "asleep": ans(a_staging(Phase.ASLEEP)),
        "waking up": ans(a_staging(Phase.WAKING)),
        "resetting": ans(a_staging(Phase.RESETTING)),
        "deleting": ans(a_staging(Phase.DELETING)),
    }


def at(minute: float, what: str, why: str = "", actor: str = "UALICE") -> Line:
    return Line(EARLIER + timedelta(minutes=minute), actor, what, why)


LINES = [
    at(0, "create", f"orange-button at {'1' * 40}"),
    at(1, "live", "release 1"),
    at(2, "deploy", f"release 2: orange-button at {'2' * 40}", PUSH),
    at(2.5, "deploy", f"release 3: orange-button at {'3' * 40}", PUSH),
    at(4, "configure", f"release 4: orange-button at {'3' * 40}: PAYMENTS=production", "UBOB"),
    at(5, "broken", "login: `/login` answers 500", CLOCK),
    at(5.1, "found", "its configuration: PAYMENTS", CLOCK),
    at(9, "rollback", f"release 5: as release 3, orange-button at {'3' * 40}"),
    at(10, "live", "release 5"),
    at(11, "extend", "until 2026-05-07T12:00:00+00:00"),
    at(12, "extend", "until 2026-05-08T12:00:00+00:00"),
    at(20, "broken", "web: exit code 1", CLOCK),
    at(21, "recovered", "", CLOCK),
    at(21.5, "try", "the merge base 1a2b3c4, on a throw-away staging", "UBOB"),
    at(21.8, "tried", "the merge base 1a2b3c4: `/login` answers 200", CLOCK),
    at(22, "mute", "login until 2026-05-04T13:00:00+00:00", "UBOB"),
    at(30, "branch ended", "its branch was merged by bob", PUSH),
    at(40, "odd", "whatever <!channel> it is", CLOCK),
]


def stories() -> dict[str, Text]:
    ends = {1: Stage.LIVE, 2: Stage.SUPERSEDED, 3: Stage.FAILED, 4: Stage.LIVE, 5: Stage.LIVE}
    made = [replace(a_release(f"r{n}", stage), reason="It was overtaken.") for n, stage in ends.items()]
    made = [replace(one, ended_at=EARLIER + seconds(12), copy_of=3 if one.number == 5 else None) for one in made]
    day, staging = timedelta(days=1), a_staging()
    gone = a_staging(Phase.DELETED)
    return {
        "what happened": story.answer(staging, LINES, made, day, None, AROUND.card_link),
        "nothing happened": story.answer(staging, [], made, day, LINES[-2], None),
        "nothing ever happened": story.answer(staging, [], made, day, None, None),
        "of one that is deleted": story.answer(gone, [at(9, "deleted", "it expired", CLOCK)], made, day, None, None),
    }


def everything() -> dict[str, Text]:
    return whys() | stories()


def golden() -> dict[str, str]:
    """By name: what is said."""
    told = (part.split("\n", 1) for part in GOLDEN.read_text().split("== ")[1:])
    return {name: said.strip() for name, said in told}


def test_each_answer_says_how_it_is_and_why() -> None:
    assert {name: shown(text) for name, text in everything().items()} == golden()


def test_nobody_is_called_by_an_answer() -> None:
    """But who did what to a staging is told with a mention, as in `info`: only who asks sees it."""
    assert not [name for name, text in whys().items() if "<@U01ALICE>" in shown(text)]


def test_what_is_too_long_says_so() -> None:
    many = [at(number, f"thing {number}") for number in range(70)]
    said = story.answer(a_staging(), many, [], timedelta(days=3), None, None)
    assert "… 10 earlier things are left out" in shown(said) and "in the last 3 days" in shown(said)
    assert "thing 9." not in shown(said) and "thing 69." in shown(said)


@pytest.mark.parametrize("name", everything())
def test_slack_takes_it(name: str) -> None:
    assert check_blocks(everything()[name].blocks) == []
