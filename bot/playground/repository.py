"""The example repository as people of the playground use it: pushing a commit, making, merging and dropping branches.

Works on the bare repository itself, without a checkout: a commit is made of objects and then becomes the branch's head,
unless somebody else was faster.
"""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot.playground.git import GitError, git, person
from bot.playground.model import User

BASELINE = "main"
LONGEST_BRANCH, LONGEST_SUBJECT = 100, 200

# The words at the top of the shop's page: what a push changes, so that it can be seen at the URL.
WORDS_FILE = "web/settings.py"
WORDS_PLACE = re.compile(r'(env\.get\("GREETING", ")([^"\\\n]*)("\))')
WORDS = (
    "Fresh from this morning's tide.",
    "Everything here once had eight arms around it.",
    "Small things, deep thoughts.",
    "Rinsed twice, priced once.",
    "Now with ten percent more sea.",
)

# A slip that starts well: only the login page of whoever is not signed in yet fails by it.
LOGIN_FILE = "web/login.py"
SOUND, BROKEN = 'escape(customer or "")', "escape(customer.title())"
BREAKS, MENDS = "Write names with capital letters on the login page", "Let strangers see the login page, too"


class Wrong(Exception):
    """What a person asked for cannot be done; the text says why, and what can."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """`commit`: 40 hex digits. `words`: what the shop's page says from now on."""

    branch: str
    commit: str
    subject: str
    words: str


@dataclass(frozen=True, slots=True)
class Branch:
    name: str
    commit: str
    subject: str
    author: str


