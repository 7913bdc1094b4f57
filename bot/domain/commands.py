"""What people can ask for in chat, understood. A staging that is None is the one whose thread it was typed in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.domain.changes import Change
from bot.domain.pulls import Named

Pairs = tuple[tuple[str, Any], ...]
"""Keys and values, as typed."""


@dataclass(frozen=True, slots=True)
class Deploy:
    """Make or update the staging of a branch. `name`: the staging's name, instead of one made from the branch.

    A branch that is None is that of the staging in whose thread it was typed, unless a pull request (`pull`) is named.
    `fork`: the commit of a fork (40 hex digits) for which whoever says so answers. The rest changes its configuration.
    """

    branch: str | None = None
    name: str | None = None
    project: str | None = None
    profiles: tuple[str, ...] = ()
    env: Pairs = ()
    values: Pairs = ()
    pull: Named | None = None
    fork: str | None = None

    @property
    def change(self) -> Change:
        return Change(profiles=self.profiles, env=self.env, values=self.values)


@dataclass(frozen=True, slots=True)
class Config:
    """Change the configuration of a staging, or, without any change, look at it."""

    staging: str | None = None
    project: str | None = None
    profiles: tuple[str, ...] = ()
    drop_profiles: tuple[str, ...] = ()
    env: Pairs = ()
    unset_env: tuple[str, ...] = ()
    values: Pairs = ()
    unset: tuple[str, ...] = ()

    @property
    def change(self) -> Change:
        return Change(self.profiles, self.drop_profiles, self.env, self.unset_env, self.values, self.unset)


@dataclass(frozen=True, slots=True)
class List:
    """`mine`: only those of whoever asks."""

    mine: bool = False
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Info:
    staging: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """How it is doing, and what did that."""

    staging: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class WhatHappened:
    """What was done and what happened `lately`; None: in the last day."""

    staging: str | None = None
    lately: timedelta | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs of a staging from its project's defaults, another staging, or its own last good release (LAST_GOOD).

    In a thread, `diff main` arrives with `main` as the staging.
    """

    staging: str | None = None
    other: str | None = None
    project: str | None = None


LAST_GOOD = "last-good"


@dataclass(frozen=True, slots=True)
class Logs:
    """The last `lines` of one workload, or of all. In a thread, `logs web` arrives with `web` as the staging."""

    staging: str | None = None
    workload: str | None = None
    lines: int | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Extend:
    """Move the expiry. `by`: None leaves the length to the policy."""

    staging: str | None = None
    by: timedelta | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """`yes`: it was confirmed in the command itself. `now`: and its data shall not be kept for a while."""

    staging: str | None = None
    yes: bool = False
    now: bool = False
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Sleep:
    staging: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Wake:
    staging: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """Take back a delete."""

    staging: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Reset:
    """`yes`: it was confirmed in the command itself."""

    staging: str | None = None
    yes: bool = False
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """Pushes shall not update it."""

    staging: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Unfreeze:
    staging: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """It shall never expire."""

    staging: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Unkeep:
    staging: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Mute:
    """Nobody shall be told that this check fails; without one: of anything that ails it. `by`: how long; None: for the
    usual time. In a thread, `mute login` arrives with `login` as the staging."""

    staging: str | None = None
    check: str | None = None
    by: timedelta | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Unmute:
    staging: str | None = None
    check: str | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Projects:
    """What octopod.yaml has."""


@dataclass(frozen=True, slots=True)
class Rollback:
    """`number`: of the release to return to; None leaves that to the rule."""

    staging: str | None = None
    number: int | None = None
    project: str | None = None


@dataclass(frozen=True, slots=True)
class Help:
    """`topic`: the word of a command, or None for all of them."""

    topic: str | None = None


Rest = Sleep | Wake | Undo | Reset | Rollback
Switch = Freeze | Unfreeze | Keep | Unkeep
Alerts = Mute | Unmute
Telling = Info | Why | WhatHappened
Command = Deploy | Config | Diff | List | Telling | Logs | Extend | Delete | Rest | Switch | Alerts | Projects | Help
