"""A repository as it lies at its host; commits are made of whole files, one program each."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from git_kit import ENVIRON


@dataclass(frozen=True, slots=True)
class Person:
    """`slack`: the Slack user with this address, if there is one; `handle`: of the same."""

    name: str
    email: str
    slack: str = ""
    handle: str = ""


ALICE = Person("Alice", "alice@example.com", "U01ALICE", "alice")
BOB = Person("Bob", "bob@example.com", "U02BOB", "bob")
CAROL = Person("Carol", "carol@example.com", "U03CAROL", "carol")
DORA = Person("Dora", "dora@elsewhere.example")
PEOPLE = (ALICE, BOB, CAROL, DORA)


@dataclass(frozen=True, slots=True)
class Work:
    """A commit to be made: by whom, and what it makes of which files."""

    by: Person
    files: Mapping[str, str]
    subject: str = "Work"


class Repository:
    """`files`: by branch, as it is now; `began`: as it was where the branch left the baseline."""

    def __init__(self, folder: Path, baseline: str, files: Mapping[str, str]) -> None:
        self.folder, self.baseline = folder, baseline
        self.files: dict[str, dict[str, str]] = {}
        self.began: dict[str, dict[str, str]] = {}
        self._second = 1_790_000_000
        folder.mkdir(parents=True)
        self._git("init", "--quiet", "--bare", "--template=", f"--initial-branch={baseline}")
        self.commit(baseline, [Work(ALICE, files, "All of it")])

    def commit(self, branch: str, work: Sequence[Work], start: str = "", merge: str = "", anew: bool = False) -> str:
        """Onto the branch, which begins at `start` (the baseline) if it is new, or made `anew`.

        `merge`: a branch that the first of them brings in. Returns the head.
        """
        origin = branch if branch in self.files and not anew else start or self.baseline
        files = dict(self.files.get(origin, {}))
        if origin != branch:
            self.began[branch] = self.began.get(origin, files)
        if merge:
            own = {path: text for path, text in files.items() if text != self.began[branch].get(path)}
            files = {**files, **self.files[merge], **own}
        parts = []
        for number, one in enumerate(work):
            brought = files if number == 0 and (merge or anew) else {}
            files = {**files, **one.files}
            parents = [self.head(origin)] if number == 0 and self.files else []
            merged = self.head(merge) if merge and number == 0 else ""
            parts.append(self._commit(branch, one, {**brought, **one.files}, parents, merged))
        self._git("fast-import", "--quiet", "--force", given="".join(parts))
        self.files[branch] = files
        return self.head(branch)

    def head(self, branch: str) -> str:
        return self._git("rev-parse", f"refs/heads/{branch}").strip()

    def _commit(self, branch: str, work: Work, files: Mapping[str, str], parents: Sequence[str], merged: str) -> str:
        self._second += 60
        who = f"{work.by.name} <{work.by.email}> {self._second} +0000"
        lines = [f"commit refs/heads/{branch}", f"author {who}", f"committer {who}", _data(work.subject)]
        lines += [f"from {parent}" for parent in parents]
        lines += [f"merge {merged}"] if merged else []
        lines += [f"M 100644 inline {path}\n{_data(text)}" for path, text in files.items()]
        return "\n".join([*lines, "", ""])

    def _git(self, *arguments: str, given: str = "") -> str:
        command = ["git", "-C", str(self.folder), "-c", "core.fsync=none", *arguments]
        done = subprocess.run(command, env=ENVIRON, input=given.encode(), capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"
