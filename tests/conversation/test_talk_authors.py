"""Who in Slack wrote a commit."""

import time

import pytest
from talk_kit import Talk

from bot.slack.authors import Authors
from bot.slack.directory import Directory


@pytest.fixture
def authors(talk: Talk) -> Authors:
    """Of a bot that has not read yet who is there, as of somebody who has just joined."""
    client = talk.bot.slack.client
    return Authors(client, Directory(client), time.monotonic)


async def lookups(talk: Talk) -> int:
    async with talk.slack.http.get(f"{talk.slack.base}/_workspace/traffic") as answer:
        calls = (await answer.json())["entries"]
    return sum(call["method"] == "users.lookupByEmail" for call in calls)


async def test_who_has_the_address_is_known_or_asked_for(talk: Talk, authors: Authors) -> None:
    assert await talk.bot.slack.authors.user("Alice@example.com", {}) == "U01ALICE"
    assert await authors.user(" alice@EXAMPLE.com", {}) == "U01ALICE", "Slack knows"


async def test_nobody_is_remembered_for_a_while(talk: Talk, authors: Authors) -> None:
    before = await lookups(talk)
    assert [await authors.user("zoe@example.org", {}) for _ in range(3)] == ["", "", ""]
    assert await lookups(talk) == before + 1
    assert await authors.user("", {}) == ""


async def test_what_octopod_yaml_says_comes_first(talk: Talk) -> None:
    people = {"Alice@home.example": "@bob", "ci@example.com": "U03CAROL", "gone@example.com": "@nobody"}
    known = talk.bot.slack.authors
    assert await known.user("alice@home.example", people) == "U02BOB"
    assert await known.user("ci@example.com", people) == "U03CAROL"
    assert await known.user("gone@example.com", people) == ""
