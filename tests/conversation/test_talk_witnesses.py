"""Throw-away stagings that tell more of a breakage: made, heard and gone, and nobody sees anything of them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from talk_kit import Talk, talking
from test_talk_pulls import deployed
from test_talk_secrets import secret_env

from bot.domain import evidence
from bot.domain.checks import HealthCheck, Stand
from bot.domain.errors import UserError
from bot.domain.events import Found
from bot.domain.evidence import Says, Symptom
from bot.domain.finding import Cause, Confidence, Finding, Offer
from bot.domain.model import Phase, Staging, WitnessOf
from bot.domain.policy import Person
from bot.domain.project import Limits, Roles, SecretPlace, Witnesses
from bot.meaning import Asked
from bot.store import stagings

BASE, SAME = WitnessOf.MERGE_BASE, WitnessOf.SAME_COMMIT
SHOP: dict[str, Any] = {
    "health_checks": (HealthCheck("login", "/login"),),
    "secrets": {"SMTP": SecretPlace("SMTP_PASSWORD")},
    "env": {"PAYMENTS": "sandbox"},
    "limits": Limits(stagings=4, per_person=4),
}
ENVIRON = {"SMTP_PASSWORD": "hunter2"}


@pytest.fixture
async def shop(tmp_path: Path, database: Path) -> AsyncIterator[Talk]:
    async with talking(tmp_path, database, project=SHOP, environ=ENVIRON) as there:
        yield there


# --- the health checks, and what people and the finding work do ------------------------------------------------------


async def named(talk: Talk, name: str) -> Staging:
    return await talk.bot.service.looking.named("shop", name)


async def checked(talk: Talk, staging: Staging, ok: bool) -> None:
    """It is decided how its login is."""
    assert staging.live
    stand = Stand("login", ok, f"`/login` answers {200 if ok else 500}", talk.clock())
    assert await talk.bot.service.checking.decided(staging.id, staging.live.id, stand, None, "")
    await talk.settled()


async def broken(talk: Talk, branch: str = "feature-x") -> Staging:
    """Deployed and live, and its login fails. It is known from where it started."""
    await talk.deploy(branch)
    await checked(talk, await named(talk, branch), ok=False)
    await talk.later(seconds=6)
    ill = await named(talk, branch)
    symptom = Symptom("`/login` answers 500", talk.clock(), "login")
    base = evidence.Testimony(commit=talk.origin.head("main"))
    finding = Finding(Cause.UNKNOWN, Confidence.GUESS, symptom, base=base, offers=(Offer.CHECK_BASE,))
    await talk.bot.service.happened(ill.id, Found(finding))
    await talk.settled()
    return await named(talk, branch)


async def tries(talk: Talk, ill: Staging, of: WitnessOf = BASE, user: str = "U01ALICE", id: str = "") -> Staging:
    """Somebody presses the button. The throw-away staging."""
    asked = Asked(id or f"{of} {ill.id}", Person(user), "C1", "stagings-alerts", talk.clock())
    await talk.bot.service.witnessing.check(asked, ill.id, of)
    await talk.settled()
    return await newest(talk, ill)


async def newest(talk: Talk, ill: Staging) -> Staging:
    async with talk.bot.store.look() as connection:
        return (await stagings.witnesses(connection, ill.id))[-1]


async def live(talk: Talk, witness: Staging) -> Staging:
    await talk.report(talk.engine.ready, witness.name)
    async with talk.bot.store.look() as connection:
        found = await stagings.by_id(connection, witness.id)
    assert found
    return found


async def says(talk: Talk, ill: Staging, of: WitnessOf = BASE) -> evidence.Testimony:
    async with talk.bot.store.read() as connection:
        return await talk.bot.service.witnessing.testimony(connection, ill, of)


async def looked_at(talk: Talk, ill: Staging) -> int:
    """How often the breakage was to be looked at."""
    async with talk.bot.store.look() as connection:
        query = "SELECT coalesce(max(wanted), 0) FROM targets WHERE kind = 'finding' AND staging_id = ?"
        return int((await connection.exec_driver_sql(query, (ill.id,))).scalar_one())


async def alert(talk: Talk) -> str:
    [only] = await talk.posts("stagings-alerts")
    return only.text


# --- stories ---------------------------------------------------------------------------------------------------------


async def test_the_merge_base_is_tried_with_the_same_configuration(shop: Talk) -> None:
    ill = await broken(shop)
    assert "What did it is not known" in await alert(shop) and "Check the merge base" in await alert(shop)
    before, looks = await shop.seen(), await looked_at(shop, ill)
    witness = await tries(shop, ill)
    order = shop.engine.order(witness.name)
    assert order.commit == shop.origin.head("main") != ill.attempt.commit
    assert secret_env(shop, witness.name) == {"SMTP": "hunter2"}
    own = next(one for one in order.objects if one["kind"] == "ConfigMap")
    assert own["data"]["PAYMENTS"] == "sandbox" and witness.name.startswith("octopod-witness-")
    assert "right now" in (await says(shop, ill)).why
    said = await shop.say("alice", "/octopod why feature-x")
    assert "The commit from which feature-x started is being tried on a throw-away staging right now" in said
    assert "Check the merge base" not in said

    there = await live(shop, witness)
    assert there.phase is Phase.LIVE and await looked_at(shop, ill) == looks
    await checked(shop, there, ok=True)
    assert shop.engine.removed == [witness.id] and await looked_at(shop, ill) > looks
    assert "being tried" not in await shop.say("alice", "/octopod why feature-x")
    told = await says(shop, ill)
    assert (told.says, told.text, told.commit) == (Says.PASSES, "`/login` answers 200", order.commit)
    assert told.fresh and told.differs == () and told.at and told.since
    assert (await newest(shop, ill)).phase is Phase.DELETED
    assert "The commit it started from passes with the same configuration" in await alert(shop)
    assert "1 commit by Zoë" in await alert(shop)
    assert await shop.seen() == before, "nobody is told of a witness"


async def test_a_merge_base_that_fails_as_well_clears_the_branch(shop: Talk) -> None:
    ill = await broken(shop)
    await checked(shop, await live(shop, await tries(shop, ill)), ok=False)
    assert ((await says(shop, ill)).says, (await says(shop, ill, SAME)).says) == (Says.FAILS, Says.UNKNOWN)
    assert "Zoë" not in await alert(shop)


async def test_nobody_sees_it_and_nothing_finds_it(shop: Talk) -> None:
    ill = await broken(shop)
    witness = await live(shop, await tries(shop, ill, SAME))
    listed = await shop.say("alice", "/octopod list")
    assert "feature-x" in listed and "witness" not in listed
    for words in (f"info {witness.name}", f"logs {witness.name}", f"delete {witness.name}"):
        assert "There is no staging" in await shop.say("alice", f"/octopod {words}")
    assert "is kept for Octopod itself: choose another" in await shop.say(
        "alice", f"/octopod deploy main as {witness.name}"
    )
    status, page = await shop.visit(witness.url or "")
    assert (status, "No staging answers" in page) == (404, True)
    assert "Nothing to compare" in (await shop.visit(f"http://octopod-compare.localhost:8080/{witness.id}"))[1]
    assert "Nothing to compare" not in (await shop.visit(f"http://octopod-compare.localhost:8080/{ill.id}"))[1]
    shop.bot.visits.saw(f"{witness.name}.localhost")
    await shop.push("feature-x", "Another colour")
    there = await newest(shop, ill)
    assert (there.attempt.commit, there.last_used_at, there.phase) == (ill.attempt.commit, None, Phase.LIVE)
    await shop.report(shop.engine.ready, "feature-x")
    assert (await named(shop, "feature-x")).live != ill.live, "its own staging follows its branch"
    assert witness.id in shop.engine.removed, "what it was made for is over by that"
    assert "witness" not in "".join(message.text for message in await shop.seen())


async def test_a_witness_is_no_baseline_and_no_former_staging(shop: Talk) -> None:
    await shop.deploy("main")
    main = await named(shop, "main")
    await checked(shop, main, ok=False)
    await shop.later(seconds=6)
    with pytest.raises(UserError, match="is the staging of main itself"):
        await tries(shop, main, BASE)
    witness = await tries(shop, main, SAME)
    assert shop.engine.order(witness.name).baseline == ""
    found = await shop.bot.service.looking.baseline("shop")
    assert found and found.id == main.id
    await shop.say("alice", "/octopod delete main --now")
    await shop.settled()
    assert witness.id in shop.engine.removed, "whom it was made for is gone"
    await shop.deploy("main")
    assert (await named(shop, "main")).attempt.commit == shop.origin.head("main")


async def test_one_that_fails_or_takes_too_long_says_why(shop: Talk) -> None:
    ill = await broken(shop)
    witness = await tries(shop, ill)
    await shop.report(shop.engine.failed, witness.name, "web: exit code 1", "Traceback")
    assert shop.engine.removed == [witness.id]
    told = await says(shop, ill)
    assert (told.says, told.why) == (
        Says.UNKNOWN,
        "it was tried on a throw-away staging, which failed: web: exit code 1",
    )
    again = await tries(shop, ill, id="once more")
    assert again.id != witness.id
    await shop.later(minutes=5)
    assert shop.engine.removed == [witness.id, again.id]
    assert (await says(shop, ill)).why.endswith("which was not live within 5 min")
    mute = await live(shop, await tries(shop, ill, id="and again"))
    await shop.later(seconds=61)
    assert mute.id in shop.engine.removed
    assert (await says(shop, ill)).why.endswith("its health was not decided within 1 min")
    found = await shop.bot.service.looking.find(asked(shop), "feature-x")
    lines = [line.why for line in found.journal if line.what == "tried"]
    assert len(lines) == 3 and lines[-1].endswith("which failed: web: exit code 1")


def asked(talk: Talk) -> Asked:
    return Asked("x", Person("U01ALICE"), "C1", "stagings", talk.clock())


async def test_workloads_that_are_not_well_are_tried_for_a_minute(shop: Talk) -> None:
    await shop.deploy("feature-y")
    await shop.report(shop.engine.down, "feature-y")
    await shop.later(seconds=6)
    ill = await named(shop, "feature-y")
    assert ill.phase is Phase.BROKEN
    witness = await live(shop, await tries(shop, ill, SAME))
    await shop.later(seconds=30)
    assert (await says(shop, ill, SAME)).says is Says.UNKNOWN
    await shop.later(seconds=31)
    told = await says(shop, ill, SAME)
    assert (told.says, told.text, shop.engine.removed) == (Says.PASSES, "all that runs is ready", [witness.id])


async def test_there_are_few_at_once_and_they_take_nobodys_place(shop: Talk) -> None:
    shop.origin.commit("feature-z", {"README": "z\n"}, "Say z")
    x, y, z = [await broken(shop, branch) for branch in ("feature-x", "feature-y", "feature-z")]
    made = [await tries(shop, one) for one in (x, y)] + [await tries(shop, x, SAME)]
    with pytest.raises(UserError, match="The commit from which feature-x started is being tried already"):
        await tries(shop, x, id="twice")
    with pytest.raises(UserError, match="shop has 3 throw-away stagings just now, and no more than 3 at once"):
        await tries(shop, z)
    await shop.deploy("main")
    assert (await named(shop, "main")).phase is Phase.LIVE, "four stagings are allowed, and these are four"
    await checked(shop, await live(shop, made[0]), ok=True)
    assert (await tries(shop, z)).witness_for == z.id
    with pytest.raises(UserError, match="was tried already, on a throw-away staging"):
        await tries(shop, x, id="thrice")


async def test_by_itself_once_and_in_turn(tmp_path: Path, database: Path) -> None:
    auto = SHOP | {"witnesses": Witnesses.AUTO, "limits": Limits()}
    async with talking(tmp_path, database, project=auto, environ=ENVIRON) as talk:
        base, service = talk.origin.head("main"), talk.bot.service.witnessing
        names = ("feature-x", "feature-y", "a", "b")
        for name in names[2:]:
            talk.origin.commit(name, {"README": f"{name}\n"}, f"Say {name}")
        ills = [await broken(talk, name) for name in names]
        assert [await service.auto(ill.id, BASE, base) for ill in ills] == [True, True, True, False]
        assert await service.auto(ills[0].id, BASE, base), "it is at work"
        await talk.settled()
        looks = await looked_at(talk, ills[3])
        await talk.report(talk.engine.failed, (await newest(talk, ills[0])).name, "web: exit code 1")
        assert await looked_at(talk, ills[3]) > looks, "its turn has come"
        assert not await service.auto(ills[0].id, BASE, base), "once for each breakage"
        assert not await service.auto("nobody", BASE, base)


async def test_only_if_octopod_yaml_says_so(shop: Talk) -> None:
    ill = await broken(shop)
    assert not await shop.bot.service.witnessing.auto(ill.id, BASE, shop.origin.head("main"))


async def test_what_recovers_needs_no_witness(shop: Talk) -> None:
    ill = await broken(shop)
    witness = await tries(shop, ill)
    await checked(shop, ill, ok=True)
    await shop.later(seconds=6)
    assert shop.engine.removed == [witness.id]
    with pytest.raises(UserError, match="feature-x is live, not broken"):
        await tries(shop, ill, id="late")


async def test_an_engine_that_lost_it_is_asked_again(shop: Talk) -> None:
    witness = await live(shop, await tries(shop, await broken(shop)))
    orders = len(shop.engine.orders)
    await shop.bot.service.synced([one.staging for one in shop.engine.orders if one.staging != witness.id])
    await shop.settled()
    assert [one.staging for one in shop.engine.orders[orders:]] == [witness.id]


async def test_a_witness_of_a_fork_gets_no_secrets(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project=SHOP, environ=ENVIRON) as talk:
        await deployed(talk)
        fork = await named(talk, "pull-7")
        await checked(talk, fork, ok=False)
        await talk.later(seconds=6)
        for of in (BASE, SAME):
            made = Found(
                Finding(
                    Cause.UNKNOWN,
                    Confidence.GUESS,
                    Symptom("x", talk.clock(), "login"),
                    base=evidence.Testimony(commit=talk.origin.head("main")),
                )
            )
            await talk.bot.service.happened(fork.id, made)
            order = talk.engine.order((await tries(talk, fork, of)).name)
            assert order.fork and order.baseline == "" and "hunter2" not in str(order.objects)


async def test_who_may_not_deploy_may_not_try(tmp_path: Path, database: Path) -> None:
    only = SHOP | {"roles": Roles(deploy=("@alice",))}
    async with talking(tmp_path, database, project=only, environ=ENVIRON) as talk:
        ill = await broken(talk)
        with pytest.raises(UserError, match="You may not change stagings of shop"):
            await tries(talk, ill, user="U02BOB")
