"""The files of a commit, what is known about it, and a cache that is damaged."""

import asyncio
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from git_kit import Origin, a_cache, a_project, program, until

from bot.domain.errors import PermanentError, TemporaryError
from bot.git.mirror import Limits
from bot.git.repository import GitCache


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def cache(tmp_path: Path) -> GitCache:
    return a_cache(tmp_path / "cache")


async def test_the_files_of_the_commit_and_nothing_else(tmp_path: Path, origin: Origin, cache: GitCache) -> None:
    commit = origin.commit("login", {"bin/run": "#!/bin/sh\n", "déjà vu/größe 🐙.txt": "1"})
    (origin.path / "bin/run").chmod(0o755)
    (origin.path / "link").symlink_to("bin/run")
    (origin.path / "nowhere").symlink_to("missing")
    (origin.path / "circle").symlink_to("circle")
    (origin.path / "bin/up").symlink_to("../README")
    commit = origin.commit_worktree("login")
    origin.commit("login", {"later": "1"})
    folder = tmp_path / "deep" / "tree"
    await cache.export(a_project(origin.path), commit, folder)
    names = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    assert names == {
        *("README", "bin", "bin/run", "bin/up", "circle", "déjà vu", "déjà vu/größe 🐙.txt", "link", "nowhere")
    }
    assert os.access(folder / "bin/run", os.X_OK)
    assert (folder / "bin/up").read_text() == "shop\n"


async def test_what_was_in_the_folder_is_gone(tmp_path: Path, origin: Origin, cache: GitCache) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "old").write_text("")
    await cache.export(a_project(origin.path), origin.head("main"), folder)
    assert [path.name for path in folder.iterdir()] == ["README"]


async def test_many_at_once(tmp_path: Path, origin: Origin, cache: GitCache) -> None:
    commits = [origin.commit("main", {"number": str(number)}) for number in range(12)]
    project = a_project(origin.path)
    folders = [tmp_path / "trees" / commit for commit in commits]
    await asyncio.gather(*map(cache.export, [project] * 12, commits, folders))
    assert [(folder / "number").read_text() for folder in folders] == [str(number) for number in range(12)]


@pytest.mark.parametrize(
    "links",
    [
        {"out": "/etc"},
        {"out": "../elsewhere"},
        {"a/b/c/up": "../../..", "out": "a/b/c/up/../x"},
        {"loop": "loop/../../../out"},
    ],
)
async def test_links_that_leave_the_tree_are_refused(
    tmp_path: Path, origin: Origin, cache: GitCache, links: dict[str, str]
) -> None:
    origin.commit("evil", {"a/b/c/file": "1"})
    for name, target in links.items():
        (origin.path / name).symlink_to(target)
    commit = origin.commit_worktree("evil")
    with pytest.raises(PermanentError, match="leads out of its files") as caught:
        await cache.export(a_project(origin.path), commit, tmp_path / "tree")
    assert caught.value.next_step


async def test_a_crafted_tree_writes_nothing_through_a_link(tmp_path: Path, origin: Origin, cache: GitCache) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    blob = origin.git("hash-object", "-w", "--stdin", stdin="stolen")
    target = origin.git("hash-object", "-w", "--stdin", stdin=str(outside))
    inner = origin.git("mktree", stdin=f"100644 blob {blob}\tfile\n")
    tree = origin.git("mktree", stdin=f"120000 blob {target}\tdoor\n040000 tree {inner}\tdoor\n")
    commit = origin.git("commit-tree", "-m", "evil", tree)
    origin.branch("evil", commit)
    with pytest.raises(PermanentError):
        await cache.export(a_project(origin.path), commit, tmp_path / "tree")
    assert list(outside.iterdir()) == []


async def test_too_large_and_too_many(tmp_path: Path, origin: Origin) -> None:
    commit = origin.commit("big", {f"file-{number}": "x" * 400_000 for number in range(6)})
    project = a_project(origin.path)
    small = a_cache(tmp_path / "cache", limits=Limits(tree_bytes=2 << 20))
    with pytest.raises(PermanentError, match="larger than 2 MB"):
        await small.export(project, commit, tmp_path / "tree")
    few = a_cache(tmp_path / "cache", limits=Limits(tree_files=3))
    with pytest.raises(PermanentError, match="more than 3 files"):
        await few.export(project, commit, tmp_path / "tree")


async def test_a_time_limit_ends_git_and_is_temporary(tmp_path: Path, origin: Origin) -> None:
    commit = origin.head("main")
    hanging = a_cache(tmp_path / "cache", {"PATH": hanging_git(tmp_path)}, Limits(export=1))
    with pytest.raises(TemporaryError, match="longer than 1 s"):
        await hanging.export(a_project(origin.path), commit, tmp_path / "tree")
    await gone(int((tmp_path / "pid").read_text()))
    await gone(int((tmp_path / "child").read_text()))


