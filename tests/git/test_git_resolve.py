"""What people type, and the branch and commit that they mean."""

import asyncio
import unicodedata
from pathlib import Path

import pytest
from git_kit import Origin, a_cache, a_project, program, until

from bot.domain.errors import ConfigError, PermanentError, TemporaryError, UserError
from bot.git.repository import GitCache

NAMES = [
    "feature/PAY-12_X",
    "überfällig/größe",
    'it\'s-"quoted"',
    "emoji-🐙",
    "-starts-with-a-dash",
    "--upload-pack=x",
    "@",
    "a" * 200,
    "trailing--",
    "dollar$(x)`y`;z&|",
    "#123",
    "%s%n",
    "line\u2028separator\x85",
    "non\u00a0breaking",
    "refs/heads/nested",
    "HEAD",
]


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def cache(tmp_path: Path) -> GitCache:
    return a_cache(tmp_path / "cache")


@pytest.mark.parametrize("name", NAMES)
async def test_every_legal_branch_name_is_found_by_itself(origin: Origin, cache: GitCache, name: str) -> None:
    origin.branch(name)
    head = await cache.resolve(a_project(origin.path), name)
    assert (head.branch, head.commit) == (name, origin.head("main"))


@pytest.mark.parametrize(
    "said", ["feature/PAY-12_X", "FEATURE/pay-12_x", "origin/feature/PAY-12_X", "refs/heads/feature/pay-12_x", "pay-12"]
)
async def test_a_branch_is_found_by_case_form_and_part(origin: Origin, cache: GitCache, said: str) -> None:
    commit = origin.commit("feature/PAY-12_X", {"a": "1"})
    head = await cache.resolve(a_project(origin.path), said)
    assert (head.branch, head.commit) == ("feature/PAY-12_X", commit)


async def test_letters_composed_differently_are_the_same(origin: Origin, cache: GitCache) -> None:
    origin.branch("größe")
    head = await cache.resolve(a_project(origin.path), unicodedata.normalize("NFD", "größe"))
    assert head.branch == "größe"


async def test_exact_wins_over_case_and_part(origin: Origin, cache: GitCache) -> None:
    for name in ("login", "Login", "login-form", "origin/login"):
        origin.branch(name)
    project = a_project(origin.path)
    assert (await cache.resolve(project, "login")).branch == "login"
    assert (await cache.resolve(project, "origin/login")).branch == "origin/login"
    assert (await cache.resolve(project, "origin/login-form")).branch == "login-form"


async def test_an_unknown_name_is_answered_with_similar_ones(origin: Origin, cache: GitCache) -> None:
    for name in ("orange-button", "green-button", "Orange-Bottom", "unrelated"):
        origin.branch(name)
    with pytest.raises(UserError, match="There is no branch “ornage-button”") as caught:
        await cache.resolve(a_project(origin.path), "ornage-button")
    assert caught.value.suggestions[0] == "orange-button"
    assert "unrelated" not in caught.value.suggestions


async def test_an_ambiguous_part_names_the_candidates(origin: Origin, cache: GitCache) -> None:
    for number in range(12):
        origin.branch(f"button-{number}")
    with pytest.raises(UserError, match="any of 12 branches") as caught:
        await cache.resolve(a_project(origin.path), "button")
    assert len(caught.value.suggestions) == 10
    with pytest.raises(UserError, match="any of 2 branches"):
        origin.branch("BUTTON-1")
        await cache.resolve(a_project(origin.path), "Button-1")


@pytest.mark.parametrize("said", ["", "   "])
async def test_nothing_said_is_asked_for(origin: Origin, cache: GitCache, said: str) -> None:
    with pytest.raises(UserError, match="Say which branch"):
        await cache.resolve(a_project(origin.path), said)


async def test_a_repository_without_branches_says_so(tmp_path: Path, origin: Origin, cache: GitCache) -> None:
    origin.delete("main")
    with pytest.raises(UserError, match="no branches yet"):
        await cache.resolve(a_project(origin.path), "main")


async def test_a_commit_is_found_with_the_branch_it_is_head_of(origin: Origin, cache: GitCache) -> None:
    commit = origin.commit("login", {"a": "1"})
    origin.commit("main", {"b": "1"})
    project = a_project(origin.path)
    for said in (commit, commit[:7], commit[:12].upper()):
        head = await cache.resolve(project, said)
        assert (head.branch, head.commit) == ("login", commit)


async def test_a_commit_inside_branches_goes_to_the_baseline_else_to_the_newest(
    origin: Origin, cache: GitCache
) -> None:
    shared = origin.head("main")
    inner = origin.commit("one", {"a": "1"})
    origin.branch("two", inner)
    origin.commit("one", {"a": "2"})
    origin.commit("two", {"a": "3"})
    project = a_project(origin.path)
    assert (await cache.resolve(project, shared)).branch == "main"
    head = await cache.resolve(project, inner)
    assert (head.branch, head.commit) == ("two", inner)


