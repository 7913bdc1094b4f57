"""What a person types, and what an app receives of it."""

import pytest

from bot.playground.model import GROUPS, USERS, Channel, Group, User
from bot.playground.typed import as_sent

STAGINGS = Channel("C2", "stagings", [])

CASES = (
    ("deploy x", "deploy x", "deploy x"),
    ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d", "a &lt; b &amp;&amp; c &gt; d"),
    ("ask @bob.", "ask <@U02BOB>.", "ask <@U02BOB|bob>."),
    ("@octopod list", "<@U00OCTOPOD> list", "<@U00OCTOPOD|octopod> list"),
    ("@nobody", "@nobody", "@nobody"),
    ("@platform look", "<!subteam^S01PLATFORM|@platform> look", "<!subteam^S01PLATFORM|@platform> look"),
    ("@here", "<!here>", "<!here>"),
    ("in #stagings", "in <#C2|stagings>", "in <#C2|stagings>"),
    ("deploy #123", "deploy #123", "deploy #123"),
    ("https://x.y/a?b=1&c=2", "<https://x.y/a?b=1&amp;c=2>", "<https://x.y/a?b=1&amp;c=2>"),
    ("see https://x.y/z.", "see <https://x.y/z>.", "see <https://x.y/z>."),
    ("host=example.com", "host=example.com", "host=example.com"),
    ("example.com", "<http://example.com|example.com>", "<http://example.com|example.com>"),
    ("a@example.com", "<mailto:a@example.com|a@example.com>", "<mailto:a@example.com|a@example.com>"),
    ("deploy feature/foo.io", "deploy feature/foo.io", "deploy feature/foo.io"),
    ("git@github.com:acme/shop", "<mailto:git@github.com|git@github.com>:acme/shop", None),
    ("`@bob` <b>", "`@bob` &lt;b&gt;", None),
    ("“x” —env A=b", "“x” —env A=b", "“x” —env A=b"),
)


def find(name: str) -> User | Group | None:
    named = {user.name: user for user in USERS} | {group.handle: group for group in GROUPS}
    return named.get(name)


@pytest.mark.parametrize(("typed", "message", "command"), CASES)
def test_as_slack_sends_it(typed: str, message: str, command: str | None) -> None:
    def channel(name: str) -> Channel | None:
        return STAGINGS if name == STAGINGS.name else None

    assert as_sent(typed, find, channel, command=False) == message
    assert as_sent(typed, find, channel, command=True) == (message if command is None else command)
