"""The table of everything that can be typed: per command its word, its synonyms and what it may be told."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain import commands
from bot.domain.commands import Command
from bot.domain.configuration import typed_value, written_value
from bot.domain.durations import is_duration, parse_duration, typed_duration
from bot.domain.naming import is_ours, staging_name, valid_name
from bot.domain.pulls import is_named, named

MOST_LINES = 500

# Said to be on its way rather than unknown, so that nobody looks for a typing mistake.
_NOT_YET = {
    *("hold", "unhold", "follow", "unfollow"),
    *("exec", "checks", "sign-off", "approve", "reject"),
}
NOT_YET_OPTIONS = {"--image", "--commit", "--ttl"}
# Words that are no commands, but people try them.
_MEANT = {
    "set": "config STAGING --set KEY=VALUE",
    "unset": "config STAGING --unset KEY",
    "env": "config STAGING --env KEY=VALUE",
    "profile": "config STAGING --profile PROFILE",
    "profiles": "config STAGING --profile PROFILE",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing that a command may be told: the command's field, and how it is typed.

    `place`: it has a position among the words. `intro`: words that announce it, the usual one first. `shape`: a last
    word that looks so is meant for it. Without a `label` it is a flag. `read` raises ValueError ("must be …").
    `many`: it may be said again. `literal`: reads `KEY="VALUE"`, of which the value was quoted.
    """

    field: str
    label: str = ""
    place: bool = False
    intro: tuple[str, ...] = ()
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    shape: Callable[[str], bool] | None = None
    many: bool = False
    literal: Callable[[str], Any] | None = None

    @property
    def syntax(self) -> str:
        shown = self.label if self.place else " ".join(filter(None, (self.intro[0], self.label)))
        return f"[{shown}]{'…' if self.many else ''}"


@dataclass(frozen=True, slots=True)
class Verb:
    make: Callable[..., Command]
    word: str
    synonyms: tuple[str, ...]
    slots: tuple[Slot, ...]
    meaning: str
    example: str

    @property
    def syntax(self) -> str:
        return " ".join((self.word, *(slot.syntax for slot in self.slots)))

    @property
    def intros(self) -> Mapping[str, Slot]:
        return {intro: slot for slot in self.slots for intro in slot.intro}


def _name(text: str) -> str:
    if valid_name(text):
        return text
    if is_ours(text):
        raise ValueError(f"is kept for Octopod itself: choose another, such as `{staging_name(text)}`")
    raise ValueError(f"must be at most 40 letters a–z, digits and dashes, such as `{staging_name(text)}`")


