"""Tokens over HTTP (a real git server behind a password), keys over ssh, and what must never be seen of them."""

import asyncio
from pathlib import Path

import pytest
from git_host import TOKEN, GitHost, serving
from git_kit import Origin, a_cache, a_project, program

from bot.domain.errors import OctopodError, PermanentError, TemporaryError
from bot.domain.project import Project
from bot.git.credentials import Environments
from bot.git.failures import Remote, fetch_failure, redacted
from bot.git.mirror import Limits
from bot.git.repository import GitCache


async def failing(cache: GitCache, project: Project) -> OctopodError:
    with pytest.raises(OctopodError) as caught:
        await cache.resolve(project, "main")
    return caught.value


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path / "origin")


@pytest.mark.parametrize("secret", [TOKEN, f"bob:{TOKEN}"])
async def test_a_token_opens_the_repository_and_is_written_nowhere(tmp_path: Path, origin: Origin, secret: str) -> None:
    origin.commit("login", {"a": "1"})
    async with serving(GitHost(tmp_path)) as host:
        cache = a_cache(tmp_path / "cache", {"GIT_TOKEN": secret})
        head = await cache.resolve(a_project(f"{host.url}/origin", credentials="GIT_TOKEN"), "login")
    assert head.commit == origin.head("login")
    assert set(host.asked) == {secret if ":" in secret else f"x-access-token:{secret}"}
    files = [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
    assert not [file for file in files if TOKEN.encode() in file.read_bytes()]


async def test_refused_credentials_are_final_and_name_the_variable(tmp_path: Path, origin: Origin) -> None:
    async with serving(GitHost(tmp_path)) as host:
        project = a_project(f"{host.url}/origin", credentials="GIT_TOKEN")
        error = await failing(a_cache(tmp_path / "cache", {"GIT_TOKEN": "wrong-token"}), project)
    assert isinstance(error, PermanentError)
    assert "refused the credentials in GIT_TOKEN" in error.text
    assert "wrong-token" not in error.text + error.next_step


async def test_no_credentials_where_some_are_wanted(tmp_path: Path, origin: Origin) -> None:
    async with serving(GitHost(tmp_path)) as host:
        error = await failing(a_cache(tmp_path / "cache"), a_project(f"{host.url}/origin"))
    assert isinstance(error, PermanentError)
    assert "this project has none" in error.text
    assert "`credentials:`" in error.next_step


@pytest.mark.parametrize("variables", [{}, {"GIT_TOKEN": "  "}])
async def test_a_missing_variable_is_named(tmp_path: Path, origin: Origin, variables: dict[str, str]) -> None:
    error = await failing(a_cache(tmp_path / "cache", variables), a_project(origin.path, credentials="GIT_TOKEN"))
    assert isinstance(error, PermanentError)
    assert "GIT_TOKEN" in error.text


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, PermanentError), (403, PermanentError), (500, TemporaryError), (503, TemporaryError), (429, TemporaryError)],
)
async def test_what_the_host_answers_decides_whether_to_try_again(
    tmp_path: Path, status: int, kind: type[OctopodError]
) -> None:
    async with serving(GitHost(tmp_path, status=status)) as host:
        error = await failing(a_cache(tmp_path / "cache"), a_project(f"{host.url}/shop.git"))
    assert type(error) is kind
    assert f"{host.url}/shop.git" in error.text


async def test_the_token_does_not_follow_a_redirect_to_another_host(tmp_path: Path, origin: Origin) -> None:
    async with serving(GitHost(tmp_path)) as thief, serving(GitHost(tmp_path, redirect=thief.url)) as host:
        project = a_project(f"{host.url}/origin", credentials="GIT_TOKEN")
        error = await failing(a_cache(tmp_path / "cache", {"GIT_TOKEN": TOKEN}), project)
    assert isinstance(error, PermanentError)
    assert thief.asked == []


async def test_a_host_that_never_answers_is_temporary(tmp_path: Path) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silence, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/shop.git"
    async with server:
        error = await failing(a_cache(tmp_path / "cache", limits=Limits(fetch=0.5)), a_project(url))
    assert isinstance(error, TemporaryError)
    assert "did not finish answering within 0.5 s" in error.text


async def test_a_password_in_the_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    error = await failing(a_cache(tmp_path / "cache"), a_project("https://bob:hunter2@127.0.0.1:1/shop.git"))
    assert isinstance(error, PermanentError)
    assert "hunter2" not in error.text + error.next_step


