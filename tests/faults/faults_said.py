"""What people were told about a breakage, read from the messages as they stand in Slack; and whether that is right."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from faults_world import Read

# The words by which a cause is told, as a fact or as a guess.
FACTS = (
    ("code", "Only this feature differs: "),
    ("code", "Only the code has changed since: "),
    ("code", "It came with commits of "),
    ("code", "It is one of `"),
    ("configuration", "It is its configuration: "),
    ("data", "It is what it has stored"),
    ("restart", "Its processes ended and were started again, and that did it"),
    ("memory", "It ran out of memory"),
    ("node", "Where it runs is not well"),
    ("shared", "It is something that it shares with others"),
    ("shared", " stagings broke together"),
    ("baseline", "It is not the branch: "),
    ("baseline", "Not your branch: "),
    ("behind", "It is not what this branch changes"),
)
GUESSES = (
    ("code", "it came with the code since: "),
    ("code", "it is the code of this feature: "),
    ("code", "it came with commits of "),
    ("code", "it is one of `"),
    ("configuration", "its configuration: "),
    ("data", "what it has stored."),
    ("restart", "its processes ended and were started again, and that did it"),
    ("memory", "it ran out of memory"),
    ("node", "where it runs is not well"),
    ("shared", "it is something that it shares with others"),
    ("baseline", "it is not the branch: "),
    ("behind", "it is not what this branch changes"),
)
GUESS, UNKNOWN = (
    re.compile(r"\*A guess[^*]*\* ?(.*)", re.DOTALL),
    re.compile("What did it is not known|which of both is not known"),
)
MENTION, BY = re.compile(r"<@(\w+)>"), re.compile(r"\d+ commits? by (.+?)(?=, the latest|, `)")
OTHER = re.compile(r"[Ii]t came with commits of `([^`]+)`")
KEY = re.compile(r"(?:of the secret )?`([A-Z_]+)`(?= from|, which| by| is)")


@dataclass(frozen=True, slots=True)
class Said:
    """`feature`: a branch that is said to have done it. `people`: Slack ids, or names of who is not in Slack."""

    cause: str
    sure: bool
    feature: str = ""
    people: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Truth:
    """What was done to a staging. `kind`: a row of the matrix.

    `causes`: what may rightly be said. `decided`: whether whoever sees all that can be seen has to come to it.
    `feature`: whose commits they were. `people`: who wrote some of them, and `culprit` the one that does harm.
    `keys`: what was changed, and `key` the one that does harm.
    """

    kind: str
    staging: str
    causes: Collection[str]
    decided: bool = True
    feature: str = ""
    people: Collection[str] = ()
    culprit: str = ""
    keys: Collection[str] = ()
    key: str = ""
    shared: str = ""


class Verdict(StrEnum):
    """NAMED: said as a fact, and right in all that was said. GUESSED: right, and called a guess. UNKNOWN: it was said
    that it is not known. MISLED: a wrong guess, called one. WRONG: something untrue as a fact, or a wrong name.
    SILENT: nothing was said."""

    NAMED = "named"
    GUESSED = "guessed"
    UNKNOWN = "unknown"
    MISLED = "misled"
    WRONG = "wrong"
    SILENT = "silent"


def said(read: Read, staging: str) -> list[Said]:
    """All that was said about it. The last is what counts: an alert more than a reply to its card, and an incident more
    than an alert."""
    told = [*read.threads[staging], *read.alert(staging), *_incidents(read, staging)]
    return [one for text in told if (one := _understood(text, staging))]


def _incidents(read: Read, staging: str) -> Iterator[str]:
    names = re.compile(rf"[*|]{re.escape(staging)}[*>]")
    for versions in read.alerts.values():
        yield from (text for text in versions if "broke together" in text and names.search(text))


def _understood(text: str, staging: str) -> Said | None:
    if "has recovered" in text or "🟢 Over" in text:
        return None
    if UNKNOWN.search(text):
        return Said("unknown", False, people=frozenset(MENTION.findall(text)), text=text)
    guess = GUESS.search(text)
    words, causes = (guess[1], GUESSES) if guess else (text, FACTS)
    cause = next((cause for cause, said in causes if said in words), "")
    if not cause:
        return None
    people = {*MENTION.findall(text), *(name for by in BY.findall(text) for name in _names(by))}
    own = staging if cause == "code" and not guess and "It is one of" not in words else ""
    feature = (OTHER.findall(words) or [own])[0]
    keys = frozenset(KEY.findall(words)) if cause == "configuration" else frozenset()
    return Said(cause, not guess, feature, frozenset(people), keys, text)


def _names(by: str) -> list[str]:
    return [name for name in re.split(r", | and ", by) if not MENTION.fullmatch(name)]


def judged(truth: Truth, said: Sequence[Said]) -> Verdict:
    """Nothing wrong may ever have been said, even if it was taken back."""
    if not said:
        return Verdict.SILENT
    return Verdict.WRONG if any(_wrong(truth, one) for one in said) else _last(truth, said[-1])


def _last(truth: Truth, last: Said) -> Verdict:
    if last.cause == "unknown":
        return Verdict.UNKNOWN
    if last.cause not in truth.causes:
        return Verdict.MISLED
    return Verdict.NAMED if last.sure and _whole(truth, last) else Verdict.GUESSED


def _wrong(truth: Truth, one: Said) -> bool:
    if one.sure and one.cause not in truth.causes:
        return True
    if one.feature and one.feature != truth.feature:
        return True
    return not (one.people <= {*truth.people}) or (one.sure and not one.keys <= {*truth.keys})


def _whole(truth: Truth, last: Said) -> bool:
    """Whoever and whatever did harm is among what was named."""
    match last.cause:
        case "code":
            return truth.culprit in last.people
        case "configuration":
            return truth.key in last.keys
        case "shared":
            return truth.shared in last.text
        case _:
            return True


COLUMNS = [*Verdict]


def matrix(judgements: Sequence[tuple[Truth, Verdict]]) -> str:
    """By kind, how often which verdict."""
    kinds = list(dict.fromkeys(truth.kind for truth, _ in judgements))
    lines = [f"{'':<42}" + "".join(f"{column:>9}" for column in COLUMNS)]
    for decided in (True, False):
        lines.append("the facts decide" if decided else "two things at once")
        for kind in kinds:
            row = [verdict for truth, verdict in judgements if truth.kind == kind and truth.decided is decided]
            if row:
                lines.append(f"  {kind:<40}" + "".join(f"{row.count(column) or '·':>9}" for column in COLUMNS))
    return "\n".join(lines)