def _lines(text: str) -> int:
    if re.fullmatch("[0-9]{1,4}", text) and 1 <= int(text) <= MOST_LINES:
        return int(text)
    raise ValueError(f"must be a number from 1 to {MOST_LINES}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if equals and key:
        return key, value
    raise ValueError("must have a key, `=` and a value")


def _typed_pair(text: str) -> tuple[str, Any]:
    key, value = _pair(text)
    return key, typed_value(value)


def _written_pair(pair: tuple[str, Any]) -> str:
    return f"{pair[0]}={written_value(pair[1])}"


def _is_number(text: str) -> bool:
    return re.fullmatch("[0-9]{1,6}", text) is not None


def _number(text: str) -> int:
    if _is_number(text):
        return int(text)
    raise ValueError("must be the number of a release, such as 3")


def _commit(text: str) -> str:
    if re.fullmatch("[0-9a-fA-F]{40}", text):
        return text.lower()
    raise ValueError("must be a commit with all of its 40 digits: fewer could be another one's, too")


def _topic(text: str) -> str:
    if verb := VERB_OF.get(text.casefold()):
        return verb.word
    raise ValueError(trouble(text))


_PROJECT = Slot("project", "PROJECT", intro=("--project", "-p"))
_STAGING = Slot("staging", "STAGING", place=True, intro=("--staging", "-s"))
_BRANCH = Slot("branch", "BRANCH", place=True)
_PULL = Slot("pull", "#PULL", intro=("--pull", "--pr", "--mr"), read=named, write=str, shape=is_named)
_FORK = Slot("fork", "COMMIT", intro=("--fork",), read=_commit)
_AS = Slot("name", "NAME", intro=("as", "--as", "--name"), read=_name)
_MINE = Slot("mine", intro=("mine", "--mine"))
_WORKLOAD = Slot("workload", "WORKLOAD", place=True, intro=("--workload", "-w"))
_LINES = Slot("lines", "LINES", intro=("--lines", "-n"), read=_lines)
_BY = Slot("by", "DURATION", intro=("by", "for", "--by"), read=parse_duration, write=typed_duration, shape=is_duration)
_CHECK = Slot("check", "CHECK", place=True, intro=("--check",))
_FOR = Slot(
    "by", "DURATION", intro=("for", "by", "--for"), read=parse_duration, write=typed_duration, shape=is_duration
)
_LATELY = Slot(
    "lately", "DURATION", intro=("last", "for", "--last"), read=parse_duration, write=typed_duration, shape=is_duration
)
_YES = Slot("yes", intro=("--yes", "-y"))
_OTHER = Slot("other", "OTHER", place=True, intro=("with", "--with"))
_NOW = Slot("now", intro=("--now",))
_NUMBER = Slot("number", "RELEASE", place=True, intro=("to", "--to"), read=_number, write=str, shape=_is_number)
_PROFILE = Slot("profiles", "PROFILE", intro=("--profile",), many=True)
_DROP = Slot("drop_profiles", "PROFILE", intro=("--drop-profile", "--no-profile"), many=True)
_ENV = Slot("env", "KEY=VALUE", intro=("--env", "-e"), read=_pair, write="=".join, many=True, literal=_pair)
_UNSET_ENV = Slot("unset_env", "KEY", intro=("--unset-env",), many=True)
_SET = Slot(
    "values", "KEY=VALUE", intro=("--set", "--values"), read=_typed_pair, write=_written_pair, many=True, literal=_pair
)
_UNSET = Slot("unset", "KEY", intro=("--unset",), many=True)
_TOPIC = Slot("topic", "COMMAND", place=True, read=_topic)

VERBS = (
    Verb(
        commands.Deploy, "deploy", ("update", "redeploy", "create"),
        (_BRANCH, _AS, _PROFILE, _ENV, _SET, _PULL, _FORK, _PROJECT),
        "Make a staging of a branch or of a pull request (#123, or its link), or update the one it has. What is said "
        "of its configuration stays, see config. --fork answers for a commit that a fork brings.",
        "deploy feature-x --env RETRIES=5",
    ),
    Verb(
        commands.Config, "config", ("configure", "configuration", "cfg"),
        (_STAGING, _ENV, _UNSET_ENV, _SET, _UNSET, _PROFILE, _DROP, _PROJECT),
        "The configuration of a staging, or a change of it; several changes are one release. --env is the "
        "application's, always text; --set the deployment's: true, false, null, numbers and JSON keep their types, "
        'all else is text, and so is what is quoted (web.tag="2").',
        "config feature-x --env RETRIES=5 --set web.replicas=2",
    ),
    Verb(
        commands.Diff, "diff", ("compare",), (_STAGING, _OTHER, _PROJECT),
        "What differs of a staging: from its project's defaults, from another staging, or from its own last release "
        "that was good (last-good).",
        "diff feature-x main",
    ),
    Verb(commands.List, "list", ("ls",), (_MINE, _PROJECT), "All stagings, or only yours.", "list mine"),
    Verb(
        commands.Info, "info", ("status", "show"), (_STAGING, _PROJECT),
        "How a staging is doing, and who deployed what to it.", "info feature-x",
    ),
    Verb(
        commands.Why, "why", ("explain",), (_STAGING, _PROJECT),
        "How a staging is doing, and why: what broke it and who did that, as far as is known; what it waits for; what "
        "its health checks say.",
        "why feature-x",
    ),
    Verb(
        commands.WhatHappened, "what-happened", ("history", "story"), (_STAGING, _LATELY, _PROJECT),
        "What was done to a staging, by whom, and what came of it, in the last day or as long as you say; also of one "
        "that is deleted.",
        "what-happened feature-x 3d",
    ),
    Verb(
        commands.Logs, "logs", ("log",), (_STAGING, _WORKLOAD, _LINES, _PROJECT),
        "The last lines that its workloads wrote.", "logs feature-x web --lines 100",
    ),
    Verb(
        commands.Extend, "extend", ("prolong",), (_STAGING, _BY, _PROJECT),
        "Let a staging live longer before it is removed.", "extend feature-x by 2d",
    ),
    Verb(
        commands.Delete, "delete", ("rm", "remove", "destroy", "cleanup"), (_STAGING, _YES, _NOW, _PROJECT),
        "Remove a staging, and its data after a while; `--yes` does not ask, `--now` does not wait either.",
        "delete feature-x",
    ),
    Verb(
        commands.Undo, "undo", ("undelete",), (_STAGING, _PROJECT),
        "Take back a delete, as long as its data is kept.", "undo feature-x",
    ),
    Verb(
        commands.Sleep, "sleep", ("archive",), (_STAGING, _PROJECT),
        "Free what a staging uses to run, and keep its data.", "sleep feature-x",
    ),
    Verb(
        commands.Wake, "wake", ("restore",), (_STAGING, _PROJECT),
        "Bring back a staging that sleeps, with exactly what ran.", "wake feature-x",
    ),
    Verb(
        commands.Rollback, "rollback", ("revert",), (_STAGING, _NUMBER, _PROJECT),
        "Return to the last release that was live before, or to the one of this number.", "rollback feature-x",
    ),
    Verb(
        commands.Reset, "reset", (), (_STAGING, _YES, _PROJECT),
        "Wipe a staging's data and start its release anew, after asking.", "reset feature-x",
    ),
    Verb(
        commands.Freeze, "freeze", (), (_STAGING, _PROJECT),
        "Stay on this commit: pushes do not update the staging any more. A deploy still does.", "freeze feature-x",
    ),
    Verb(
        commands.Unfreeze, "unfreeze", ("thaw",), (_STAGING, _PROJECT),
        "Let pushes update a staging again.", "unfreeze feature-x",
    ),
    Verb(
        commands.Keep, "keep", (), (_STAGING, _PROJECT),
        "Let a staging never expire, whatever becomes of its branch.", "keep feature-x",
    ),
    Verb(
        commands.Unkeep, "unkeep", (), (_STAGING, _PROJECT),
        "Let a staging expire again, after its usual time.", "unkeep feature-x",
    ),
    Verb(
        commands.Mute, "mute", ("silence",), (_STAGING, _CHECK, _FOR, _PROJECT),
        "No alerts about a staging, or about one of its health checks, for an hour or as long as you say. Its card "
        "still says how it is.",
        "mute feature-x login for 2h",
    ),
    Verb(
        commands.Unmute, "unmute", (), (_STAGING, _CHECK, _PROJECT),
        "Alerts about a staging again: what is broken still is told then.", "unmute feature-x",
    ),
    Verb(
        commands.Projects, "projects", ("project",), (),
        "The projects: their channels, repositories, hosts and profiles, and who may use these.", "projects",
    ),
    Verb(commands.Help, "help", ("?", "-h", "--help"), (_TOPIC,), "What can be typed.", "help deploy"),
)  # fmt: skip
VERB_OF: Mapping[str, Verb] = {word: verb for verb in VERBS for word in (verb.word, *verb.synonyms)}
INTROS = frozenset(intro for verb in VERBS for intro in verb.intros)


def meant_words(word: str) -> Sequence[str]:
    close = difflib.get_close_matches(word.casefold(), VERB_OF, 3)
    return tuple(dict.fromkeys(VERB_OF[one].word for one in close))


def trouble(word: str) -> str:
    """What is wrong with a word that is no command's."""
    if word.casefold() in _MEANT:
        return f"is not a command. Did you mean `{_MEANT[word.casefold()]}`? `/octopod help config` says more"
    if word.casefold() in _NOT_YET:
        return "is not supported yet"
    meant = meant_words(word)
    hint = f". Did you mean {' or '.join(f'`{one}`' for one in meant)}?" if meant else "."
    return f"is not a command{hint} Try `/octopod help`"
