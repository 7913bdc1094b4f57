"""`/playground …`: a command of the stand-in itself, as /remind is one of Slack's. The bot is told what it did."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.playground.git import GitError
from bot.playground.model import Json, User
from bot.playground.repository import BASELINE, BREAKS, MENDS, Repository, Wrong
from bot.playground.typed import escape

NAME = "/playground"
NOT_HEARD = "The bot could not be told. It sees for itself, within a minute of running."
MEANING = (
    "What git would do elsewhere: pushing to the example repository, making, merging and dropping branches. And what "
    "goes wrong elsewhere by itself."
)


ODD_NAME = "Two blanks in the name (`Ada  Lovelace`), and its shelf can't show who bought last."


@dataclass(frozen=True, slots=True)
class Word:
    """`arguments`: as help shows them. What is in capitals is filled in, what is in brackets may be left out."""

    word: str
    arguments: tuple[str, ...]
    meaning: str

    @property
    def syntax(self) -> str:
        return " ".join((self.word, *self.arguments))


WORDS = (
    Word("push", ("BRANCH", "[MESSAGE]"), "A real commit on a branch, by you: other words on the shop's page."),
    Word("branch", ("NAME", "[from BRANCH]"), f"A new branch, from `{BASELINE}` unless you say from which."),
    Word("merge", ("BRANCH",), f"Merge a branch into `{BASELINE}`, as the button of a pull request does."),
    Word("drop", ("BRANCH",), "Delete a branch. Its staging goes an hour later."),
    Word("break", ("BRANCH",), "A real commit, by you, that starts well and breaks the shop's login page."),
    Word("mend", ("BRANCH",), "A real commit, by you, that takes this back."),
    Word("order", ("STAGING", "[NAME]"), f"Buy something in a staging's shop. {ODD_NAME}"),
    Word("help", (), "This."),
)


@dataclass(frozen=True, slots=True)
class Done:
    """`text`: for whoever did it. `told`: for the bot, in this order."""

    text: str
    told: tuple[Json, ...] = ()


Action = Callable[[Repository, User, str], Done]


class Telling(Protocol):
    async def tell(self, what: Json) -> bool: ...


class Shopping(Protocol):
    async def order(self, staging: str, customer: str) -> str: ...


class Builtin:
    """`repository`: None when the stand-in was not told of one. `webhook`, `shops`: None when it knows no bot."""

    def __init__(
        self, repository: Repository | None, webhook: Telling | None = None, shops: Shopping | None = None
    ) -> None:
        self.repository, self._webhook, self._shops = repository, webhook, shops
        self._one_at_a_time = asyncio.Lock()

    async def answer(self, user: User, text: str) -> str:
        """What the person is told, in mrkdwn. `text`: as typed, without the command's name."""
        word, _, rest = text.strip().partition(" ")
        if word.casefold() == "order":
            return await self._order(user, rest.strip())
        if word.casefold() not in ACTIONS:
            return help_text() if word.casefold() in ("", "help", "?") else _unknown(word)
        if self.repository is None:
            return f"This stand-in was not told of a repository, so `{NAME} {word}` has nothing to work on."
        async with self._one_at_a_time:
            done = await asyncio.to_thread(_in_words, word.casefold(), self.repository, user, rest.strip())
            heard = [await self._webhook.tell(what) for what in done.told] if self._webhook else []
        return done.text if all(heard) else f"{done.text}\n{NOT_HEARD}"

    async def _order(self, user: User, rest: str) -> str:
        staging, _, customer = rest.partition(" ")
        if self._shops is None:
            return f"This stand-in was not told of a bot, so `{NAME} order` finds no shop."
        if not staging:
            return f"Say at which staging: `{NAME} {_word('order').syntax}`."
        return escape(await self._shops.order(staging, customer.strip() or user.real_name))


def help_text() -> str:
    lines = [f"`{NAME} {escape(word.syntax)}`: {word.meaning}" for word in WORDS]
    return "\n".join([f"{MEANING} Answered by the stand-in; the bot hears of it as from a git host.", *lines])


