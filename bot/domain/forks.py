"""Forks: whoever wrote what they bring may not push to the repository. So each commit of one needs the word of somebody
who may give it, and what runs of it gets no secrets, from nowhere. Pure.
"""

from dataclasses import replace

from bot.domain.configuration import Layer, Overrides, effective
from bot.domain.errors import UserError
from bot.domain.model import Staging
from bot.domain.policy import Person, require_word
from bot.domain.project import Project
from bot.domain.pulls import from_fork, number_of


class NeedsWord(UserError):
    """Somebody who may answer for a fork's `commit` (40 hex digits) has not done so yet."""

    def __init__(self, text: str, commit: str) -> None:
        super().__init__(text)
        self.commit = commit


def seen_by(project: Project, branch: str) -> Project:
    """The project as a staging of this branch may know it. Custom resources can fetch secrets, too."""
    if not from_fork(branch):
        return project
    harmless = {name: one for name, one in project.profiles.items() if not one.secrets}
    return replace(project, secrets={}, profiles=harmless, copy_secrets=(), kinds=())


def in_force(project: Project, branch: str, overrides: Overrides) -> Layer:
    """The whole configuration of a staging of this branch."""
    if from_fork(branch):
        overrides = replace(overrides, secrets={})
    return effective(seen_by(project, branch), overrides)


def require_harmless(project: Project, branch: str, overrides: Overrides) -> None:
    """Raises UserError when these would give a fork secrets."""
    if not from_fork(branch):
        return
    profiles = [name for name in overrides.profiles if name in project.profiles and project.profiles[name].secrets]
    given = [
        *(f"the profile `{name}` has some" for name in profiles),
        *(f"`{key}` is one" for key in overrides.secrets),
    ]
    if given:
        raise UserError(
            f"What a fork brings gets no secrets, and {', '.join(given)}. Push the commit to a branch of the "
            "repository itself, once it was reviewed, and deploy that."
        )


def require_answered(
    person: Person, project: Project, existing: Staging | None, branch: str, commit: str, word: str, what: str
) -> None:
    """Raises UserError unless this commit may run: for a fork's, somebody's `word` must be for it. `what`: the commit
    in words. What runs already, or did last, was answered for."""
    if not from_fork(branch) or (existing and commit in _answered(existing)):
        return
    told = (
        f"Pull request #{number_of(branch)} comes from a fork, so whoever wrote {what} may not push to the repository."
    )
    typed = f"`/octopod deploy #{number_of(branch)} --fork {commit}`"
    require_word(person, project, f"{told} Somebody has to answer for this commit, by {typed}.")
    if word == commit:
        return
    newer = f" Its newest commit is not {word[:7]} any more." if word else ""
    raise NeedsWord(
        f"{told}{newer} Look at it first: it runs as any staging does, but gets no secrets, and your word is for this "
        f"commit only. Then press the button, or type {typed}.",
        commit,
    )


def _answered(staging: Staging) -> tuple[str, ...]:
    return (staging.attempt.commit, *([staging.live.commit] if staging.live else []))
