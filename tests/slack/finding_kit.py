"""Findings for texts: sensible ones, with whatever matters said in them."""

from datetime import timedelta
from typing import Any

from builders import NOW, a_commit, a_staging

from bot.domain.evidence import Author, Change, KeyChange, Range, Says, Symptom, Testimony
from bot.domain.finding import Cause, Confidence, Finding
from bot.domain.model import Health, Phase, Staging
from bot.slack.blocks import Block
from bot.slack.findings import Around
from bot.slack.messages import Compared, Text

ALICE = Author("Alice", "alice@example.com", "U01ALICE")
BOB = Author("Bob", "bob@example.com")
LOGIN = Symptom("`/login` answers 500", NOW - timedelta(seconds=30), "login")
WEB = Symptom("web: exit code 1", NOW, workload="web", details=("Traceback", "ZeroDivisionError"))
AROUND = Around(
    "https://slack/card", Compared("main", "http://compare.localhost/s1"), NOW, {"U02BOB": "bob"}.__getitem__
)
PAYMENTS = KeyChange("PAYMENTS", "sandbox", "production", "U02BOB")


def commits(*authors: Author, count: int = 0) -> Range:
    """The newest by the first of them."""
    made = [Change(f"{number:x}" * 40, f"Change {number}", who) for number, who in enumerate(authors, start=1)]
    return Range("0" * 40, "1" * 40, tuple(made), count or len(made))


def passes(commit: int = 7, *differs: str, **more: Any) -> Testimony:
    return Testimony(Says.PASSES, a_commit(commit)[::-1], differs, NOW, **more)


def fails(commit: int = 7, **more: Any) -> Testimony:
    return Testimony(Says.FAILS, a_commit(commit)[::-1], at=NOW, text="`/login` answers 500", **more)


def unheard(why: str) -> Testimony:
    return Testimony(why=why)


def a_finding(cause: Cause = Cause.UNKNOWN, sure: bool = True, symptom: Symptom = LOGIN, **more: Any) -> Finding:
    sure = sure and cause is not Cause.UNKNOWN
    return Finding(cause, Confidence.PROVEN if sure else Confidence.GUESS, symptom, **more)


def broken(**changes: Any) -> Staging:
    checked: dict[str, Any] = {"engine_health": Health.HEALTHY, "good": 1, **changes}
    return a_staging(Phase.BROKEN, name="broken-login", branch="broken-login", **checked)


def shown(text: Text) -> str:
    """All there is to read: buttons in brackets, small print in parentheses."""
    return "\n".join(" ".join(_shown(block)) for block in text.blocks)


def _shown(block: Block) -> list[str]:
    match block["type"]:
        case "actions":
            return [f"[{(one.get('text') or one['placeholder'])['text']}]" for one in block["elements"]]
        case "context":
            return [f"({one['text']})" for one in block["elements"]]
        case _:
            return [block["text"]["text"]]