async def test_a_commit_that_nobody_has_or_no_branch_holds(origin: Origin, cache: GitCache) -> None:
    project = a_project(origin.path)
    with pytest.raises(UserError, match="no branch or commit “deadbeef1”"):
        await cache.resolve(project, "deadbeef1")
    commit = origin.commit("gone", {"a": "1"})
    assert (await cache.resolve(project, commit)).branch == "gone"
    origin.delete("gone")
    with pytest.raises(UserError, match="is on no branch"):
        await cache.resolve(project, commit)


async def test_a_push_is_seen_at_once_and_deleted_branches_are_forgotten(origin: Origin, cache: GitCache) -> None:
    project = a_project(origin.path)
    origin.commit("login", {"a": "1"})
    await cache.resolve(project, "login")
    newer = origin.commit("login", {"a": "2"})
    assert (await cache.resolve(project, "login")).commit == newer
    origin.git("checkout", "--quiet", "main")
    origin.delete("login")
    origin.branch("login/form")  # a folder where the file of the deleted branch was
    assert (await cache.resolve(project, "login")).branch == "login/form"
    with pytest.raises(UserError):
        await cache.resolve(project, "login-page")


async def test_what_is_ambiguous_is_named_newest_first(origin: Origin, cache: GitCache) -> None:
    origin.commit("login-older", {"a": "1"})
    origin.commit("login-newer", {"a": "1"})
    with pytest.raises(UserError) as caught:
        await cache.resolve(a_project(f"file://{origin.path}"), "login")
    assert caught.value.suggestions == ("login-newer", "login-older")


async def test_fifty_at_once_fetch_at_most_twice(tmp_path: Path, origin: Origin) -> None:
    for number in range(50):
        origin.branch(f"branch-{number}")
    path = program(tmp_path, "git", f'echo "$*" >> \'{tmp_path}/calls\'; exec git "$@"')
    cache = a_cache(tmp_path / "cache", {"PATH": path})
    project = a_project(origin.path)
    heads = await asyncio.gather(*(cache.resolve(project, f"branch-{number}") for number in range(50)))
    assert [head.branch for head in heads] == [f"branch-{number}" for number in range(50)]
    calls = (tmp_path / "calls").read_text().splitlines()
    assert 1 <= len([call for call in calls if " fetch " in call]) <= 2


async def test_who_asks_during_a_fetch_sees_what_was_pushed_before(
    tmp_path: Path, origin: Origin, cache: GitCache
) -> None:
    project = a_project(origin.path)
    first = asyncio.create_task(cache.resolve(project, "main"))
    await until((tmp_path / "cache" / "shop.git").exists)
    newer = origin.commit("main", {"b": "2"})
    assert (await cache.resolve(project, "main")).commit == newer
    assert (await first).branch == "main"


async def test_a_caller_that_goes_away_leaves_the_fetch_to_the_others(origin: Origin, cache: GitCache) -> None:
    project = a_project(origin.path)
    leaving, staying = (asyncio.create_task(cache.resolve(project, "main")) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).branch == "main"
    assert (await asyncio.gather(leaving, return_exceptions=True)) and leaving.cancelled()


async def test_an_outage_is_never_answered_from_old_data(origin: Origin, cache: GitCache) -> None:
    await cache.resolve(a_project(origin.path), "main")
    with pytest.raises(TemporaryError, match=r"Can't reach http://127\.0\.0\.1:1/shop\.git: Failed to connect"):
        await cache.resolve(a_project("http://127.0.0.1:1/shop.git"), "main")


async def test_another_repository_address_is_followed(tmp_path: Path, origin: Origin, cache: GitCache) -> None:
    await cache.resolve(a_project(origin.path), "main")
    other = Origin(tmp_path / "other")
    commit = other.commit("main", {"other": "1"})
    other.branch("only-here")
    assert (await cache.resolve(a_project(other.path), "main")).commit == commit
    assert (await cache.resolve(a_project(other.path), "only-here")).branch == "only-here"


@pytest.mark.parametrize("repo", ["ext::sh -c id", "--upload-pack=id", "/nowhere/at/all", "file:///nowhere", "foo://x"])
async def test_what_is_no_repository_is_refused(cache: GitCache, repo: str) -> None:
    with pytest.raises(PermanentError) as caught:
        await cache.resolve(a_project(repo), "main")
    assert "repo" in caught.value.next_step


async def test_check_tells_the_version_or_that_git_is_missing(tmp_path: Path, cache: GitCache) -> None:
    assert (await cache.check())[0].isdigit()
    with pytest.raises(ConfigError, match="git is not installed"):
        await a_cache(tmp_path / "cache", {"PATH": str(tmp_path)}).check()
