"""The example repository: real commits by different people, the same every time, made once."""

import subprocess
from pathlib import Path

import pytest

from bot.domain.errors import ConfigError
from bot.playground.example import branches_folder, make_repository, shop_folder

BRANCHES = ["broken-login", "broken-start", "green-button", "main", "orange-button", "slow-start"]


def git(repository: Path, *arguments: str) -> str:
    command = ["git", f"--git-dir={repository}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example") / "shop.git"
    make_repository(folder)
    return folder


def test_it_has_the_branches_and_is_whole(repository: Path) -> None:
    assert git(repository, "for-each-ref", "--format=%(refname:short)", "refs/heads").split() == BRANCHES
    assert git(repository, "symbolic-ref", "HEAD").strip() == "refs/heads/main"
    git(repository, "fsck", "--strict")


def test_main_is_the_shops_folder(repository: Path) -> None:
    files = git(repository, "ls-tree", "-r", "--name-only", "main").splitlines()
    wanted = [
        str(path.relative_to(shop_folder()))
        for path in shop_folder().rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert sorted(files) == sorted(wanted)
    assert git(repository, "show", "main:web/theme.py") == (shop_folder() / "web/theme.py").read_text()


def test_the_login_form_was_broken_by_alice_in_two_commits(repository: Path) -> None:
    log = git(repository, "log", "--format=%an <%ae> %s", "main..broken-login").splitlines()
    assert log == [
        "Alice <alice@example.com> Greet people by their first name on the login page",
        "Alice <alice@example.com> Sign people in by e-mail",
    ]


def test_different_people_work_on_it(repository: Path) -> None:
    people = set(git(repository, "log", "--all", "--format=%ae").split())
    assert people == {"alice@example.com", "bob@example.com", "carol@example.com"}


def test_a_branch_changes_only_what_it_says(repository: Path) -> None:
    changed = git(repository, "diff", "-U0", "main", "orange-button").splitlines()
    assert [line for line in changed if line.startswith(("+BUTTON", "-BUTTON"))] == [
        '-BUTTON = "blue"',
        '+BUTTON = "orange"',
    ]
    assert git(repository, "diff", "--name-only", "main", "orange-button").split() == ["web/theme.py"]


def test_it_is_the_same_every_time(repository: Path, tmp_path: Path) -> None:
    make_repository(tmp_path / "again.git")
    heads = "for-each-ref", "--format=%(objectname) %(refname)"
    assert git(tmp_path / "again.git", *heads) == git(repository, *heads)


def test_what_exists_is_left_alone_and_nothing_is_left_behind(tmp_path: Path) -> None:
    make_repository(tmp_path / "shop.git")
    git(tmp_path / "shop.git", "update-ref", "-d", "refs/heads/slow-start")
    make_repository(tmp_path / "shop.git")
    assert "slow-start" not in git(tmp_path / "shop.git", "for-each-ref")
    assert [path.name for path in tmp_path.iterdir()] == ["shop.git"]


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="git is not installed"):
        make_repository(tmp_path / "shop.git")
    assert list(tmp_path.iterdir()) == []


def test_every_branch_folder_holds_patches() -> None:
    assert sorted(["main", *(folder.name for folder in branches_folder().iterdir())]) == BRANCHES
    assert all(list(folder.glob("*.patch")) for folder in branches_folder().iterdir())
