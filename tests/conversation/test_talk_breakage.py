"""Stories of a live staging that falls ill: told once, in the alerts channel, and taken back when it is well again."""

import re

from talk_kit import Talk

ALERTS = "stagings-alerts"


async def test_a_breakage_is_told_once_and_its_end_too(talk: Talk) -> None:
    card = await talk.deploy("feature-x")
    await talk.report(talk.engine.down, "feature-x", "web: exit code 1", "Traceback", "ZeroDivisionError")
    assert await talk.posts(ALERTS) == [] and "is *live*" in (await talk.card("feature-x")).text
    await talk.later(seconds=6)
    await talk.later(seconds=60)
    await talk.report(talk.engine.down, "feature-x", "web: exit code 1", "Traceback", "ZeroDivisionError")
    [alert] = await talk.posts(ALERTS)
    assert "is broken (down): web: exit code 1" in alert.text and "<@" not in alert.text, "nobody is known to be it"
    assert "```Traceback\nZeroDivisionError```" in alert.text and {"logs", "compare", "fresh_data", "mute"} == set(
        alert.buttons
    )
    assert f"p{card.ts.replace('.', '')}|feature-x>" in alert.text
    assert "is *broken*" in (await talk.card("feature-x")).text

    await talk.report(talk.engine.ready, "feature-x")
    [alert] = await talk.posts(ALERTS)
    assert "is broken" in alert.text and "Ready again, if it stays so" in (await talk.card("feature-x")).text
    await talk.later(seconds=6)
    await talk.later(seconds=60)
    [over] = await talk.posts(ALERTS)
    assert over.ts == alert.ts and "has recovered" in over.text and "web: exit code 1" in over.text
    [well] = await talk.thread(over)
    assert re.fullmatch(r"🟢 feature-x has recovered after 1 min \d+ s\.", well.text)
    assert "is *live*" in (await talk.card("feature-x")).text
    assert len(await talk.replies("feature-x")) == 1, "its own thread is spared"


async def test_a_short_illness_is_nobodys_business(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.report(talk.engine.down, "feature-x")
    await talk.later(seconds=3)
    await talk.report(talk.engine.ready, "feature-x")
    await talk.later(seconds=30)
    assert await talk.seen(ALERTS) == [] and "is *live*" in (await talk.card("feature-x")).text


async def test_a_flickering_crash_loop_is_one_breakage(talk: Talk) -> None:
    await talk.deploy("feature-x")
    for _ in range(4):
        await talk.report(talk.engine.down, "feature-x")
        await talk.later(seconds=3)
        await talk.report(talk.engine.ready, "feature-x")
        await talk.later(seconds=1)
    await talk.report(talk.engine.down, "feature-x")
    await talk.later(seconds=6)
    [alert] = await talk.seen(ALERTS)
    assert "is broken" in alert.text


async def breaks_and_recovers(talk: Talk) -> None:
    await talk.report(talk.engine.down, "feature-x")
    await talk.later(seconds=6)
    await talk.report(talk.engine.ready, "feature-x")
    await talk.later(seconds=6)


async def test_what_comes_and_goes_is_one_alert_and_its_end_is_told_when_it_is_quiet(talk: Talk) -> None:
    await talk.deploy("feature-x")
    for _ in range(3):
        await talk.later(minutes=1)
        await breaks_and_recovers(talk)
    [alert] = await talk.posts(ALERTS)
    assert "It comes and goes: 3 times since" in alert.text and "is *live*" in (await talk.card("feature-x")).text
    assert len(await talk.thread(alert)) == 1, "the first end, which was taken for one"
    await talk.later(minutes=9)
    assert "comes and goes" in (await talk.posts(ALERTS))[0].text
    await talk.later(minutes=1)
    [over] = await talk.posts(ALERTS)
    assert over.ts == alert.ts and "has recovered" in over.text and "It came and went 3 times" in over.text
    await talk.later(minutes=60)
    assert len(await talk.thread(alert)) == 2


async def test_the_second_breakage_is_another_alert(talk: Talk) -> None:
    await talk.deploy("feature-x")
    for _ in range(2):
        await talk.later(minutes=11)
        await breaks_and_recovers(talk)
    first, second = await talk.posts(ALERTS)
    assert "has recovered" in first.text and "has recovered" in second.text
    assert [len(await talk.thread(alert)) for alert in (first, second)] == [1, 1]


async def test_a_deploy_heals_and_a_delete_closes_the_alert(talk: Talk) -> None:
    for branch in ("feature-x", "feature-y"):
        await talk.deploy(branch)
        await talk.report(talk.engine.down, branch)
        await talk.later(seconds=6)
    talk.origin.commit("feature-x", {"README": "mended\n"})
    await talk.deploy("feature-x")
    await talk.click("bob", await talk.card("feature-y"), "delete")
    healed, closed = await talk.posts(ALERTS)
    assert "has recovered" in healed.text and len(await talk.thread(healed)) == 1
    assert closed.text == "⚪ feature-y was broken and is deleted now, by <@U02BOB>."
    assert await talk.thread(closed) == []


async def test_what_the_engine_lost_is_ordered_again(talk: Talk) -> None:
    await talk.deploy("feature-x")
    await talk.report(talk.engine.gone, talk.engine.order("feature-x").staging)
    assert len(talk.engine.orders) == 2
    assert talk.engine.orders[0].release == talk.engine.orders[1].release
    await talk.report(talk.engine.ready, "feature-x")
    assert "is *live*" in (await talk.card("feature-x")).text and len(await talk.replies("feature-x")) == 1
