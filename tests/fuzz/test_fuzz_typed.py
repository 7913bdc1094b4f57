"""Whatever is typed is understood or refused, and nothing that is typed can ping a channel."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import hostile
import pytest
from builders import a_release, a_staging
from cryptography.fernet import Fernet
from fuzz_kit import check_calm, check_text, clean_log, inputs
from git_kit import Origin
from store_kit import opened, saved, url_in
from talk_kit import Talk, branches, shop, talking

from bot.domain import commands, grammar, words
from bot.domain.errors import UserError
from bot.domain.model import Staging
from bot.domain.policy import Person
from bot.keys import Keys, read_keys
from bot.meaning import Asked
from bot.muting import Muting
from bot.service import Service
from bot.slack import answers
from bot.store.migrate import migrate
from bot.wayback import WayBack
from handlers.conversation import say
from handlers.doors import Doors

ALICE = Person("U01ALICE", "alice")


@pytest.mark.timeout(1800)
def test_every_line_is_a_command_or_a_refusal() -> None:
    for _, chance in inputs("lines to the grammar"):
        text = hostile.line(chance, broken=True)
        try:
            command = grammar.parse(words.strip_mention(text))
        except UserError as error:
            check_text(answers.refusal(error))
        else:
            assert grammar.reread(grammar.render(command)) == command
            if isinstance(command, commands.Deploy):
                check_text(answers.deploying(command))


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[Doors]:
    """The real service over a file, with three stagings that words can mean."""
    project = shop(Origin(tmp_path / "origin"))
    async with opened(tmp_path) as store:
        await saved(store, *(_staging(number, branch) for number, branch in enumerate(("x", "y", "<!channel>"))))
        service = Service(store, {"shop": project}, _keys(), lambda: datetime.now(UTC))
        back = WayBack(service, store)
        yield Doors(
            service, lambda user: ALICE, lambda channel: "stagings", lambda posted: None, "local", back, Muting(service)
        )


def _staging(number: int, branch: str) -> Staging:
    release = a_release(f"r{number}", staging=f"s{number}", branch=f"feature-{branch}", actor=ALICE.id)
    return a_staging(
        id=f"s{number}",
        name=f"feature-{number}",
        branch=f"feature-{branch}",
        owner=ALICE.id,
        attempt=release,
        live=None,
    )


def _keys() -> Keys:
    return read_keys(Fernet.generate_key().decode())


@pytest.mark.timeout(1800)
async def test_every_line_is_answered(doors: Doors) -> None:
    with clean_log():
        for number, chance in inputs("lines through the conversation"):
            thread = chance.choice([None, "1.000100"])
            asked = Asked(f"id-{number}", ALICE, "C02STAGINGS", "stagings", datetime.now(UTC), thread)
            text = await say(doors, asked, hostile.line(chance, broken=True))
            if text:
                check_text(text)


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    beginning = tmp_path / "beginning"
    beginning.mkdir()
    branches(beginning / "origin")
    await migrate(url_in(beginning))
    async with talking(tmp_path, beginning / "octopod.db") as there:
        yield there


@pytest.mark.timeout(1800)
async def test_what_comes_from_slack_is_acked_and_pings_nobody(talk: Talk) -> None:
    """Through the real door, with the stand-in between that takes nothing that Slack would refuse."""
    with clean_log():
        await talk.deploy("feature-x")
        await talk.say("alice", "/octopod deploy feature-y")
        for _, chance in inputs("lines and mentions through HTTP"):
            text = hostile.line(chance)
            if chance.random() < 0.7:
                answer = await talk.slack.post(
                    "command", user="alice", channel="stagings", text=f"/octopod {text}", raw=True
                )
            else:
                text = f"<@U00OCTOPOD> {text}"
                answer = await talk.slack.post(
                    "message", user="alice", channel="stagings", text=text[:40_000], raw=True
                )
            assert answer["ok"], (text, answer)
        await talk.settled()
    state = await talk.slack.state()
    said = [m for channel in state["channels"] for m in channel["messages"] if m["by_app"]]
    assert said
    check_calm([[m["text"], m["blocks"]] for m in said])
