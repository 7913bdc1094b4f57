"""What happened to a branch between two looks, and whether it was merged."""

import shutil
from pathlib import Path

import pytest
from git_kit import Origin, a_cache, a_project, program

from bot.domain.errors import PermanentError
from bot.git.repository import GitCache
from bot.ports import Lineage


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def cache(tmp_path: Path) -> GitCache:
    return a_cache(tmp_path / "cache")


async def test_the_commits_of_a_push_newest_first(origin: Origin, cache: GitCache) -> None:
    old = origin.commit("login", {"a": "1"}, "Begin")
    origin.commit("login", {"a": "2"}, "Größer\u2028und breiter 🐙\n\nWith a body.")
    new = origin.commit("login", {"a": "3"}, "Fix")
    span = await cache.between(a_project(origin.path), old, new)
    assert [commit.subject for commit in span.commits] == ["Fix", "Größer\u2028und breiter 🐙"]
    assert (span.commits[0].id, span.commits[0].author) == (new, "Zoë")
    assert (span.count, span.lost, span.rewritten) == (2, 0, False)
    assert await cache.between(a_project(origin.path), new, new) == type(span)([], 0, 0)


async def test_many_commits_are_counted_and_the_newest_fifty_told(origin: Origin, cache: GitCache) -> None:
    old = origin.head("main")
    stream = "".join(
        f"commit refs/heads/main\ncommitter B <b@x> {1_780_000_000 + n} +0000\ndata <<E\nNo. {n}\nE\n"
        + (f"from {old}\n" if n == 0 else "")
        for n in range(60)
    )
    origin.git("fast-import", "--quiet", stdin=stream)
    span = await cache.between(a_project(origin.path), old, origin.head("main"))
    assert (span.count, len(span.commits)) == (60, 50)
    assert [commit.subject for commit in (span.commits[0], span.commits[-1])] == ["No. 59", "No. 10"]


async def test_what_a_merge_brought_counts_as_the_merge(origin: Origin, cache: GitCache) -> None:
    old = origin.commit("login", {"a": "1"})
    for number in range(3):
        origin.commit("main", {"b": str(number)}, "Elsewhere")
    origin.git("checkout", "--quiet", "login")
    origin.git("merge", "--quiet", "--message=Merge main", "main")
    span = await cache.between(a_project(origin.path), old, origin.head("login"))
    assert ([commit.subject for commit in span.commits], span.count, span.lost) == (["Merge main"], 1, 0)


async def test_rewritten_history_is_told_apart(origin: Origin, cache: GitCache) -> None:
    base = origin.head("main")
    origin.commit("login", {"a": "1"})
    old = origin.commit("login", {"a": "2"})
    project = a_project(origin.path)
    await cache.commit(project, old)
    origin.git("reset", "--quiet", "--hard", base)
    new = origin.commit("login", {"a": "3"}, "Instead")
    span = await cache.between(project, old, new)
    assert ([commit.subject for commit in span.commits], span.count, span.lost) == (["Instead"], 1, 2)
    assert span.rewritten
    back = await cache.between(project, new, base)
    assert (back.commits, back.count, back.lost) == ([], 0, 1)


async def test_what_was_before_a_rewrite_may_be_nowhere_any_more(origin: Origin, cache: GitCache) -> None:
    new = origin.commit("login", {"a": "1"})
    span = await cache.between(a_project(origin.path), "1" * 40, new)
    assert (span.commits, span.lost, span.rewritten) == ((), None, True)


async def test_a_branch_is_merged_once_the_other_one_holds_its_commits(origin: Origin, cache: GitCache) -> None:
    work = origin.commit("login", {"a": "1"})
    before = origin.commit("main", {"b": "1"})
    project = a_project(origin.path)
    assert await cache.merged(project, work, before) is False
    origin.git("merge", "--quiet", "--message=Merge login", "login")
    after = origin.head("main")
    origin.delete("login")
    assert await cache.merged(project, work, after) is True
    assert await cache.merged(project, "1" * 40, after) is False
    with pytest.raises(PermanentError, match="no longer in the repository"):
        await cache.merged(project, work, "1" * 40)


async def test_git_hosts_are_asked_only_for_what_is_not_here(tmp_path: Path, origin: Origin) -> None:
    path = program(tmp_path, "git", f'echo "$*" >> \'{tmp_path}/calls\'; exec git "$@"')
    cache, project = a_cache(tmp_path / "cache", {"PATH": path}), a_project(origin.path)
    old, new = origin.head("main"), origin.commit("main", {"a": "1"})

    async def fetches() -> int:
        await cache.between(project, old, new)
        await cache.merged(project, old, new)
        return (tmp_path / "calls").read_text().count(" fetch ")

    assert await fetches() == 1
    assert await fetches() == 1
    new = origin.commit("main", {"a": "2"})
    assert await fetches() == 2


async def test_a_damaged_mirror_is_made_anew(tmp_path: Path, origin: Origin, cache: GitCache) -> None:
    old, new = origin.head("main"), origin.commit("main", {"a": "1"})
    project = a_project(origin.path)
    await cache.between(project, old, new)
    shutil.rmtree(tmp_path / "cache" / "shop.git" / "objects")
    assert (await cache.between(project, old, new)).count == 1
    shutil.rmtree(tmp_path / "cache" / "shop.git" / "objects")
    assert await cache.merged(project, old, new) is True


async def test_where_a_branch_left_the_baseline_and_how_far_both_went(origin: Origin, cache: GitCache) -> None:
    base = origin.head("main")
    origin.commit("login", {"a": "1"})
    head = origin.commit("login", {"a": "2"})
    for number in range(3):
        origin.commit("main", {"b": str(number)})
    project = a_project(origin.path)
    await cache.resolve(project, "main")
    assert await cache.lineage(project, head) == Lineage(base, behind=3, ahead=2)
    assert await cache.lineage(project, base) == Lineage(base, behind=3, ahead=0)


async def test_the_commits_of_a_feature_with_those_that_were_merged_into_it(origin: Origin, cache: GitCache) -> None:
    base = origin.head("main")
    theirs = origin.commit("carts", {"b": "1"}, "Carts")
    mine = origin.commit("login", {"a": "1"}, "Login")
    origin.git("checkout", "--quiet", "login")
    origin.git("merge", "--quiet", "--message=Merge carts", "carts")
    project = a_project(origin.path)
    found = await cache.range(project, base, origin.head("login"))
    assert {change.commit for change in found.changes} == {theirs, mine} and found.count == 2
    assert [author.name for author in found.authors] == ["Zoë"]
    rest = await cache.range(project, base, origin.head("login"), [theirs])
    assert [change.subject for change in rest.changes] == ["Login"]