async def test_a_cancelled_export_leaves_no_process(tmp_path: Path, origin: Origin) -> None:
    hanging = a_cache(tmp_path / "cache", {"PATH": hanging_git(tmp_path)})
    task = asyncio.create_task(hanging.export(a_project(origin.path), origin.head("main"), tmp_path / "tree"))
    await until((tmp_path / "child").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(int((tmp_path / "pid").read_text()))


async def test_what_was_told_of_a_commit_needs_no_git_again(origin: Origin, cache: GitCache) -> None:
    commit = origin.commit("login", {"a": "1"})
    told = await cache.commit(a_project(origin.path), commit)
    shutil.rmtree(origin.path)
    assert await cache.commit(a_project(origin.path), commit) == told


async def test_what_is_known_about_a_commit(origin: Origin, cache: GitCache) -> None:
    commit = origin.commit("login", {"a": "1"}, "Größer: 100 % “better” 🐙\n\nBody")
    found = await cache.commit(a_project(origin.path), commit)
    assert (found.id, found.subject) == (commit, "Größer: 100 % “better” 🐙")
    assert (found.author, found.email) == ("Zoë", "zoe@example.com")
    assert found.at == datetime(2026, 5, 1, 8, 2, tzinfo=UTC)


async def test_a_commit_without_a_message(origin: Origin, cache: GitCache) -> None:
    commit = origin.git("commit-tree", "-m", "", "main^{tree}")
    origin.branch("silent", commit)
    assert (await cache.commit(a_project(origin.path), commit)).subject == ""


async def test_a_commit_of_a_deleted_branch_can_still_be_had(tmp_path: Path, origin: Origin, cache: GitCache) -> None:
    commit = origin.commit("login", {"a": "1"})
    origin.git("checkout", "--quiet", "main")
    origin.delete("login")
    await cache.export(a_project(origin.path), commit, tmp_path / "tree")
    assert (tmp_path / "tree" / "a").read_text() == "1"


@pytest.mark.parametrize("commit", ["0" * 40, "main", "--help", "HEAD:README"])
async def test_a_commit_that_nobody_has(tmp_path: Path, origin: Origin, cache: GitCache, commit: str) -> None:
    with pytest.raises(PermanentError, match=r"no commit id|no longer in the repository"):
        await cache.export(a_project(origin.path), commit, tmp_path / "tree")


def objects(mirror: Path) -> list[Path]:
    return [file for file in (mirror / "objects").rglob("*") if file.is_file()]


def remove_objects(mirror: Path) -> None:
    for file in objects(mirror):
        file.unlink()


def rot_objects(mirror: Path) -> None:
    for file in objects(mirror):
        file.chmod(0o600)
        file.write_bytes(b"rotten")


def writing(name: str, text: str) -> Callable[[Path], object]:
    return lambda mirror: (mirror / name).write_text(text)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no HEAD": lambda mirror: (mirror / "HEAD").unlink(),
    "HEAD is garbage": writing("HEAD", "\0\1"),
    "no objects folder": lambda mirror: shutil.rmtree(mirror / "objects"),
    "no objects": remove_objects,
    "rotten objects": rot_objects,
    "bad config": writing("config", "[["),
    "bad packed-refs": writing("packed-refs", "garbage\n"),
    "cut packed-refs": writing("packed-refs", "garbage"),
    "bad ref": writing("refs/heads/main", "garbage"),
    "a forgotten lock": writing("refs/heads/main.lock", ""),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_cache_is_made_anew(tmp_path: Path, origin: Origin, cache: GitCache, damage: str) -> None:
    project = a_project(origin.path)
    await cache.resolve(project, "main")
    DAMAGES[damage](tmp_path / "cache" / "shop.git")
    commit = origin.commit("main", {"a": "1"})
    assert (await cache.resolve(project, "main")).commit == commit
    await cache.export(project, commit, tmp_path / "tree")
    assert (await cache.commit(project, commit)).subject == "Change"


@pytest.mark.parametrize("damage", ["no objects folder", "no objects", "rotten objects", "bad config"])
async def test_a_cache_damaged_before_an_export_is_made_anew(
    tmp_path: Path, origin: Origin, cache: GitCache, damage: str
) -> None:
    project = a_project(origin.path)
    commit = (await cache.resolve(project, "main")).commit
    DAMAGES[damage](tmp_path / "cache" / "shop.git")
    await cache.export(project, commit, tmp_path / "tree")
    assert (tmp_path / "tree" / "README").read_text() == "shop\n"


async def test_two_projects_have_a_cache_each(tmp_path: Path, origin: Origin, cache: GitCache) -> None:
    for name in ("shop", "../escape", ".."):
        await cache.resolve(a_project(origin.path, name), "main")
    assert len(list((tmp_path / "cache").glob("*.git"))) == 3
    assert not (tmp_path / "escape.git").exists()


def hanging_git(folder: Path) -> str:
    """A PATH whose git never ends an `archive`, nor does its child; everything else is the real one's."""
    hang = f"echo $$ > '{folder}/pid'; sleep 300 & echo $! > '{folder}/child'; wait"
    return program(folder, "git", f'case "$*" in *" archive "*) {hang};; *) exec git "$@";; esac')


async def gone(pid: int) -> None:
    """Waits until the process is no more (or a zombie that its parent has yet to notice)."""
    stat = Path(f"/proc/{pid}/stat")
    await until(lambda: not stat.exists() or ") Z" in stat.read_text())
