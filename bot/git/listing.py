"""Reading what `git ls-remote` prints, strictly: a branch that is missing here will be taken for deleted. Pure."""

import re

from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.project import Project
from bot.ports import Head

LINE = re.compile(rb"([0-9a-f]{40})\t(refs/.+)")
HEADS = b"refs/heads/"


def listing(out: bytes, project: Project) -> list[Head]:
    """All branches, by name. Those whose names are not UTF-8 are left out: nobody can say them in a chat.

    Raises TemporaryError for what is garbled or cut, PermanentError when the baseline is not among them.
    """
    found = _lines(out, project)
    if not all(ref.startswith(HEADS) and ref != HEADS for ref in found):
        raise _doubtful(project)
    branches = {ref.removeprefix(HEADS): commit for ref, commit in found.items()}
    if project.baseline.encode() not in branches:
        raise _without_baseline(project, len(branches))
    return [Head(name.decode(), commit.decode()) for name, commit in branches.items() if _is_text(name)]


def refs(out: bytes, project: Project) -> dict[str, str]:
    """Commits by the names of refs. Raises TemporaryError for what is garbled or cut."""
    return {ref.decode(): commit.decode() for ref, commit in _lines(out, project).items() if _is_text(ref)}


def _lines(out: bytes, project: Project) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    *lines, rest = out.split(b"\n")
    for line in lines:
        match = LINE.fullmatch(line)
        if match is None or match[2] in found:
            raise _doubtful(project)
        found[match[2]] = match[1]
    if rest:
        raise _doubtful(project)
    return found


def _doubtful(project: Project) -> TemporaryError:
    return TemporaryError(f"{project.repo} gave a list of branches that is cut or garbled.")


def _without_baseline(project: Project, count: int) -> PermanentError:
    if not count:
        text = f"{project.repo} shows no branches at all."
        return PermanentError(text, next_step=f"Push {project.baseline}, or let the bot's credentials read it.")
    branches = "1 branch, but it is not" if count == 1 else f"{count} branches, but none is"
    text = f"{project.repo} shows {branches} called {project.baseline}."
    return PermanentError(text, next_step="Set `baseline:` in octopod.yaml to its known-good branch.")


def _is_text(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