class Repository:
    """Methods raise Wrong for what people asked for, GitError for what git could not do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def branches(self) -> list[Branch]:
        """The newest first."""
        fields = "%(refname:short)%00%(objectname)%00%(authorname)%00%(contents:subject)"
        lines = self._git("for-each-ref", f"--format={fields}", "--sort=-committerdate", "refs/heads").splitlines()
        found = [line.split("\0") for line in lines]
        return [Branch(name, commit, subject, author) for name, commit, author, subject in found]

    def push(self, branch: str, subject: str, author: User) -> Pushed:
        """A commit by `author` that changes the words of the shop's page. An empty `subject`: it says which words."""
        head = self._head(branch)
        text, words = self._reworded(branch, head)
        subject = " ".join(subject.split())[:LONGEST_SUBJECT] or f"Greet people with “{words}”"
        commit = self._commit(branch, head, WORDS_FILE, text, subject, author)
        return Pushed(branch, commit, subject, words)

    def spoil(self, branch: str, author: User) -> str:
        """A commit by `author` after which the login page answers 500. Returns it."""
        return self._login(branch, SOUND, BROKEN, BREAKS, author)

    def mend(self, branch: str, author: User) -> str:
        """A commit by `author` that takes back what `spoil` did. Returns it."""
        return self._login(branch, BROKEN, SOUND, MENDS, author)

    def make(self, branch: str, source: str) -> str:
        """A new branch where `source` is. Returns its commit."""
        self._refuse_bad_name(branch)
        head = self._head(source)
        if any(known.name == branch for known in self.branches()):
            raise Wrong(f"there is a branch `{branch}` already")
        self._move(branch, head, "0" * 40)
        return head

    def merge(self, branch: str, author: User) -> str:
        """Into the baseline, by a push like anybody's. Where both changed the same lines, the branch's count.

        Returns the baseline's new commit.
        """
        if branch == BASELINE:
            raise Wrong(f"`{BASELINE}` is what branches are merged into")
        head = self._head(branch)
        if not self._git("rev-list", "--max-count=1", head, f"^{BASELINE}"):
            raise Wrong(f"`{branch}` has nothing that `{BASELINE}` does not have")
        who = person(author.real_name, author.email)
        with tempfile.TemporaryDirectory(prefix="octopod-merge-") as work:
            self._git("clone", "--quiet", "--shared", f"--branch={BASELINE}", str(self.folder.resolve()), work)
            try:
                git(Path(work), "merge", "--quiet", "--no-ff", "-Xtheirs", "-m", f"Merge {branch}", head, env=who)
                git(Path(work), "push", "--quiet", "origin", BASELINE)
            except GitError as error:
                raise Wrong(f"`{branch}` can't be merged by itself. {error}") from error
        return self._head(BASELINE)

    def drop(self, branch: str) -> str:
        """Delete a branch. Returns the commit where it was."""
        head = self._head(branch)
        if branch == BASELINE:
            raise Wrong(f"`{BASELINE}` is what every branch starts from; it stays")
        self._git("update-ref", "-d", f"refs/heads/{branch}", head)
        return head

    # -- helpers

    def _head(self, branch: str) -> str:
        known = {found.name: found.commit for found in self.branches()}
        if branch not in known:
            raise Wrong(f"there is no branch `{branch}`; there are: {', '.join(sorted(known))}")
        return known[branch]

    def _refuse_bad_name(self, branch: str) -> None:
        try:
            self._git("check-ref-format", f"refs/heads/{branch}")
        except GitError as error:
            raise Wrong(f"`{branch}` is no name for a branch. One such as feature/blue-button is.") from error
        if len(branch) > LONGEST_BRANCH or branch.startswith("-"):
            raise Wrong(f"a branch's name has 1 to {LONGEST_BRANCH} characters and does not begin with a dash")

    def _login(self, branch: str, old: str, new: str, subject: str, author: User) -> str:
        head = self._head(branch)
        text = self._text(head, LOGIN_FILE)
        if old not in text:
            state = "mended" if old == BROKEN else "broken"
            raise Wrong(f"the login page of `{branch}` can't be {state} by this: its line is not in {LOGIN_FILE}")
        return self._commit(branch, head, LOGIN_FILE, text.replace(old, new), subject, author)

    def _text(self, head: str, file: str) -> str:
        """Empty, if there is no such file."""
        try:
            return self._git("cat-file", "blob", f"{head}:{file}")
        except GitError:
            return ""

    def _reworded(self, branch: str, head: str) -> tuple[str, str]:
        """WORDS_FILE with the next words of WORDS in it, and those words."""
        text = self._text(head, WORDS_FILE)
        place = WORDS_PLACE.search(text)
        if place is None:
            raise Wrong(
                f"{WORDS_FILE} of `{branch}` has no greeting to change any more. Push a change of your own: "
                f"git clone {self.folder}"
            )
        at = WORDS.index(place[2]) + 1 if place[2] in WORDS else 0
        words = WORDS[at % len(WORDS)]
        return text[: place.start(2)] + words + text[place.end(2) :], words

    def _commit(self, branch: str, head: str, file: str, text: str, subject: str, author: User) -> str:
        """One that has this text in the file, and is the branch's head from now on."""
        tree, who = self._tree(head, file, text), person(author.real_name, author.email)
        commit = self._git("commit-tree", tree, "-p", head, "-F", "-", stdin=subject + "\n", env=who).strip()
        self._move(branch, commit, head)
        return commit

    def _tree(self, head: str, file: str, text: str) -> str:
        """The tree of `head` with another text in the file; put together in an index of its own."""
        with tempfile.TemporaryDirectory(prefix="octopod-index-") as place:
            index = {"GIT_INDEX_FILE": str(Path(place, "index"))}
            mode = self._git("ls-tree", head, "--", file).split()[0]
            blob = self._git("hash-object", "-w", "--stdin", stdin=text).strip()
            self._git("read-tree", head, env=index)
            self._git("update-index", "--cacheinfo", f"{mode},{blob},{file}", env=index)
            return self._git("write-tree", env=index).strip()

    def _move(self, branch: str, commit: str, old: str) -> None:
        """Only from where it was: whoever pushed meanwhile loses nothing."""
        try:
            self._git("update-ref", f"refs/heads/{branch}", commit, old)
        except GitError as error:
            raise Wrong(f"`{branch}` was changed by somebody else meanwhile, or is in the way. Try again.") from error

    def _git(self, *arguments: str, env: dict[str, str] | None = None, stdin: str = "") -> str:
        return git(self.folder, *arguments, env=env, stdin=stdin)
