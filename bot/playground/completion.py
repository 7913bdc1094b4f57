"""What can be typed after `/`, as the composer offers it: taken from where it is defined, and from the repository.

The bot's command and its hint come from its manifest, as Slack has them; its words from the table that makes its help.
"""

from pathlib import Path

import yaml

from bot.domain.verbs import VERBS, Slot, Verb
from bot.playground import builtin
from bot.playground.git import GitError
from bot.playground.model import Json
from bot.playground.repository import Repository

APP_COMMAND = "/octopod"


def manifest() -> Path:
    """The Slack app's manifest, in a checkout or in an installed package."""
    here = Path(__file__).resolve()
    installed = here.parent / "_slack-app.yaml"
    return installed if installed.exists() else here.parents[2] / "manifests" / "slack-app.yaml"


class Completion:
    """`json`: {commands: [{command, meaning, hint, words: [{word, meaning, arguments}]}], values: {BRANCH: […]}}."""

    def __init__(self, repository: Repository | None) -> None:
        self._repository = repository
        self._commands = [*app_commands(manifest().read_text(encoding="utf-8")), _own()]

    def json(self) -> Json:
        """Asks git, so it may take some milliseconds."""
        return {"ok": True, "commands": self._commands, "values": self._values()}

    def _values(self) -> Json:
        try:
            branches = self._repository.branches() if self._repository else []
        except GitError:  # nobody is kept from typing by it
            branches = []
        offered = [{"value": b.name, "meaning": f"{b.subject} · {b.author}"} for b in branches]
        # A staging may be called by its branch.
        words = [{"value": verb.word, "meaning": verb.meaning} for verb in VERBS]
        return {"BRANCH": offered, "STAGING": offered, "COMMAND": words}


def app_commands(text: str) -> list[Json]:
    """The slash commands of an app's manifest; the words of ours are known, those of another app are not."""
    found = yaml.safe_load(text)["features"]["slash_commands"]
    return [
        {
            "command": one["command"],
            "meaning": one["description"],
            "hint": one.get("usage_hint", ""),
            "words": [_verb(verb) for verb in VERBS] if one["command"] == APP_COMMAND else [],
        }
        for one in found
    ]


def _verb(verb: Verb) -> Json:
    return {"word": verb.word, "meaning": verb.meaning, "arguments": [_slot(slot) for slot in verb.slots]}


def _slot(slot: Slot) -> Json:
    """Told by where it stands, or announced by `intro`, which stands for itself where there is no `label`."""
    return {"label": slot.label, "intro": "" if slot.place else slot.intro[0], "required": False}


def _own() -> Json:
    hint = " | ".join(word.syntax for word in builtin.WORDS)
    words = [
        {"word": word.word, "meaning": word.meaning, "arguments": [_argument(text) for text in word.arguments]}
        for word in builtin.WORDS
    ]
    return {"command": builtin.NAME, "meaning": builtin.MEANING, "hint": hint, "words": words}


def _argument(text: str) -> Json:
    """BRANCH, [MESSAGE] or [from BRANCH]."""
    intro, _, label = text.strip("[]").rpartition(" ")
    return {"label": label, "intro": intro, "required": not text.startswith("[")}