def _in_words(word: str, repository: Repository, user: User, rest: str) -> Done:
    try:
        return ACTIONS[word](repository, user, rest) if rest else _missing(word, repository)
    except Wrong as wrong:
        return Done(_sentence(escape(str(wrong))))
    except GitError as error:
        logging.getLogger(__name__).warning("%s: %s", NAME, error)
        return Done(f"The example repository could not be changed. {_sentence(escape(str(error)))}")


def _push(repository: Repository, user: User, rest: str) -> Done:
    branch, _, message = rest.partition(" ")
    made = repository.push(branch, message.strip(), user)
    text = (
        f"You pushed `{made.commit[:7]}` {escape(made.subject)} to `{escape(branch)}`. "
        f"If it has a staging, that is updated by itself, and its page says “{escape(made.words)}”. "
        f"If it has none: `/octopod deploy {escape(branch)}`"
    )
    return Done(text, (_moved(branch, made.commit, user),))


def _break(repository: Repository, user: User, branch: str) -> Done:
    commit = repository.spoil(branch, user)
    name = escape(branch)
    text = (
        f"You pushed `{commit[:7]}` {BREAKS} to `{name}`. Its staging will be live, and its login page answers "
        f"500: some seconds later #stagings-alerts says what broke it. `{NAME} mend {name}` takes it back."
    )
    return Done(text, (_moved(branch, commit, user),))


def _mend(repository: Repository, user: User, branch: str) -> Done:
    commit = repository.mend(branch, user)
    text = f"You pushed `{commit[:7]}` {MENDS} to `{escape(branch)}`. Its staging is updated by itself, and well again."
    return Done(text, (_moved(branch, commit, user),))


def _branch(repository: Repository, user: User, rest: str) -> Done:
    match rest.split():
        case [name]:
            source = BASELINE
        case [name, "from", source]:
            pass
        case _:
            syntax = f"{NAME} {_word('branch').syntax}"
            return Done(f"That is not understood. `{syntax}`, such as `{NAME} branch blue-button from {BASELINE}`.")
    commit = repository.make(name, source)
    shown = escape(name)
    text = (
        f"`{shown}` starts at `{commit[:7]}`, where `{escape(source)}` is. "
        f"Change something with `{NAME} push {shown}`, or deploy it as it is: `/octopod deploy {shown}`"
    )
    return Done(text, (_moved(name, commit, user),))


def _merge(repository: Repository, user: User, rest: str) -> Done:
    commit = repository.merge(rest, user)
    name = escape(rest)
    text = (
        f"You merged `{name}` into `{BASELINE}`, which is at `{commit[:7]}` now. If it has a staging, that goes in an "
        f"hour: its thread says so. The one of `{BASELINE}` is updated. `{NAME} drop {name}` deletes the branch, too."
    )
    merged = {"branch": rest, "merged": True, "by": user.real_name}
    return Done(text, (merged, _moved(BASELINE, commit, user)))


def _drop(repository: Repository, user: User, rest: str) -> Done:
    commit = repository.drop(rest)
    name = escape(rest)
    text = (
        f"`{name}` is gone; it was at `{commit[:7]}`. If it has a staging, that goes in an hour: its thread says so. "
        f"`/octopod delete {name}` removes it at once, `{NAME} branch {name}` makes a new branch."
    )
    return Done(text, ({"branch": rest, "deleted": True, "by": user.real_name},))


ACTIONS: dict[str, Action] = {
    "push": _push,
    "branch": _branch,
    "merge": _merge,
    "drop": _drop,
    "break": _break,
    "mend": _mend,
}


def _moved(branch: str, commit: str, user: User) -> Json:
    return {"branch": branch, "commit": commit, "by": user.real_name}


def _missing(word: str, repository: Repository) -> Done:
    what = "the name of the new branch" if word == "branch" else "which branch"
    known: Sequence[str] = sorted(branch.name for branch in repository.branches())
    there = ", ".join(f"`{escape(name)}`" for name in known)
    return Done(f"Say {what}: `{NAME} {_word(word).syntax}`. There are: {there}.")


def _unknown(word: str) -> str:
    return f"`{escape(word)}` is not something that `{NAME}` can do.\n{help_text()}"


def _word(name: str) -> Word:
    return next(word for word in WORDS if word.word == name)


def _sentence(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) or "git clone" in text else f"{text}."
