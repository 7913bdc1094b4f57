"""Stories of health checks: what they find is told as an alert, shown on cards, and kept quiet where that was asked."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from fakes import FakeChecker
from sqlalchemy import text
from talk_kit import Talk, talking

from bot.domain.checks import HealthCheck, Session
from bot.domain.project import SecretPlace
from bot.environment import Places
from bot.keys import read_keys
from bot.worker.checker import HealthChecks
from bot.worker.questions import Questions
from bot.worker.secrets import Opening

ALERTS = "stagings-alerts"
CHECKS = (
    HealthCheck("login", "/login", session=Session("/session", {"password": "${secret.PASSWORD}"})),
    HealthCheck("shelf", "/shelf"),
)
SHOP: dict[str, Any] = {"health_checks": CHECKS, "secrets": {"PASSWORD": SecretPlace("SHOP_PASSWORD")}}


@pytest.fixture
def checker() -> FakeChecker:
    return FakeChecker()


@pytest.fixture
async def talk(tmp_path: Path, database: Path, checker: FakeChecker) -> AsyncIterator[Talk]:
    environ = {"SHOP_PASSWORD": "hunter2"}
    async with talking(tmp_path, database, project=SHOP, environ=environ, checker=checker) as there:
        checker.now = there.clock
        await there.deploy("feature-x")
        await there.checked()
        yield there


async def breaks(talk: Talk, checker: FakeChecker, check: str = "login") -> None:
    checker.fails["feature-x", check] = f"`/{check}` answers 500"
    await talk.checked()


async def heals(talk: Talk, checker: FakeChecker) -> None:
    checker.fails.clear()
    await talk.checked()
    await talk.later(seconds=6)


async def stood(talk: Talk) -> list[tuple[Any, ...]]:
    """Check, and whether it passed, as that was recorded."""
    async with talk.bot.store.read() as connection:
        rows = await connection.execute(text('SELECT "check", ok FROM check_history ORDER BY "check", id'))
        return [tuple(row) for row in rows]


# --- broken, and well again ------------------------------------------------------------------------------------------


async def test_what_a_check_finds_is_told_shown_and_taken_back(talk: Talk, checker: FakeChecker) -> None:
    assert "*login* passes" in await talk.say("alice", "/octopod info feature-x")
    assert (await stood(talk), checker.secrets) == ([("login", 1), ("shelf", 1)], {"PASSWORD": "hunter2"})
    await breaks(talk, checker)
    [alert] = await talk.posts(ALERTS)
    card = await talk.card("feature-x")
    assert "*login* fails on" in alert.text and "`/login` answers 500" in alert.text
    assert "is *broken*" in card.text and "🔴 *login* fails since" in card.text and "shelf" not in card.text
    info = await talk.say("alice", "/octopod info feature-x")
    assert info.index("🔴 *login* fails") < info.index("🟢 *shelf* passes")
    await heals(talk, checker)
    [over] = await talk.posts(ALERTS)
    assert over.ts == alert.ts and "has recovered" in over.text and len(await talk.thread(over)) == 1
    assert "is *live*" in (await talk.card("feature-x")).text
    assert await stood(talk) == [("login", 1), ("login", 0), ("login", 1), ("shelf", 1)]


async def test_what_fails_once_is_nothing(talk: Talk, checker: FakeChecker) -> None:
    checker.fails["feature-x", "login"] = "`/login` answers 502"
    await talk.checked(1)
    checker.fails.clear()
    await talk.checked(2)
    assert await stood(talk) == [("login", 1), ("shelf", 1)] and await talk.posts(ALERTS) == []


async def test_what_cannot_be_asked_says_nothing(talk: Talk, checker: FakeChecker) -> None:
    checker.unknown.add(("feature-x", "login"))
    checker.fails["feature-x", "login"] = "can't be asked"
    await talk.checked(4)
    assert await stood(talk) == [("login", 1), ("shelf", 1)] and "is *live*" in (await talk.card("feature-x")).text


async def test_another_check_that_fails_is_added_to_the_alert(talk: Talk, checker: FakeChecker) -> None:
    await breaks(talk, checker)
    await breaks(talk, checker, "shelf")
    [alert] = await talk.posts(ALERTS)
    assert "*login* fails on" in alert.text and "*shelf*" in alert.text
    card = (await talk.card("feature-x")).text
    assert "*login* fails" in card and "*shelf* fails" in card


# --- what is not asked -----------------------------------------------------------------------------------------------


async def test_whoever_is_blamed_can_have_it_tried_with_fresh_data(talk: Talk, checker: FakeChecker) -> None:
    """An innocent commit comes in the moment in which the data goes bad."""
    await talk.deploy("main")
    talk.origin.commit("feature-x", {"README": "newer\n"}, "Innocent")
    await talk.deploy("feature-x")
    await breaks(talk, checker, "shelf")
    await talk.later(seconds=6)
    [alert] = await talk.posts(ALERTS)
    assert "Only the code has changed since: 1 commit by" in alert.text and "“Innocent”" in alert.text
    assert "If its data may be to blame: try the same commit with fresh data." in alert.text

    await talk.click("alice", alert, "fresh_data")
    await talk.report(talk.engine.ready, talk.engine.orders[-1].name)
    await talk.checked()
    [alert] = await talk.posts(ALERTS)
    assert "It is what it has stored, not its code and not its configuration." in alert.text
    assert "Innocent" not in alert.text and "fresh_data" not in alert.buttons
    [reply] = await talk.thread(alert)
    assert reply.text.startswith("Found out meanwhile:") and "It is what it has stored" in reply.text


async def test_nothing_is_asked_while_it_sleeps_or_a_release_comes(talk: Talk, checker: FakeChecker) -> None:
    await talk.say("alice", "/octopod sleep feature-x")
    checker.asked.clear()
    await talk.checked(3)
    assert checker.asked == []
    await talk.say("alice", "/octopod wake feature-x")
    talk.engine.ready("feature-x")
    await talk.settled()
    await talk.checked()
    assert set(checker.asked) == {("feature-x", "login"), ("feature-x", "shelf")}
    await talk.say("alice", "/octopod config feature-x --env A=1")
    checker.asked.clear()
    await talk.checked(3)
    assert checker.asked == []


async def test_what_the_engine_brings_back_after_a_start_of_its_own_is_not_asked(
    talk: Talk, checker: FakeChecker
) -> None:
    """A bot that ends takes the stagings of the local engine along: they answer again some seconds after its start."""
    checker.fails["feature-x", "login"] = "`/login` can't be reached"
    await talk.report(talk.engine.resuming, "feature-x")
    await talk.checked(3)
    await talk.later(minutes=1)
    assert "is *live*" in (await talk.card("feature-x")).text and await talk.posts(ALERTS) == []
    checker.fails.clear()
    await talk.report(talk.engine.ready, "feature-x")
    checker.asked.clear()
    await talk.checked()
    assert checker.asked and "is *live*" in (await talk.card("feature-x")).text


async def test_one_that_does_not_answer_keeps_no_other_waiting(talk: Talk, checker: FakeChecker) -> None:
    await talk.deploy("feature-y")
    await talk.checked(1)
    checker.asked.clear()
    answers = checker.holds["feature-x"] = asyncio.Event()
    rounds = []
    for tries in (2, 4, 6):
        talk.clock.ahead += timedelta(seconds=20)
        rounds.append(asyncio.create_task(talk.bot.health_checks.round()))
        await checker.until_asked("feature-y", tries)
    assert [name for name, _ in checker.asked].count("feature-x") == 2, "one try of each check"
    answers.set()
    await asyncio.gather(*rounds)


async def test_how_checks_stood_before_a_rollout_breaks_nothing_after_it(talk: Talk, checker: FakeChecker) -> None:
    checker.fails["feature-x", "login"] = "`/login` answers 500"
    talk.clock.ahead += timedelta(seconds=10)
    await talk.bot.health_checks.round()
    talk.clock.ahead += timedelta(seconds=2)
    await talk.bot.health_checks.round()
    await talk.say("alice", "/octopod config feature-x --env A=1")
    checker.fails.clear()
    talk.engine.failed("feature-x", "exit code 1")
    await talk.settled()
    await talk.later(minutes=1)
    await talk.checked()
    assert "has *failed*" in (await talk.card("feature-x")).text and await talk.posts(ALERTS) == []


async def test_a_check_that_is_no_more_breaks_nothing(talk: Talk, checker: FakeChecker) -> None:
    await breaks(talk, checker)
    assert "is *broken*" in (await talk.card("feature-x")).text
    known = talk.bot.service.project("shop")
    talk.bot.projects.replace({"shop": replace(known, health_checks=CHECKS[1:])})
    await talk.checked(1)
    await talk.later(seconds=6)
    assert "is *live*" in (await talk.card("feature-x")).text
    assert "has recovered" in (await talk.posts(ALERTS))[0].text


async def test_a_bot_that_starts_anew_goes_on_from_what_was_decided(talk: Talk, checker: FakeChecker) -> None:
    await breaks(talk, checker)
    before = await stood(talk)
    opening = Opening(Places({"SHOP_PASSWORD": "hunter2"}, None), read_keys(Fernet.generate_key().decode()))
    anew = HealthChecks(talk.bot.service, Questions(checker, opening, talk.clock))
    for _ in range(3):
        talk.clock.ahead += timedelta(seconds=20)
        await anew.round()
    await talk.settled()
    assert await stood(talk) == before and len(await talk.posts(ALERTS)) == 1


# --- kept quiet ------------------------------------------------------------------------------------------------------


async def test_what_is_muted_is_told_when_the_mute_is_over(talk: Talk, checker: FakeChecker) -> None:
    said = await talk.say("alice", "@octopod mute login for 2h", thread=await talk.card("feature-x"))
    assert "no alert says that *login* fails on feature-x" in said
    await breaks(talk, checker)
    card = (await talk.card("feature-x")).text
    assert await talk.posts(ALERTS) == [] and "is *broken*" in card and "🔇 No alerts about *login* until" in card
    await talk.later(hours=2)
    [alert] = await talk.posts(ALERTS)
    assert "*login* fails on" in alert.text and "🔇" not in (await talk.card("feature-x")).text


async def test_who_mutes_one_check_is_told_of_the_other(talk: Talk, checker: FakeChecker) -> None:
    await talk.say("alice", "/octopod mute feature-x login")
    await breaks(talk, checker)
    assert await talk.posts(ALERTS) == []
    await breaks(talk, checker, "shelf")
    assert len(await talk.posts(ALERTS)) == 1


async def test_a_mute_can_be_ended(talk: Talk, checker: FakeChecker) -> None:
    await talk.say("alice", "/octopod mute feature-x for 2d")
    await breaks(talk, checker)
    assert await talk.posts(ALERTS) == []
    said = await talk.say("alice", "/octopod unmute feature-x")
    assert "It is broken, and that is told now" in said and len(await talk.posts(ALERTS)) == 1


async def test_the_alerts_own_button_mutes_once_and_nothing_is_told_again(talk: Talk, checker: FakeChecker) -> None:
    await breaks(talk, checker)
    [alert] = await talk.posts(ALERTS)
    for _ in range(2):
        assert "*login* fails on feature-x" in await talk.click("alice", alert, "mute")
    assert (await talk.say("alice", "/octopod info feature-x")).count("mute (login until") == 1
    await heals(talk, checker)
    await talk.later(minutes=20)
    await breaks(talk, checker)
    assert len(await talk.posts(ALERTS)) == 1


async def test_an_old_alerts_button_mutes_nothing_any_more(talk: Talk, checker: FakeChecker) -> None:
    await breaks(talk, checker)
    await talk.later(hours=2)
    assert "That time is over already" in await talk.click("alice", (await talk.posts(ALERTS))[0], "mute")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("mute feature-x lgoin", "`lgoin` is no health check of shop. There is: login, shelf."),
        ("mute feature-x for 9d", "can be muted for 7 days at most"),
        ("unmute feature-x", "Alerts about feature-x are sent again."),
        ("mute login", "no staging"),
    ],
)
async def test_what_cannot_be_muted_is_said(talk: Talk, said: str, answer: str) -> None:
    assert answer in await talk.say("alice", f"/octopod {said}")


# --- what is good ----------------------------------------------------------------------------------------------------


async def test_a_rollback_returns_to_what_was_well_for_long_enough(
    tmp_path: Path, database: Path, checker: FakeChecker
) -> None:
    project = {**SHOP, "secrets": {}, "health_checks": CHECKS[1:], "good_after": timedelta(minutes=1)}
    async with talking(tmp_path, database, project=project, checker=checker) as talk:
        for number, lasts in enumerate((300, 10, 300)):
            await talk.deploy("feature-x")
            await talk.later(seconds=lasts)
            talk.origin.commit("feature-x", {"README": f"{number}\n"}, f"Change {number}")
        await breaks(talk, checker, "shelf")
        said = await talk.click("alice", await talk.card("feature-x"), "rollback")
        assert "configuration of release 1" in said


async def test_if_none_was_the_numbers_are_said(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"good_after": timedelta(minutes=1)}) as talk:
        await talk.deploy("feature-x")
        talk.origin.commit("feature-x", {"README": "2\n"}, "Change")
        await talk.deploy("feature-x")
        said = await talk.say("alice", "/octopod rollback feature-x")
        assert "was live and well for long enough" in said and "`/octopod rollback feature-x 1`" in said
        assert "configuration of release 1" in await talk.say("alice", "/octopod rollback feature-x 1")
