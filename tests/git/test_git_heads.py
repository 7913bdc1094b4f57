"""The list of branches that following relies on: whole, or an error. Nothing in between may pass for "deleted"."""

import asyncio
from pathlib import Path

import pytest
from git_host import TOKEN, GitHost, serving
from git_kit import Origin, a_cache, a_project, program

from bot.domain.errors import OctopodError, PermanentError, TemporaryError
from bot.git.listing import listing
from bot.git.mirror import Limits
from bot.git.repository import GitCache
from bot.ports import Head

ONE, TWO = "1" * 40, "2" * 40
SHOP = a_project("https://git.example.com/shop")


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.fixture
def cache(tmp_path: Path) -> GitCache:
    return a_cache(tmp_path / "cache")


async def test_all_branches_as_they_are_now_and_nothing_is_fetched(
    tmp_path: Path, origin: Origin, cache: GitCache
) -> None:
    commit = origin.commit("login", {"a": "1"})
    for name in ("refs/heads/nested", "line\u2028separator\x85", "größe/🐙"):
        origin.branch(name, commit)
    origin.git("tag", "v1", commit)
    found = {head.branch: head.commit for head in await cache.heads(a_project(origin.path))}
    names = ("login", "refs/heads/nested", "line\u2028separator\x85", "größe/🐙")
    assert found == {"main": origin.head("main"), **dict.fromkeys(names, commit)}
    assert not (tmp_path / "cache" / "shop.git").exists()
    newer = origin.commit("login", {"a": "2"})
    assert Head("login", newer) in await cache.heads(a_project(origin.path))


async def test_refs_are_told_by_their_whole_names_and_fetched_though_no_branch_holds_them(tmp_path: Path) -> None:
    origin, cache = Origin(tmp_path / "origin"), a_cache(tmp_path / "cache")
    commit = origin.commit("brought", {"a": "1"}, "Brought by a fork")
    origin.git("update-ref", "refs/pull/7/head", commit)
    origin.git("update-ref", "refs/other/refs/pull/8/head", commit)
    origin.git("update-ref", "refs/heads/brought", origin.head("main"))
    wanted = ["refs/pull/7/head", "refs/pull/8/head", "refs/merge-requests/7/head"]
    assert await cache.refs(a_project(origin.path), wanted) == {"refs/pull/7/head": commit}
    assert await cache.refs(a_project(origin.path), []) == {}
    assert (await cache.commit(a_project(origin.path), commit)).subject == "Brought by a fork"


def test_names_that_are_no_text_are_branches_that_nobody_can_say() -> None:
    out = f"{ONE}\trefs/heads/main\n".encode() + f"{TWO}\trefs/heads/".encode() + b"gr\xf6\xdfe\n"
    assert listing(out, SHOP) == [Head("main", ONE)]


def test_a_list_that_is_cut_anywhere_is_told_from_a_whole_one() -> None:
    whole = f"{ONE}\trefs/heads/login\n{TWO}\trefs/heads/main\n".encode()
    assert listing(whole, SHOP) == [Head("login", ONE), Head("main", TWO)]
    for length in range(len(whole)):
        with pytest.raises(OctopodError, match=r"cut or garbled|shows no branches|but it is not called main"):
            listing(whole[:length], SHOP)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "warning: what now",
        f"{ONE} refs/heads/x",
        f"{ONE}\trefs/tags/x",
        f"{ONE}\tHEAD",
        f"{ONE}\trefs/heads/",
        f"{ONE[:39]}\trefs/heads/x",
        f"{ONE.replace('1', 'g')}\trefs/heads/x",
        f"{TWO}\trefs/heads/main",
    ],
)
def test_a_line_that_is_no_branch_spoils_the_list(line: str) -> None:
    with pytest.raises(TemporaryError, match="cut or garbled"):
        listing(f"{ONE}\trefs/heads/main\n{line}\n".encode(), SHOP)


async def test_a_list_without_branches_or_baseline_says_what_to_do(origin: Origin, cache: GitCache) -> None:
    origin.branch("login")
    origin.delete("main")
    with pytest.raises(PermanentError, match="shows 1 branch, but it is not called main") as caught:
        await cache.heads(a_project(origin.path))
    assert "`baseline:`" in caught.value.next_step
    origin.delete("login")
    with pytest.raises(PermanentError, match="shows no branches at all"):
        await cache.heads(a_project(origin.path))


async def test_a_host_that_hangs_up_in_the_middle_of_its_list(tmp_path: Path, origin: Origin) -> None:
    for number in range(4):
        origin.branch(f"branch-{number}")
    async with serving(GitHost(tmp_path)) as host:
        cache = a_cache(tmp_path / "cache", {"GIT_TOKEN": TOKEN})
        project = a_project(f"{host.url}/origin", credentials="GIT_TOKEN")
        assert len(await cache.heads(project)) == 5
        # Each line has 4 bytes of length, 40 of commit, and a name; after the last one come 4 that say so.
        size = sum(4 + 40 + len(f" refs/heads/{name}\n") for name in ["main", *(f"branch-{n}" for n in range(4))]) + 4
        for host.cut in (0, 3, 20, 66, 132, size - 4, size - 1):
            with pytest.raises(TemporaryError, match="Can't reach"):
                await cache.heads(project)
        host.cut = size
        assert len(await cache.heads(project)) == 5


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
async def test_a_host_that_refuses_lists_nothing(tmp_path: Path, origin: Origin, status: int) -> None:
    async with serving(GitHost(tmp_path, status=status)) as host:
        cache = a_cache(tmp_path / "cache", {"GIT_TOKEN": TOKEN})
        with pytest.raises(TemporaryError if status in (429, 500, 503) else PermanentError, match=host.url):
            await cache.heads(a_project(f"{host.url}/origin", credentials="GIT_TOKEN"))


async def test_a_git_that_fails_after_a_whole_list_has_listed_nothing(tmp_path: Path, origin: Origin) -> None:
    path = program(tmp_path, "git", 'git "$@"; exit 128')
    with pytest.raises(TemporaryError, match="gave no reason"):
        await a_cache(tmp_path / "cache", {"PATH": path}).heads(a_project(origin.path))


async def test_a_host_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/shop.git"
    async with server:
        with pytest.raises(TemporaryError, match=r"did not finish answering within 0\.3 s"):
            await a_cache(tmp_path / "cache", limits=Limits(read=0.3)).heads(a_project(url))