async def test_git_is_told_nothing_else_of_the_environment(tmp_path: Path, origin: Origin) -> None:
    path = program(tmp_path, "git", f"env > '{tmp_path}/env'; exit 128")
    cache = a_cache(tmp_path / "cache", {"PATH": path, "SLACK_BOT_TOKEN": "xoxb-1", "A": "tok-a", "B": "tok-b"})
    await failing(cache, a_project("https://127.0.0.1:1/x", credentials="A"))
    told = (tmp_path / "env").read_text()
    assert "xoxb-1" not in told and "tok-b" not in told


KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n-----END OPENSSH PRIVATE KEY-----"


@pytest.mark.parametrize("secret", [KEY, KEY.replace("\n", "\\n") + "\n"])
async def test_an_ssh_key_is_used_from_a_file_of_its_own(tmp_path: Path, origin: Origin, secret: str) -> None:
    path = program(tmp_path, "ssh", f"printf '%s\\n' \"$@\" > '{tmp_path}/args'; eval \"${{@: -1}}\"")
    cache = a_cache(tmp_path / "my cache", {"PATH": path, "KEY": secret})
    for repo in (f"git@host.invalid:{origin.path}", f"ssh://git@host.invalid{origin.path}"):
        head = await cache.resolve(a_project(repo, credentials="KEY"), "main")
        assert head.commit == origin.head("main")
    arguments = (tmp_path / "args").read_text().splitlines()
    assert f'IdentityFile="{tmp_path}/my cache/keys/shop"' in arguments
    key = tmp_path / "my cache" / "keys" / "shop"
    assert (key.read_text(), key.stat().st_mode & 0o777) == (KEY + "\n", 0o600)
    assert {"BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=accept-new"} <= set(arguments)
    assert f'UserKnownHostsFile="{tmp_path}/my cache/known_hosts"' in arguments


async def test_a_path_to_a_key_is_used_as_it_is(tmp_path: Path, origin: Origin) -> None:
    path = program(
        tmp_path, "ssh", f"echo \"$*\" > '{tmp_path}/args'; echo 'Permission denied (publickey)' >&2; exit 255"
    )
    cache = a_cache(tmp_path / "cache", {"PATH": path, "KEY": "/keys/id_ed25519"})
    error = await failing(cache, a_project("git@host.invalid:shop.git", credentials="KEY"))
    assert isinstance(error, PermanentError)
    assert "refused the credentials in KEY" in error.text
    assert 'IdentityFile="/keys/id_ed25519"' in (tmp_path / "args").read_text()


@pytest.mark.parametrize(
    ("complaint", "kind", "words"),
    [
        ("fatal: unable to access 'https://h/x/': Could not resolve host: h", TemporaryError, "Could not resolve host"),
        ("ssh: connect to host h port 22: Connection refused\nfatal: Could not read from remote repository.",
         TemporaryError, "Connection refused"),
        ("remote: Repository not found.\nfatal: repository 'https://h/x/' not found", PermanentError, "no repository"),
        ("ERROR: Repository not found.\nfatal: Could not read from remote.", PermanentError, "no repository"),
        ("fatal: Authentication failed for 'https://h/x/'", PermanentError, "refused the credentials in TOK"),
        ("Host key verification failed.\nfatal: Could not read from remote repository.", PermanentError, "trusted"),
        ("fatal: early EOF\nfatal: index-pack failed", TemporaryError, "early EOF"),
        ("error: something new", TemporaryError, "something new"),
        ("", TemporaryError, "no reason"),
    ],
)  # fmt: skip
def test_complaints_in_plain_words(complaint: str, kind: type[OctopodError], words: str) -> None:
    error = fetch_failure(complaint, Remote("https://h/x", "TOK"))
    assert type(error) is kind
    assert words in error.text


def test_secrets_are_hidden_wherever_they_stand() -> None:
    assert redacted("a tok b tok-long https://u:pw@h/x", ["tok", "tok-long", ""]) == "a ••• b ••• https://u:•••@h/x"


async def test_what_git_is_told_can_be_written_by_many_at_once(tmp_path: Path) -> None:
    environments = Environments(tmp_path / "cache", {})
    await asyncio.gather(*(asyncio.to_thread(environments.prepare) for _ in range(300)))
    assert {file.name for file in (tmp_path / "cache").iterdir()} == {"gitconfig", "askpass"}
