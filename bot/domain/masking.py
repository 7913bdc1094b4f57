"""What octopod.yaml calls secret by now, although somebody said it in the open before: hidden in every text. Pure."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from bot.domain.configuration import Layer, Overrides, Secret, is_secret, secret_keys
from bot.domain.evidence import KeyChange
from bot.domain.finding import Finding
from bot.domain.model import Staging
from bot.domain.project import Project

Said = TypeVar("Said", Layer, Overrides)


def masked(said: Said, project: Project | None, mark: Callable[[str], str] = lambda value: "") -> Said:
    """With Secrets in the place of such values. `mark`: by what these are compared. No project: nothing is known."""
    open_ones = [key for key in secret_keys(project) if key in said.env] if project else []
    if not open_ones:
        return said
    env = {key: value for key, value in said.env.items() if key not in open_ones}
    hidden = {key: Secret(mark=mark(said.env[key])) for key in open_ones}
    return replace(said, env=env, secrets={**said.secrets, **hidden})


def shown(staging: Staging, project: Project | None) -> Staging:
    """As texts may tell of it."""
    overrides = masked(staging.attempt.overrides, project)
    finding = masked_finding(staging.finding, project) if staging.finding else None
    return replace(staging, attempt=replace(staging.attempt, overrides=overrides), finding=finding)


def masked_finding(finding: Finding, project: Project | None) -> Finding:
    """Without the values that such keys had before and after they were changed."""
    return replace(finding, changes=tuple(_masked_change(change, project) for change in finding.changes))


def _masked_change(change: KeyChange, project: Project | None) -> KeyChange:
    if project is None or change.level != "env" or not is_secret(project, change.key):
        return change
    return replace(change, before=None, after=None, secret=True)


def masked_text(text: str, project: Project | None) -> str:
    """A text that may hold `KEY=VALUE`. Nobody knows where such a value ends, so all that follows is hidden."""
    keys = "|".join(re.escape(key) for key in secret_keys(project)) if project else ""
    found = re.search(rf"(?<!\S)(?:{keys})=", text) if keys else None
    return f"{text[: found.end()]}•••" if found else text
