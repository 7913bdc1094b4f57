"""What lies between two commits, read in a project's mirror; its host is asked only for what is not there yet."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.domain.errors import TemporaryError
from bot.domain.evidence import Author, Change, Range
from bot.domain.project import Project
from bot.git.mirror import HEADS, Mirror
from bot.ports import Commit, Lineage, Span

MOST_COMMITS = 50
LOG = ("log", "--no-show-signature", "--encoding=UTF-8", "--format=%H%x00%s%x00%an%x00%ae%x00%ct")
COUNT = ("rev-list", "--count")


async def commit(mirror: Mirror, project: Project, commit: str) -> Commit:
    await mirror.ensure(project, commit)
    return _commit(await _read(mirror, *LOG, "-1", commit, "--"))


async def between(mirror: Mirror, project: Project, old: str, new: str) -> Span:
    await mirror.ensure(project, new)
    if not await mirror.has(old):
        await _whole(mirror, new)
        return Span((), 0, None)
    # What a merge brought from elsewhere was done there: here it is one commit.
    added = ("--first-parent", new, f"^{old}", "--")
    log = await _read(mirror, *LOG, f"--max-count={MOST_COMMITS}", *added)
    count, lost = await _read(mirror, *COUNT, *added), await _read(mirror, *COUNT, old, f"^{new}", "--")
    return Span([_commit(line) for line in log.split("\n") if line], int(count), int(lost))


async def merged(mirror: Mirror, project: Project, commit: str, into: str) -> bool:
    await mirror.ensure(project, into)
    if not await mirror.has(commit):
        await _whole(mirror, into)
        return False
    output = await mirror.read("merge-base", "--is-ancestor", commit, into)
    if output.code not in (0, 1):
        raise TemporaryError(f"The commit {commit[:10]} can't be read: {output.error.strip()}")
    return output.code == 0


async def lineage(mirror: Mirror, project: Project, commit: str) -> Lineage:
    """Whoever has the commit has fetched all branches with it, so the baseline is here and not older."""
    await mirror.ensure(project, commit)
    baseline = f"{HEADS}{project.baseline}"
    output = await mirror.read("merge-base", baseline, commit)
    if output.code not in (0, 1):
        raise TemporaryError(f"The history can't be read: {output.error.strip()}")
    counts = await _read(mirror, *COUNT, "--left-right", f"{baseline}...{commit}", "--")
    behind, ahead = (int(count) for count in counts.split())
    return Lineage(output.out.decode().strip(), behind, ahead)


async def commits(mirror: Mirror, project: Project, old: str, new: str, without: Sequence[str]) -> Range:
    for one in (old, new, *without):
        await mirror.ensure(project, one)
    added = ("--topo-order", "--no-merges", new, *(f"^{one}" for one in (old, *without)), "--")
    log = await _read(mirror, *LOG, f"--max-count={MOST_COMMITS}", *added)
    count = int(await _read(mirror, *COUNT, *added))
    found = (_commit(line) for line in log.split("\n") if line)
    changes = (Change(one.id, one.subject, Author(one.author, one.email)) for one in found)
    return Range(old, new, tuple(changes), count)


async def _whole(mirror: Mirror, commit: str) -> None:
    """Have all commits that this one is made of, so that what is not here is none of them. Raises DamagedError."""
    await _read(mirror, *COUNT, commit, "--")


async def _read(mirror: Mirror, *arguments: str) -> str:
    output = await mirror.read(*arguments)
    if output.code:
        raise TemporaryError(f"The history can't be read: {output.error.strip()}")
    return output.out.decode(errors="replace")


def _commit(line: str) -> Commit:
    number, subject, author, email, seconds = line.rstrip("\n").split("\0")
    return Commit(number, subject, author, email, datetime.fromtimestamp(int(seconds), UTC))
