"""Which branch and commit a pull request means: by what its host told of it, else by what git shows."""

from collections.abc import Sequence

from bot.domain.errors import UserError
from bot.domain.hearsay import PullRequest
from bot.domain.project import Project
from bot.domain.pulls import refs_of, seen
from bot.ports import Git, Head


async def head_of(git: Git, project: Project, number: int, known: PullRequest | None) -> Head | None:
    """Its branch in the repository itself, else where git has what a fork brings; None: there is no such pull request.

    Raises UserError when its branch is gone.
    """
    if known and not known.fork:
        return await _of_branch(git, project, known)
    found = await git.refs(project, refs_of(number))
    for ref, commit in found.items():
        own = None if known else await _own_branch(git, project, commit)
        return Head(own or ref, commit)
    return None


async def _of_branch(git: Git, project: Project, known: PullRequest) -> Head:
    heads = {head.branch: head.commit for head in await git.heads(project)}
    if known.branch in heads:
        return Head(known.branch, heads[known.branch])
    raise UserError(f"{seen(known).label} is {known.state}, and its branch `{known.branch}` is not there any more.")


async def _own_branch(git: Git, project: Project, commit: str) -> str | None:
    """What is the head of a branch here was written by somebody who may push here."""
    branches = sorted(head.branch for head in await git.heads(project) if head.commit == commit)
    return next((one for one in branches if one != project.baseline), branches[0] if branches else None)


def unknown(project: Project, number: int, near: Sequence[PullRequest]) -> UserError:
    text = (
        f"There is no pull request #{number} in {project.name}: no webhook told of it, and its repository has neither "
        f"{' nor '.join(refs_of(number))}."
    )
    return UserError(text, [f"{seen(one).label} {one.title}".strip() for one in near])
