"""What can be typed: one table for `/octopod …`, for `@octopod …` in a thread, and for help.

    deploy BRANCH|#PULL [as NAME] [--profile · --env · --set] · config · diff · list [mine] · info · why · what-happened
    logs · extend · delete · undo · sleep · wake · rollback · reset · mute · unmute · projects · help

`parse` turns a message into a command or says everything that is wrong with it at once; `render` is its inverse,
and `reread` takes what that made.
"""

import difflib
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from bot.domain.commands import Command, Help
from bot.domain.durations import is_duration
from bot.domain.errors import UserError
from bot.domain.pulls import is_named
from bot.domain.verbs import INTROS, NOT_YET_OPTIONS, VERB_OF, VERBS, Slot, Verb, trouble
from bot.domain.words import Word, escape, is_plain, quoted, shown, split

MOST_CHARACTERS = 3000


class Usage(NamedTuple):
    """One command for people: `deploy BRANCH [as NAME]`, what it does, an example. What is typed before is left out."""

    syntax: str
    meaning: str
    example: str


def usage(topic: str | None = None) -> Sequence[Usage]:
    """All commands, or the one that `Help.topic` names, in the order in which people meet them."""
    return [Usage(verb.syntax, verb.meaning, verb.example) for verb in VERBS if topic in (None, verb.word)]


def parse(text: str) -> Command:
    """The command that a message means, as Slack sends it, without the bot's mention. Empty: help.

    Raises UserError with every mistake in plain text (not escaped for Slack), one per line.
    """
    if len(text) > MOST_CHARACTERS:
        raise UserError(f"That is too long for a command: it may have {MOST_CHARACTERS} characters.")
    return reread(text)


def reread(text: str) -> Command:
    """As `parse`, for what `render` made: that may be longer than what was typed, by its quotes and escapes."""
    found, mistakes = split(text)
    if len(found) == 1 and found[0].literal:  # the whole command was put in backticks
        found, mistakes = split(escape(found[0].text))
    queue = deque(found)
    if queue and queue[0].text.casefold() in ("/octopod", "@octopod"):
        queue.popleft()
    if not queue:
        return Help()
    first = queue.popleft().text
    verb = VERB_OF.get(first.casefold())
    if verb is None:
        raise UserError(f"`{shown(first)}` {trouble(first)}.")
    if any(word.is_option and word.text in ("--help", "-h") for word in queue):
        return Help(verb.word)
    reading = _Reading(verb, [*mistakes])
    reading.take(queue)
    return reading.command()


def typed(command: Command) -> str:
    """The command as a person would type it."""
    verb = next(verb for verb in VERBS if verb.make is type(command))
    return " ".join((verb.word, *_typed_slots(verb, command)))


def render(command: Command) -> str:
    """The command as Slack would send it: `reread(render(command)) == command`. Slack's markup shows it as `typed`."""
    return escape(typed(command))


class _Reading:
    """The words after a verb, sorted into its slots; mistakes are gathered, not raised."""

    def __init__(self, verb: Verb, mistakes: list[str]) -> None:
        self.verb = verb
        self.mistakes = mistakes
        self.values: dict[str, Any] = {}
        self.rest: list[Word] = []

    def take(self, queue: deque[Word]) -> None:
        intros = self.verb.intros
        while queue:
            word = queue.popleft()
            slot = None if word.literal else intros.get(word.text.casefold())
            if slot:
                self._introduced(slot, word, queue)
            elif word.is_option:
                self._unknown_option(word, queue)
            else:
                self.rest.append(word)
        self._place()

    def command(self) -> Command:
        if self.mistakes:
            raise UserError("\n".join(self.mistakes))
        return self.verb.make(**self.values)

    def _introduced(self, slot: Slot, word: Word, queue: deque[Word]) -> None:
        value = None if word.value is None else Word(word.value, True, quoted=word.quoted)
        if not slot.label:
            if value:
                self.mistakes.append(f"`{word.text}` takes no value.")
            return self._set(slot, True)
        if value is None and queue and not queue[0].is_option:
            value = queue.popleft()
        if value is None or not value.text:
            return self.mistakes.append(f"`{shown(word.text)}` must be followed by {slot.label}.")
        self._read(slot, value)

    def _unknown_option(self, word: Word, queue: deque[Word]) -> None:
        if word.text in NOT_YET_OPTIONS:
            if word.value is None and queue and not queue[0].is_option:
                queue.popleft()
            return self.mistakes.append(f"`{word.text}` is not supported yet.")
        options = [intro for intro in self.verb.intros if intro.startswith("-")]
        close = difflib.get_close_matches(word.text, options, 1)
        hint = f" Did you mean `{close[0]}`?" if close else ""
        self.mistakes.append(f"`{shown(word.text)}` is not an option of `{self.verb.word}`.{hint}")

    def _place(self) -> None:
        """Give the words that nothing announced to the slots that have a place, from left to right."""
        self._place_by_shape()
        for slot in (slot for slot in self.verb.slots if slot.place and slot.field not in self.values):
            if self.rest:
                self._read(slot, self.rest.pop(0))
        for word in self.rest:
            self.mistakes.append(self._surplus(word))

    def _place_by_shape(self) -> None:
        for slot in self.verb.slots:
            last = self.rest[-1] if self.rest else None
            if slot.shape and slot.field not in self.values and last and not last.literal and slot.shape(last.text):
                self._read(slot, self.rest.pop())

    def _read(self, slot: Slot, word: Word) -> None:
        if not word.text:
            return self.mistakes.append(f"{slot.label} is empty.")
        try:
            self._set(slot, (slot.literal if slot.literal and word.quoted else slot.read)(word.text))
        except ValueError as error:  # what is said after KEY= may be secret
            text = word.text.partition("=")[0] if slot.literal else word.text
            self.mistakes.append(f"{slot.label} `{shown(text)}` {error}.")

    def _set(self, slot: Slot, value: Any) -> None:
        if slot.many:
            value = (*self.values.get(slot.field, ()), value)
        elif slot.field in self.values:
            self.mistakes.append(f"{slot.label or slot.intro[0]} is given twice.")
        self.values[slot.field] = value

    def _surplus(self, word: Word) -> str:
        if "=" in word.text:
            key = shown(word.text.partition("=")[0])
            return f"What is `{key}=…`? Write `--env {key}=…` for the application, `--set {key}=…` for the deployment."
        return f"`{shown(word.text)}` is one word too many: `{self.verb.syntax}`."


def _typed_slots(verb: Verb, command: Command) -> Iterator[str]:
    in_place = True
    for slot in verb.slots:
        value = getattr(command, slot.field)
        if slot.many:
            yield from (f"{slot.intro[0]} {_worded(slot.write(one))}" for one in value)
        elif value is None or value is False:
            in_place = in_place and not slot.place
        elif not slot.label:
            yield slot.intro[0]
        else:
            text = slot.write(value)
            alone = slot.place and in_place
            others = [other.shape for other in verb.slots if other.shape and other is not slot]
            special = slot.place and (_is_special(text) or any(shape(text) for shape in others))
            word = text if is_plain(text) and not special else quoted(text)
            yield word if alone else f"{slot.intro[0]} {word}"


def _worded(text: str) -> str:
    return text if is_plain(text) else quoted(text)


def _is_special(text: str) -> bool:
    """Whether the word, unquoted and unannounced, would be read as something else than a name."""
    return text.casefold() in INTROS or is_duration(text) or is_named(text)
