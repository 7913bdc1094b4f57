"""Which staging do they mean? By what people have: its name, its branch or pull request, a part, a commit."""

import difflib
import re
from collections.abc import Callable, Collection, Sequence

from bot.domain.errors import UserError
from bot.domain.model import Pull, Staging
from bot.domain.pulls import Named, is_named, named

_COMMIT = re.compile(r"[0-9a-f]{7,40}")


class Ambiguous(UserError):
    """Several stagings fit; `candidates` are offered as a menu."""

    def __init__(self, text: str, candidates: Sequence[Staging]) -> None:
        super().__init__(text, [staging.name for staging in candidates])
        self.candidates = tuple(candidates)


def find(stagings: Sequence[Staging], text: str, projects: Collection[str] = ()) -> Staging:
    """The one that `text` means. The closest kind of match decides: an exact name beats a part of another one.

    Where several fit equally well, those of these `projects` are meant: of the channel in which it was said. Raises
    UserError with suggestions when nothing fits, Ambiguous when there are still several.
    """
    for fits in _kinds(text):
        found = [staging for staging in stagings if fits(staging)]
        if len(found) > 1:
            found = [staging for staging in found if staging.project in projects] or found
        if len(found) == 1:
            return found[0]
        if found:
            found.sort(key=lambda staging: staging.name)
            raise Ambiguous(f"`{text}` could be one of {len(found)} stagings. Which one?", found)
    names = [staging.name for staging in stagings]
    close = difflib.get_close_matches(text.casefold(), names, n=3, cutoff=0.5)
    if not names:
        raise UserError("There is no staging yet. `/octopod deploy BRANCH` makes one.")
    raise UserError(f"There is no staging called `{text}`. `/octopod list` shows all.", close)


def _same(named: Named, pull: Pull) -> bool:
    return named.number == pull.number and (not named.repo or pull.url.startswith(f"{named.repo}/"))


def _kinds(text: str) -> Sequence[Callable[[Staging], bool]]:
    part, pull = text.casefold(), named(text) if is_named(text) else None
    kinds: list[Callable[[Staging], bool]] = [
        lambda staging: staging.name == text,
        lambda staging: staging.branch == text,
        lambda staging: pull is not None and staging.pull is not None and _same(pull, staging.pull),
        lambda staging: part in (staging.name.casefold(), staging.branch.casefold()),
    ]
    if _COMMIT.fullmatch(part):
        kinds.append(lambda staging: staging.attempt.commit.startswith(part))
    return [*kinds, lambda staging: part in staging.name.casefold() or part in staging.branch.casefold()]
