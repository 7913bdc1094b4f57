"""Pull requests (GitLab: merge requests): how people name them, where git has them, what their news mean. Pure."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.hearsay import PullRequest, PullState
from bot.domain.model import Ending, Pull
from bot.domain.project import DeployOn, Project

_NUMBER = "([1-9][0-9]{0,8})"
_SHORT = re.compile(f"[#!]{_NUMBER}")
_LINK = re.compile(rf"(https?://\S+?)/(?:-/)?(?:pull|pulls|merge_requests|pull-requests)/{_NUMBER}(?:[/?#]\S*)?")
_REF = re.compile(f"refs/(?:pull|merge-requests)/{_NUMBER}/head")


@dataclass(frozen=True, slots=True)
class Named:
    """A pull request as somebody names it. `repo`: the address of its repository, if that was said."""

    number: int
    repo: str = ""

    def __str__(self) -> str:
        return f"{self.repo}/pull/{self.number}" if self.repo else f"#{self.number}"


def is_named(text: str) -> bool:
    return _read(text) is not None


def named(text: str) -> Named:
    """`#123`, `!45`, a link, or where git has it (`refs/pull/123/head`). Raises ValueError for anything else."""
    found = _read(text)
    if found is None:
        raise ValueError("must be the number of a pull request, such as #123, or its link")
    return found


def _read(text: str) -> Named | None:
    if found := _SHORT.fullmatch(text) or _REF.fullmatch(text):
        return Named(int(found[1]))
    link = _LINK.fullmatch(text)
    return Named(int(link[2]), link[1]) if link else None


def refs_of(number: int) -> tuple[str, ...]:
    """Where GitHub and its kin, and GitLab, show the head of a pull request, a fork's as well."""
    return f"refs/pull/{number}/head", f"refs/merge-requests/{number}/head"


def number_of(branch: str) -> int | None:
    """The pull request of whose fork this is the head; None for a branch of the repository itself."""
    found = _REF.fullmatch(branch)
    return int(found[1]) if found else None


def from_fork(branch: str) -> bool:
    """Whether what is there was written by somebody who may not push to the repository."""
    return number_of(branch) is not None


def called(branch: str) -> str:
    """What the name of its staging is made of."""
    number = number_of(branch)
    return branch if number is None else f"pull-{number}"


def seen(pull: PullRequest) -> Pull:
    return Pull(pull.number, pull.title, pull.url, pull.author)


# --- their news ------------------------------------------------------------------------------------------------------


def newest(before: PullRequest | None, said: PullRequest, now: datetime) -> PullRequest | None:
    """What is known by now; None: nothing new was said. Hosts' clocks may be ahead, and some news name no author."""
    at = min(said.updated_at or now, now)
    if before is None:
        return replace(said, updated_at=at)
    after = replace(said, updated_at=at, author=said.author or before.author)
    is_older = before.updated_at is not None and at < before.updated_at
    return None if is_older or replace(after, by=before.by) == before else after


def wanted(project: Project, pull: PullRequest) -> bool:
    """Whether it shall have a staging while it is open."""
    match project.deploy_on:
        case DeployOn.PULL_REQUEST:
            return True
        case DeployOn.LABEL:
            return project.label in pull.labels
        case _:
            return False


def is_wanted(project: Project, pull: PullRequest) -> bool:
    """Whether it shall have one now."""
    return pull.state is PullState.OPEN and wanted(project, pull)


def arrives(project: Project, before: PullRequest | None, now: PullRequest) -> bool:
    """Whether a staging is to be made by these news: when it opens, is labelled, or is pushed to."""
    if not is_wanted(project, now):
        return False
    return before is None or not is_wanted(project, before) or before.commit != now.commit


def ends(project: Project, before: PullRequest | None, now: PullRequest) -> Ending | None:
    """How the stagings of its branch come to their end by these news. What somebody deployed by hand, where pull
    requests deploy nothing, outlives one that was closed; what a fork brought does not."""
    if before and before.state is now.state and now.state is not PullState.OPEN:
        return None
    match now.state:
        case PullState.MERGED:
            return Ending.MERGED
        case PullState.CLOSED:
            return Ending.CLOSED if now.fork or wanted(project, now) else None
        case PullState.OPEN:
            lost = before is not None and wanted(project, before) and not wanted(project, now)
            return Ending.UNLABELLED if lost and project.deploy_on is DeployOn.LABEL else None


def returns(project: Project, now: PullRequest) -> bool:
    """Whether stagings that were to go with it stay."""
    return now.state is PullState.OPEN and (now.fork or wanted(project, now))
