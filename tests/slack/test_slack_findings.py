"""What alerts say, word by word (`tests/data/findings.txt`): what happened, why, and what can be done next."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from builders import NOW, a_staging
from finding_kit import (
    ALICE,
    AROUND,
    BOB,
    LOGIN,
    PAYMENTS,
    WEB,
    a_finding,
    broken,
    commits,
    fails,
    passes,
    shown,
    unheard,
)

from bot.domain.events import NoticeKind, Where
from bot.domain.evidence import Author, KeyChange
from bot.domain.finding import Cause, Confidence, Finding, Offer
from bot.domain.masking import masked_finding
from bot.domain.model import Phase, Staging
from bot.domain.project import Key, Manifests, Project
from bot.domain.status import Sign, SignKind
from bot.playground.blocks import check_blocks
from bot.slack import alerts, notices
from bot.slack.messages import Text

GOLDEN = Path(__file__).parents[1] / "data" / "findings.txt"
MINE: dict[str, Any] = {"feature": "broken-login"}
KILLED = Sign(SignKind.OUT_OF_MEMORY, "web", NOW, "128Mi", "web used more than its 128Mi and was ended")
ENDED = Sign(SignKind.RESTARTED, "web", NOW, "", "web ended with exit code 3 and was started again")
SICK = Sign(SignKind.NODE, "web", NOW, "worker-2", "the node worker-2 is not ready")
REFUSED = unheard("main does not run")
ALERTS: dict[str, Finding] = {
    "the login story": a_finding(
        Cause.CODE, **MINE, commits=commits(ALICE, ALICE), people=(ALICE,), base=passes(7), main=passes(8),
        offers=(Offer.ROLLBACK,),
    ),
    "main still runs the merge base, and the author is unknown to Slack": a_finding(
        Cause.CODE, **MINE, commits=commits(BOB), people=(BOB,), base=passes(), main=passes()
    ),
    "since its own last release, and another check fails, too": a_finding(
        Cause.CODE, symptom=replace(LOGIN, also=("shelf",)), **MINE, commits=commits(ALICE, BOB, ALICE),
        people=(ALICE, BOB), passed_before=3, main=passes(8), offers=(Offer.ROLLBACK, Offer.FRESH_DATA),
    ),
    "many commits by many": a_finding(
        Cause.CODE, **MINE, commits=commits(ALICE, BOB, Author("Cleo"), Author("Dan"), Author("Eve"), count=70),
        people=(ALICE, BOB, Author("Cleo"), Author("Dan"), Author("Eve")), base=passes(),
    ),
    "another feature is part of the branch": a_finding(
        Cause.CODE, feature="new-cart", commits=commits(BOB), people=(BOB,), base=passes(7), main=passes(8)
    ),
    "it may be the code": a_finding(
        Cause.CODE, sure=False, **MINE, commits=commits(ALICE), people=(ALICE,), main=passes(8, "PAYMENTS"),
        base=unheard("nothing runs this commit"), offers=(Offer.CHECK_BASE,),
    ),
    "one of several features": a_finding(
        Cause.CODE, sure=False, suspects=("broken-login", "new-cart"), commits=commits(ALICE, BOB), main=passes(8)
    ),
    "code or configuration": a_finding(main=passes(8, "PAYMENTS"), commits=commits(ALICE), changes=(PAYMENTS,)),
    "a key is other than on main": a_finding(
        Cause.CONFIGURATION, main=passes(8, "PAYMENTS"), changes=(PAYMENTS,), offers=(Offer.REVERT_KEY,)
    ),
    "keys may be other than on main": a_finding(
        Cause.CONFIGURATION, sure=False, main=passes(8, "TOKEN", "web.tag"),
        changes=(KeyChange("TOKEN", None, None, "U02BOB", secret=True), KeyChange("web.tag", None, None, "")),
    ),
    "a key was changed": a_finding(
        Cause.CONFIGURATION, changes=(PAYMENTS,), passed_before=2, main=passes(8), offers=(Offer.REVERT_KEY,)
    ),
    "several keys may have done it": a_finding(
        Cause.CONFIGURATION, sure=False, passed_before=2, offers=(Offer.REVERT_KEY, Offer.ROLLBACK),
        changes=(
            PAYMENTS, KeyChange("TOKEN", None, None, "U02BOB", secret=True), KeyChange("web.tag", None, "2", "push",
            level="values"), KeyChange("RETRIES", "5", None, ""),
        ),
    ),
    "its data": a_finding(Cause.DATA, same_commit=passes(5, fresh=True), offers=(Offer.ROLLBACK,)),
    "it may be its data": a_finding(Cause.DATA, sure=False, offers=(Offer.FRESH_DATA,)),
    "a restart": a_finding(Cause.RESTART, sure=False, signs=(ENDED,)),
    "memory": a_finding(Cause.MEMORY, symptom=WEB, signs=(KILLED,)),
    "a node": a_finding(Cause.NODE, symptom=WEB, signs=(SICK,)),
    "something shared": a_finding(Cause.SHARED, shared="address payments.example.com:443", others=("a", "b")),
    "main has it, too": a_finding(Cause.BASELINE, base=fails(7), main=fails(8, since=NOW)),
    "the merge base has it, too": a_finding(Cause.BASELINE, sure=False, base=fails(7), main=unheard("main is asleep")),
    "the branch is old": a_finding(Cause.BEHIND, sure=False, main=passes(8), behind=1),
    "main is well again": a_finding(
        Cause.BEHIND, base=fails(7), main=passes(8), healed="abc1234" + "0" * 33, behind=12
    ),
    "nobody knows, and the merge base can be asked": a_finding(
        main=passes(8), base=unheard("nothing runs this commit"), offers=(Offer.CHECK_BASE, Offer.FRESH_DATA)
    ),
    "nobody knows of workloads": a_finding(symptom=WEB, main=REFUSED, base=REFUSED),
    "nobody knows at all": a_finding(),
}  # fmt: skip


def told(where: Where, finding: Finding, kind: NoticeKind = NoticeKind.BROKEN, **facts: Any) -> Text:
    return notices.notice(kind, where, {"health": "degraded", "finding": finding, **facts}, broken(), AROUND)


def a_main() -> Staging:
    return a_staging(Phase.BROKEN, name="main", branch="main")


ON_MAIN = replace(AROUND, compared=None)


def main_facts() -> dict[str, Any]:
    whose: dict[str, Any] = {"feature": "main", "commits": commits(ALICE), "people": (ALICE,), "passed_before": 3}
    return {"health": "degraded", "finding": a_finding(Cause.CODE, **whose, others=("new-cart", "old-cart"))}


def incident(well: bool = False, over: str | None = None) -> dict[str, Any]:
    ill = {"text": "login: payments.example.com refuses connections", "since": NOW.isoformat()}
    members = [{"name": "a", **ill, "well": well}, {"name": "b", **ill, "well": False, "link": "https://slack/b"}]
    since = (NOW - timedelta(minutes=9)).isoformat()
    return {"shared": "address payments.example.com:443", "since": since, "over": over, "members": members}


def others() -> dict[str, Text]:
    story, over = (
        ALERTS["the login story"],
        {"seconds": 240, "since": NOW.isoformat(), "reason": "login: it answers 500"},
    )
    first = (NOW - timedelta(minutes=9)).isoformat()
    recovered = NoticeKind.RECOVERED
    return {
        "it comes and goes": told(Where.ALERT_EDIT, story, breaks=3, first=first),
        "main breaks": notices.notice(NoticeKind.BROKEN, Where.ALERTS, main_facts(), a_main(), ON_MAIN),
        "several together": alerts.incident(incident()),
        "several together, and one is well again": alerts.incident(incident(well=True)),
        "several together, and it is over": alerts.incident(incident(over=NOW.isoformat())),
        "the reply when it is over": alerts.incident_over(incident(over=NOW.isoformat())),
        "its own thread, and nothing is certain": told(Where.THREAD, ALERTS["the merge base has it, too"]),
        "what was found out later": told(Where.ALERT_THREAD, ALERTS["the login story"]),
        "its own thread": told(Where.THREAD, ALERTS["main has it, too"]),
        "well again": told(Where.ALERT_EDIT, story, recovered, **over),
        "well again after it came and went": told(Where.ALERT_EDIT, story, recovered, **over, breaks=3),
        "the reply": told(Where.ALERT_THREAD, story, recovered, **over),
        "the reply after it came and went": told(Where.ALERT_THREAD, story, recovered, **over, breaks=3),
    }


def everything() -> dict[str, Text]:
    return {name: told(Where.ALERTS, finding) for name, finding in ALERTS.items()} | others()


def golden() -> dict[str, str]:
    """By name: what is said."""
    told = (part.split("\n", 1) for part in GOLDEN.read_text().split("== ")[1:])
    return {name: said.strip() for name, said in told}


def test_alerts_say_what_happened_why_and_what_can_be_done() -> None:
    assert {name: shown(text) for name, text in everything().items()} == golden()


def test_who_did_it_is_named_only_if_it_is_proven() -> None:
    for name, finding in ALERTS.items():
        guessed = replace(finding, confidence=Confidence.GUESS, people=(ALICE, BOB))
        said = shown(told(Where.ALERTS, guessed))
        assert "<@" not in said and "Alice" not in said and "Bob" not in said, name
        over = told(Where.ALERT_EDIT, finding, NoticeKind.RECOVERED, seconds=9, since=None, reason="")
        assert "<@" not in shown(over), "what is over calls nobody"


@pytest.mark.parametrize("name", ALERTS)
def test_slack_takes_it(name: str) -> None:
    assert check_blocks(told(Where.ALERTS, ALERTS[name]).blocks) == []


def test_an_older_bot_told_of_no_finding() -> None:
    facts = {"health": "down", "reason": "web: exit code 1", "details": ["Traceback"], "owner": "U01ALICE"}
    said = shown(notices.notice(NoticeKind.BROKEN, Where.ALERTS, {**facts, "since": None}, broken(), AROUND))
    assert "is broken (down): web: exit code 1." in said and "```Traceback```" in said and "not known" in said


def test_a_changed_key_that_became_secret_is_not_told() -> None:
    secret = Project("shop", "r", Manifests(PurePosixPath("d")), "c", "a", keys={"PAYMENTS": Key(secret=True)})
    hidden = masked_finding(ALERTS["a key was changed"], secret)
    said = shown(told(Where.ALERTS, hidden))
    assert "a new value of the secret `PAYMENTS`" in said and "production" not in said
