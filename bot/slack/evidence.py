"""What is known about a breakage, in words: commits, keys, witnesses, and what an engine saw. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.domain.evidence import Author, KeyChange, Range, Says, Testimony
from bot.domain.model import is_person
from bot.domain.status import Sign
from bot.slack.blocks import code, cut, date, escape, listed, mention
from bot.slack.rest import who
from bot.slack.values import value_code

SUBJECT = 80
MOST_KEYS = 5
MOST_SIGNS = 3
LONGEST = 600
"""Characters of what a check or an engine said."""


@dataclass(frozen=True, slots=True)
class Voice:
    """How people are spoken of. `called`: how a Slack user is called, without a mention. `calls`: whoever surely did it
    is mentioned."""

    called: Callable[[str], str]
    calls: bool = False

    def author(self, author: Author) -> str:
        return mention(author.user) if self.calls and author.user else escape(cut(author.name, 80))

    def actor(self, actor: str, sure: bool) -> str:
        """Who changed a key."""
        if not is_person(actor) or (self.calls and sure):
            return who(actor)
        return escape(self.called(actor)) or "somebody"


def sentence(text: str) -> str:
    """What somebody else worded, as a sentence."""
    said = escape(cut(text.strip(), LONGEST))
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."


def commits(span: Range, by: Sequence[str] = ()) -> str:
    """`by`: as they are named."""
    names = f" by {listed(by)}" if by else ""
    if not span.changes:
        return f"what came up to {code(span.new[:7])}{names}"
    newest = span.changes[0]
    subject = f" “{escape(cut(newest.subject, SUBJECT))}”" if newest.subject else ""
    if span.count <= 1:
        return f"1 commit{names}, {code(newest.commit[:7])}{subject}"
    return f"{span.count} commits{names}, the latest {code(newest.commit[:7])}{subject}"


def keys(changes: Sequence[KeyChange], voice: Voice, sure: bool, there: str = "") -> str:
    """Each key: from what to what, and by whom. `there`: it was not changed, but is other than on that."""
    told = [_key(change, voice, sure, there) for change in changes[:MOST_KEYS]]
    more = [f"{len(changes) - MOST_KEYS} more keys"] if len(changes) > MOST_KEYS else []
    return listed([*told, *more], most=MOST_KEYS + 1)


def _key(change: KeyChange, voice: Voice, sure: bool, there: str) -> str:
    by = f" by {voice.actor(change.by, sure)}" if change.by else ""
    key = code(cut(change.key, 100))
    if change.secret:
        return f"the secret {key}, other than on {there}{by}" if there else f"a new value of the secret {key}{by}"
    if change.before is None is change.after:
        return f"{key}, other than on {there or 'others'}{by}"
    before, after = ("nothing" if one is None else value_code(one) for one in (change.before, change.after))
    return f"{key} is {after}{by}, and {before} on {there}" if there else f"{key} from {before} to {after}{by}"


def signs(seen: Sequence[Sign]) -> str:
    """The newest last, each with its time."""
    return " ".join(f"{date(sign.at, '{time}')}: {sentence(sign.text)}" for sign in seen[-MOST_SIGNS:])


Named = tuple[str, Testimony]
"""A witness as a text calls it, and what it says."""


def witnesses(heard: Sequence[Named]) -> str:
    """What they say, those who say the same together; of whom nothing is known, and why, comes last."""
    told = [one for one in heard if one[1].says is not Says.UNKNOWN or one[1].why]
    told.sort(key=lambda one: _alike(one[1]))
    return " ".join(_together([*group]) for _, group in groupby(told, key=lambda one: _alike(one[1])))


def _alike(said: Testimony) -> tuple[int, tuple[str, ...], str]:
    return list(Says).index(said.says), said.differs, said.why


def _together(group: Sequence[Named]) -> str:
    said, several = group[0][1], len(group) > 1
    names = listed([name for name, _ in group])
    subject = f"{names[0].upper()}{names[1:]}"
    match said.says:
        case Says.PASSES:
            return f"{subject} {'pass' if several else 'passes'} with {configuration(said)}."
        case Says.FAILS:
            return f"{subject} {'fail' if several else 'fails'} as well, with {configuration(said)}."
        case _:
            return f"Of {names} nothing is known: {sentence(said.why)}"


def configuration(said: Testimony) -> str:
    if not said.differs:
        return "the same configuration"
    more = [f"{len(said.differs) - MOST_KEYS} more keys"] if len(said.differs) > MOST_KEYS else []
    return f"another {listed([*(code(cut(key, 100)) for key in said.differs[:MOST_KEYS]), *more], most=MOST_KEYS + 1)}"


def testimony(name: str, said: Testimony) -> str:
    """One line: what a witness says, what it runs, and when it was asked."""
    name, commit = f"{name[0].upper()}{name[1:]}", f" {code(said.commit[:7])}" if said.commit else ""
    if said.says is Says.UNKNOWN:
        return f"• {name}{commit}: nothing is known{f', {sentence(said.why)}' if said.why else '.'}"
    text = f", {escape(cut(said.text, 200))}" if said.text and said.says is Says.FAILS else ""
    since = f" since {date(said.since)}" if said.since else ""
    asked = f" Asked {date(said.at, '{ago}')}." if said.at else ""
    where = " on a throw-away staging" if said.fresh else f" on *{escape(said.staging)}*" if said.staging else ""
    return f"• {name}{commit}: {said.says}{since}{where}, with {configuration(said)}{text}.{asked}"
