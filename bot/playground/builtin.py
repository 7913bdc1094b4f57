"""`/playground …`: a command of the stand-in itself, as /remind is one of Slack's. The bot never hears of it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.playground.git import GitError
from bot.playground.model import User
from bot.playground.repository import BASELINE, Repository, Wrong
from bot.playground.typed import escape

NAME = "/playground"
MEANING = "What git would do elsewhere: pushing to the example repository, making and dropping branches."


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
    Word("drop", ("BRANCH",), "Delete a branch. Its staging stays until you delete that as well."),
    Word("help", (), "This."),
)


class Builtin:
    """`repository`: None when the stand-in was not told of one."""

    def __init__(self, repository: Repository | None) -> None:
        self.repository = repository
        self._one_at_a_time = asyncio.Lock()

    async def answer(self, user: User, text: str) -> str:
        """What the person is told, in mrkdwn. `text`: as typed, without the command's name."""
        word, _, rest = text.strip().partition(" ")
        actions: dict[str, Callable[[Repository, User, str], str]] = {"push": _push, "branch": _branch, "drop": _drop}
        action = actions.get(word.casefold())
        if action is None:
            return help_text() if word.casefold() in ("", "help", "?") else _unknown(word)
        if self.repository is None:
            return f"This stand-in was not told of a repository, so `{NAME} {word}` has nothing to work on."
        async with self._one_at_a_time:
            return await asyncio.to_thread(_in_words, action, self.repository, user, rest.strip())


def help_text() -> str:
    lines = [f"`{NAME} {escape(word.syntax)}`: {word.meaning}" for word in WORDS]
    return "\n".join([f"{MEANING} Answered by the stand-in, not by the bot.", *lines])


def _in_words(action: Callable[[Repository, User, str], str], repository: Repository, user: User, rest: str) -> str:
    try:
        return action(repository, user, rest)
    except Wrong as wrong:
        return _sentence(escape(str(wrong)))
    except GitError as error:
        logging.getLogger(__name__).warning("%s: %s", NAME, error)
        return f"The example repository could not be changed. {_sentence(escape(str(error)))}"


def _push(repository: Repository, user: User, rest: str) -> str:
    branch, _, message = rest.partition(" ")
    if not branch:
        return _missing("push", "which branch", repository)
    made = repository.push(branch, message.strip(), user)
    return (
        f"You pushed `{made.commit[:7]}` {escape(made.subject)} to `{escape(branch)}`. "
        f"The shop's page says “{escape(made.words)}” there, as soon as it is deployed: "
        f"`/octopod deploy {escape(branch)}`"
    )


def _branch(repository: Repository, user: User, rest: str) -> str:
    match rest.split():
        case []:
            return _missing("branch", "the name of the new branch", repository)
        case [name]:
            source = BASELINE
        case [name, "from", source]:
            pass
        case _:
            syntax = f"{NAME} {_word('branch').syntax}"
            return f"That is not understood. `{syntax}`, such as `{NAME} branch blue-button from {BASELINE}`."
    commit = repository.make(name, source)
    name = escape(name)
    return (
        f"`{name}` starts at `{commit[:7]}`, where `{escape(source)}` is. "
        f"Change something with `{NAME} push {name}`, or deploy it as it is: `/octopod deploy {name}`"
    )


def _drop(repository: Repository, user: User, rest: str) -> str:
    if not rest:
        return _missing("drop", "which branch", repository)
    commit = repository.drop(rest)
    name = escape(rest)
    return (
        f"`{name}` is gone; it was at `{commit[:7]}`. If it has a staging, that still runs: `/octopod delete {name}` "
        f"removes it. `{NAME} branch {name}` makes a new one."
    )


def _missing(word: str, what: str, repository: Repository) -> str:
    known: Sequence[str] = sorted(branch.name for branch in repository.branches())
    there = ", ".join(f"`{escape(name)}`" for name in known)
    return f"Say {what}: `{NAME} {_word(word).syntax}`. There are: {there}."


def _unknown(word: str) -> str:
    return f"`{escape(word)}` is not something that `{NAME}` can do.\n{help_text()}"


def _word(name: str) -> Word:
    return next(word for word in WORDS if word.word == name)


def _sentence(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) or "git clone" in text else f"{text}."
