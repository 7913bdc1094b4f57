"""The example project as a real git repository: `main` from the shop's folder, every other branch from its patches.

The patches are mails as `git format-patch` writes them. The result is the same, commit ids included, every time.
"""

import shutil
import tempfile
from pathlib import Path

from bot.domain.errors import ConfigError
from bot.playground.git import GitError, git, person

# How `main` came about: who, when (UTC), what they said, which files.
HISTORY = (
    ("Bob", "2026-10-05T08:40:00+0000", "Keep products and orders in SQLite", ("shared", "api", ".gitignore")),
    ("Alice", "2026-10-05T14:05:00+0000", "Show the shelf, take orders, let people sign in", ("web",)),
    ("Carol", "2026-10-06T09:30:00+0000", "Say what is where", ("README.md",)),
)


def shop_folder() -> Path:
    """The files of the branch `main`."""
    return _installed_or_checked_out("_shop", "shop")


def branches_folder() -> Path:
    """One folder per other branch, with its patches on top of `main`, in order."""
    return _installed_or_checked_out("_shop-branches", "shop-branches")


def _installed_or_checked_out(installed: str, checked_out: str) -> Path:
    here = Path(__file__).resolve()
    places = (here.parent / installed, here.parents[2] / "manifests" / "examples" / checked_out)
    for place in places:
        if place.is_dir():
            return place
    raise ConfigError([f"The example project is missing: there is neither {places[0]} nor {places[1]}."])


def make_repository(folder: Path) -> None:
    """A bare repository at `folder`, whole or not at all; one that exists is left alone.

    Raises ConfigError when git is missing or fails, and OSError when the place cannot be written.
    """
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=folder.parent) as name:
        work, bare = Path(name, "work"), Path(name, "shop.git")
        _init(work, bare)
        _commit_main(work)
        for branch in sorted(path for path in branches_folder().iterdir() if path.is_dir()):
            _apply_branch(work, branch)
        _git(work, "push", "--quiet", str(bare), "--all")
        bare.rename(folder)


def _init(work: Path, bare: Path) -> None:
    # No templates: what a machine puts there (hooks, for one) has no place in an example.
    work.mkdir()
    _git(work, "init", "--quiet", "--template=", "--initial-branch=main")
    _git(work, "init", "--quiet", "--template=", "--initial-branch=main", "--bare", str(bare))


def _commit_main(work: Path) -> None:
    shutil.copytree(shop_folder(), work, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    for name, date, subject, paths in HISTORY:
        _git(work, "add", "--", *paths)
        _git(work, "commit", "--quiet", f"--message={subject}", who=name, date=date)
    if left := _git(work, "status", "--porcelain"):
        raise ConfigError([f"Nobody commits these files of the example project:\n{left}"])


def _apply_branch(work: Path, branch: Path) -> None:
    patches = sorted(str(patch) for patch in branch.glob("*.patch"))
    _git(work, "checkout", "--quiet", "-b", branch.name, "main")
    _git(work, "am", "--quiet", "--committer-date-is-author-date", "--", *patches)


def _git(work: Path, *arguments: str, who: str = "Carol", date: str | None = None) -> str:
    try:
        return git(work, *arguments, env=person(who, f"{who.lower()}@example.com", date))
    except GitError as error:
        raise ConfigError([str(error)]) from error
