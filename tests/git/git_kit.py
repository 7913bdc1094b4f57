"""Real repositories, made with the git binary, and a cache to look at them through."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from bot.domain.project import Manifests, Project
from bot.git.mirror import Limits
from bot.git.repository import GitCache

ENVIRON = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Zoë",
    "GIT_AUTHOR_EMAIL": "zoe@example.com",
    "GIT_COMMITTER_NAME": "Zoë",
    "GIT_COMMITTER_EMAIL": "zoe@example.com",
}


class Origin:
    """A repository as it lies at the host. Commits are one minute apart."""

    def __init__(self, path: Path, of: Path | None = None) -> None:
        """`of`: one that is copied instead, as each commit takes half a dozen programs."""
        self.path = path
        self._minute = 0
        if of:
            shutil.copytree(of, path)
            self._minute = int(self.git("rev-list", "--all", "--count"))
        else:
            path.mkdir()
            self.git("init", "--quiet", "--initial-branch=main", "--template=")
            self.commit("main", {"README": "shop\n"})

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        time = {name: f"2026-05-01T10:{self._minute:02}:00+0200" for name in ("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE")}
        command = ["git", "-C", str(self.path), *arguments]
        done = subprocess.run(command, env=ENVIRON | time, input=stdin, text=True, capture_output=True, check=True)
        return done.stdout.strip()

    def commit(self, branch: str, files: dict[str, str], subject: str = "Change") -> str:
        """Write the files on the branch (made from main if it is new). Returns the commit."""
        self._minute += 1
        if branch != "main" and not self.git("for-each-ref", f"refs/heads/{branch}"):
            self.branch(branch)
        self.git("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        if self._minute > 1:
            self.git("reset", "--quiet", "--hard")
        for name, text in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return self.commit_worktree(branch, subject)

    def commit_worktree(self, branch: str, subject: str = "Change") -> str:
        """Commit what lies in the folder on the branch that is checked out."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={subject}")
        return self.head(branch)

    def head(self, branch: str) -> str:
        return self.git("rev-parse", f"refs/heads/{branch}")

    def branch(self, name: str, at: str = "main") -> None:
        """By plumbing, so that every name that git allows can be had."""
        self.git("update-ref", "--stdin", "-z", stdin=f"create refs/heads/{name}\0{self.git('rev-parse', at)}\0")

    def delete(self, name: str) -> None:
        self.git("update-ref", "-d", f"refs/heads/{name}")


def a_cache(folder: Path, variables: Mapping[str, str] | None = None, limits: Limits | None = None) -> GitCache:
    return GitCache(folder, {"PATH": os.environ["PATH"], **(variables or {})}, limits)


def program(folder: Path, name: str, script: str) -> str:
    """A PATH on which `name` is this script; in it, PATH is what it was without."""
    programs = folder / "programs"
    programs.mkdir()
    file = programs / name
    file.write_text(f"#!/bin/bash\nPATH=${{PATH#*:}}\n{script}\n")
    file.chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Looks again and again, with a limit."""
    for _ in range(int(seconds * 200)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never happened")


def a_project(repo: str | Path, name: str = "shop", credentials: str | None = None) -> Project:
    return Project(
        name=name,
        repo=str(repo),
        source=Manifests(PurePosixPath("deploy")),
        channel="stagings",
        alerts="alerts",
        credentials=credentials,
    )
