"""What a team does all day, by chance: what they type, and which buttons they press, however old.

`Team.wishes` says what somebody wants next, so that it is the seed's choice alone; `grant` does it.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from crash_kit import BRANCHES, Json, Playground
from soak_breaks import KEPT

PEOPLE = ("alice", "bob", "carol")
MOST = 48  # stagings at a time, besides those that are broken on purpose
OWN = tuple(f"feature/{number}" for number in range(1, MOST - 3))

# How often each is wanted. NAME: a staging's, BRANCH: a branch's, N: any number.
WORDS = {
    "deploy BRANCH": 14,
    "deploy BRANCH --env GREETING=hello-N": 3,
    "deploy BRANCH --profile production-payments": 2,
    "deploy BRANCH as other-N": 2,
    "config NAME": 2,
    "config NAME --env GREETING=hello-N": 5,
    'config NAME --env "GREETING=two words N"': 2,
    "config NAME --unset-env GREETING": 2,
    "config NAME --profile production-payments": 2,
    "config NAME --drop-profile production-payments": 1,
    "config NAME --env GREETNG=N": 1,
    "extend NAME by 1h": 3,
    "extend NAME": 2,
    "sleep NAME": 5,
    "wake NAME": 8,
    "reset NAME --yes": 3,
    "reset NAME": 1,
    "rollback NAME": 4,
    "rollback NAME N": 1,
    "delete NAME": 1,
    "delete NAME --yes": 3,
    "delete NAME --now": 5,
    "undo NAME": 5,
    "diff NAME": 2,
    "diff NAME last-good": 1,
    "diff NAME main": 1,
    "logs NAME": 2,
    "logs NAME api --lines N": 1,
    "why NAME": 2,
    "what-happened NAME": 1,
    "mute NAME": 1,
    "unmute NAME": 2,
    "info NAME": 2,
    "list": 2,
    "list mine": 1,
    "projects": 1,
    "help": 1,
    "": 1,
}
OTHERWISE = {"push": 10, "click": 12, "typo": 4, "mention": 3, "drop": 1, "branch": 1, "home": 2}
# Of what people do, the stand-in refuses what Slack's own client would not let them do: gone by the time they click.
OUT_OF_DATE = ("sees no message", "there is no element", "no open view", "elements have the action_id", "no option")


@dataclass(frozen=True, slots=True)
class Wish:
    """`kind`: for the count. `door`: of the stand-in; `body`: what is sent there."""

    kind: str
    door: str
    body: Json


class Team:
    def __init__(self, play: Playground, chance: Random) -> None:
        self._play, self._chance = play, chance
        self.done: Counter[str] = Counter()
        self.clicked: Counter[str] = Counter()
        self.unheard: Counter[str] = Counter()
        self.slowest = 0.0

    def missing(self, names: Sequence[str]) -> list[Wish]:
        """What makes them as many as there can be."""
        without = [branch for branch in OWN if branch.replace("/", "-") not in names]
        chosen = self._chance.sample(without, min(len(without), MOST - len(names)))
        return [_typed("deploy", self._chance.choice(PEOPLE), f"/octopod deploy {branch}") for branch in chosen]

    def wishes(self, names: Sequence[str], state: Json) -> list[Wish]:
        """One, or two at once. `names`: of the stagings that there are."""
        return [self._wish(names, state) for _ in range(self._chance.choice((1, 1, 2)))]

    def grant(self, wish: Wish) -> None:
        answer = self._play.post(wish.door, **wish.body)
        self.done[wish.kind] += 1
        error = str(answer.get("error", ""))
        if not answer["ok"] and not any(words in error for words in OUT_OF_DATE):
            self.unheard[error] += 1
        self.slowest = max(self.slowest, answer["ack_ms"])
        if wish.door == "click":
            self.clicked[wish.body["action_id"]] += 1
            self._go_on(wish.body["user"])

    def _go_on(self, user: str) -> None:
        """A dialog that has opened is sent as it stands, or closed."""
        for view in self._views(user):
            answer = self._play.post("submit", user=user, view_id=view)
            if not answer["ok"]:
                self._play.post("close", user=user, view_id=view)

    def _views(self, user: str) -> list[str]:
        state = self._play.state()
        id = next(person["id"] for person in state["users"] if person["name"] == user)
        return [view["id"] for view in state["views"] if view["user"] == id]

    def _wish(self, names: Sequence[str], state: Json) -> Wish:
        chance, user = self._chance, self._chance.choice(PEOPLE)
        kinds = {"words": sum(WORDS.values()), **OTHERWISE}
        kind = chance.choices([*kinds], [*kinds.values()])[0]
        match kind:
            case "push":
                return _typed(kind, user, f"/playground push {chance.choice((*BRANCHES, *OWN))}")
            case "drop":
                return _typed(kind, user, f"/playground drop {chance.choice(OWN)}")
            case "branch":
                return _typed(kind, user, f"/playground branch {chance.choice(OWN)} from {chance.choice(BRANCHES)}")
            case "home":
                return Wish(kind, "home", {"user": user})
            case "click":
                return self._click(user, state) or Wish("home", "home", {"user": user})
            case "typo":
                return _typed(kind, user, f"/octopod {self._mistyped(self._words(names))}")
            case "mention":
                text = f"<@U00OCTOPOD> {self._words(names)}"
                return Wish(kind, "message", {"user": user, "channel": "stagings", "text": text})
            case _:
                words = self._words(names)
                return _typed(words.partition(" ")[0] or "nothing", user, f"/octopod {words}".strip())

    def _words(self, names: Sequence[str]) -> str:
        chance = self._chance
        words = chance.choices([*WORDS], [*WORDS.values()])[0]
        if words.startswith("deploy") and len(names) >= MOST:
            words = "delete NAME --now"
        name = chance.choice(names) if names else "main"
        branch = chance.choice((*BRANCHES * 3, *OWN))  # they behave in more ways
        return words.replace("NAME", name).replace("BRANCH", branch).replace("N", str(chance.randint(1, 4)))

    def _mistyped(self, words: str) -> str:
        place = self._chance.randrange(max(1, len(words)))
        return self._chance.choice(
            (
                words[:place] + words[place + 1 :],
                words[:place] + words[place:][::-1],
                f"{words[:place]}x{words[place:]}",
            )
        )

    def _click(self, user: str, state: Json) -> Wish | None:
        """Any button that this person sees, of the oldest messages as well; but not of what others break on purpose."""
        id = next(person["id"] for person in state["users"] if person["name"] == user)
        seen = [
            (channel["id"], message["ts"], block["block_id"], element)
            for channel in state["channels"]
            if id in channel["members"]
            for message in channel["messages"]
            if not message["deleted"] and message["ephemeral_to"] in (None, id) and not _is_kept(message)
            for block in message["blocks"]
            if block["type"] == "actions"
            for element in block["elements"]
            if element["type"] == "button" and "url" not in element
        ]
        if not seen:
            return None
        channel, ts, block, element = self._chance.choice(seen)
        where = {"user": user, "channel": channel, "ts": ts, "block_id": block}
        return Wish("click", "click", {**where, "action_id": element["action_id"]})


def _is_kept(message: Json) -> bool:
    """Each message of a staging has its name somewhere."""
    said = json.dumps(message)
    return any(name in said for name in KEPT)


def _typed(kind: str, user: str, text: str) -> Wish:
    return Wish(kind, "command", {"user": user, "channel": "stagings", "text": text})


def told(counted: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counted.most_common())
