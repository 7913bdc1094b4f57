"""Which branch a person means: exact, by case, by a unique part of its name. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

from bot.domain.errors import UserError
from bot.ports import Head

COMMIT_ID = re.compile(r"[0-9a-fA-F]{7,40}")
MOST_CANDIDATES = 10
MOST_SUGGESTIONS = 5
# difflib is quadratic; nobody means the 2001st most recently changed branch by a typing error.
MOST_COMPARED = 2000
PREFIXES = ("refs/heads/", "refs/remotes/origin/", "remotes/origin/", "origin/", "heads/")


def by_name(heads: Sequence[Head], name: str) -> Head | None:
    """The branch of this name, also written as `origin/x` or `refs/heads/x`, exact before case-insensitive."""
    forms = [name, *(name.removeprefix(prefix) for prefix in PREFIXES if name.startswith(prefix))]
    exact = {head.branch: head for head in heads}
    for form in forms:
        if form in exact:
            return exact[form]
    for form in forms:
        if found := [head for head in heads if _folded(head.branch) == _folded(form)]:
            return _only(found, form)
    return None


def by_part(heads: Sequence[Head], part: str) -> Head | None:
    """The only branch whose name contains `part`, whatever its case."""
    found = [head for head in heads if _folded(part) in _folded(head.branch)]
    return _only(found, part) if found else None


def unknown(heads: Sequence[Head], name: str) -> UserError:
    """What to say when nothing matches."""
    if not heads:
        return UserError("The repository has no branches yet. Push one, then deploy it.")
    what = "branch or commit" if COMMIT_ID.fullmatch(name) else "branch"
    return UserError(f"There is no {what} “{short(name)}”.", _similar(heads, name))


def short(text: str, most: int = 100) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _only(found: Sequence[Head], name: str) -> Head:
    if len(found) == 1:
        return found[0]
    text = f"“{short(name)}” could be any of {len(found)} branches. Say which one."
    raise UserError(text, [head.branch for head in found[:MOST_CANDIDATES]])


def _similar(heads: Sequence[Head], name: str) -> list[str]:
    names = {_folded(head.branch): head.branch for head in reversed(heads[:MOST_COMPARED])}
    close = get_close_matches(_folded(short(name, 250)), names, n=MOST_SUGGESTIONS, cutoff=0.5)
    return [names[folded] for folded in close]


def _folded(text: str) -> str:
    """Keyboards differ in how they compose letters: é is one character on some and two on others."""
    return unicodedata.normalize("NFC", text).casefold()
