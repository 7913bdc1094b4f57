"""Work that was saved: claimed once, leased, put back, finished by whoever still holds it."""

import asyncio
from pathlib import Path

from builders import NOW, a_staging, seconds
from store_kit import LEASE, asked, claimed, finished, noticed, numbered, opened, put_back, rows, saved, wanted

from bot.domain.events import Target, Where
from bot.store import homes, queue
from bot.store.queue import Claim, Request
from bot.store.store import Store

ENGINE, CARD, PROGRESS = Target.ENGINE, Target.CARD, Target.PROGRESS
PAST = LEASE.total_seconds() + 1


async def due(store: Store, table: str) -> float | None:
    """Seconds after NOW."""
    async with store.read() as connection:
        at = await queue.next_due(connection, table)
    return (at - NOW).total_seconds() if at else None


async def held(store: Store, claim: Claim) -> bool:
    async with store.read() as connection:
        return await queue.holds(connection, claim)


# --- claiming --------------------------------------------------------------------------------------------------------


async def test_no_two_workers_get_the_same(tmp_path: Path) -> None:
    async def worker(store: Store, owner: str) -> list[str]:
        mine: list[str] = []
        while claims := await claimed(store, "requests", owner=owner, limit=3):
            mine += [claim.key[0] for claim in claims]
            assert {claim.owner for claim in claims} == {owner}
        return mine

    async with opened(tmp_path) as one, opened(tmp_path) as other:
        await asked(one, *(f"q{number}" for number in range(100)))
        found = await asyncio.gather(*(worker([one, other][number % 2], f"w{number}") for number in range(10)))
        keys = [key for mine in found for key in mine]
        assert sorted(keys) == sorted({f"q{number}" for number in range(100)})


async def test_the_earliest_due_come_first_and_no_more_than_asked_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        for number in (3, 1, 2):
            await asked(store, f"q{number}", at=-number)
        assert {claim.key[0] for claim in await claimed(store, "requests", limit=2)} == {"q3", "q2"}
        assert [claim.key for claim in await claimed(store, "requests")] == [("q1",)]


async def test_what_is_not_due_yet_is_left(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await asked(store, "later", at=5)
        assert await claimed(store, "requests", at=4.9) == []
        assert await due(store, "requests") == 5
        assert [claim.key for claim in await claimed(store, "requests", at=5)] == [("later",)]


async def test_a_lease_that_ends_is_taken_over_by_someone_who_must_look_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await asked(store, "q")
        (first,) = await claimed(store, "requests", owner="a")
        assert not first.unsure
        assert await claimed(store, "requests", at=59, owner="b") == []
        assert await due(store, "requests") == 60
        (second,) = await claimed(store, "requests", at=60, owner="b")
        assert (second.unsure, second.failures) == (True, 0)
        assert (await held(store, first), await held(store, second)) == (False, True)


async def test_whoever_lost_a_lease_saves_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await asked(store, "q")
        (first,) = await claimed(store, "requests", owner="a")
        (second,) = await claimed(store, "requests", at=PAST, owner="b")
        assert not await finished(store, first, at=PAST)
        assert not await put_back(store, first, 0, known=True)
        assert await rows(store, "SELECT lease_owner, done_at, tries FROM requests") == [("b", None, 2)]
        assert await finished(store, second, at=PAST)
        assert not await finished(store, second, at=PAST)


async def test_what_is_done_is_never_claimed_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, a_staging(), card=True)
        await asked(store, "q")
        await wanted(store, "s1", ENGINE)
        await noticed(store, "s1", Where.THREAD)
        async with store.write() as connection:
            await homes.opened(connection, "UALICE", NOW)
        for table in queue.TABLES:
            (claim,) = await claimed(store, table)
            assert await finished(store, claim)
            assert await claimed(store, table, at=PAST) == []
            assert await due(store, table) is None


# --- putting back ----------------------------------------------------------------------------------------------------


async def test_what_surely_was_not_done_need_not_be_looked_for(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await asked(store, "q")
        (claim,) = await claimed(store, "requests")
        assert await put_back(store, claim, 10, known=True)
        assert await claimed(store, "requests", at=9) == []
        (again,) = await claimed(store, "requests", at=10)
        assert (again.unsure, again.failures) == (False, 1)
        assert await put_back(store, again, 20, known=False)
        (third,) = await claimed(store, "requests", at=20)
        assert (third.unsure, third.failures) == (True, 2)


async def test_a_doubt_stays_until_an_outcome_is_known(tmp_path: Path) -> None:
    """The second try was surely not done; the first one may have been."""
    async with opened(tmp_path) as store:
        await asked(store, "q")
        (first,) = await claimed(store, "requests")
        await put_back(store, first, 1, known=False)
        (second,) = await claimed(store, "requests", at=1)
        await put_back(store, second, 2, known=True)
        (third,) = await claimed(store, "requests", at=2)
        assert third.unsure


async def test_work_that_was_stopped_in_vain_did_not_fail(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await asked(store, "q")
        (claim,) = await claimed(store, "requests")
        await put_back(store, claim, 0, known=True, failed=False)
        (again,) = await claimed(store, "requests")
        assert (again.unsure, again.failures) == (False, 0)


async def test_after_a_restart_everything_is_due_but_not_forgotten_to_be_doubtful(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await asked(store, "held", "waiting")
        for claim in await claimed(store, "requests", owner="dead"):
            if claim.key == ("waiting",):
                await put_back(store, claim, 3600, known=False)
        async with store.write() as connection:
            await queue.free_all(connection, NOW + seconds(1))
        claims = await claimed(store, "requests", at=1)
        assert {(claim.key[0], claim.unsure) for claim in claims} == {("held", True), ("waiting", True)}


# --- requests --------------------------------------------------------------------------------------------------------


async def test_a_repeated_slack_id_is_recognised(tmp_path: Path) -> None:
    request = Request("Ev1", "delete x --yes", "UBOB", "C1", NOW)
    async with opened(tmp_path) as store, store.write() as connection:
        assert await queue.add_request(connection, request, done=True)
        assert not await queue.add_request(connection, request, done=False)
        assert await queue.request(connection, "Ev1") == request
        assert await queue.request(connection, "Ev2") is None
        assert await queue.claim(connection, "requests", NOW, "me", NOW + LEASE, 9) == []


async def test_a_request_is_kept_as_it_came(tmp_path: Path) -> None:
    request = Request("q", "deploy feature/PAY-12_☃", "UBOB", "C9", NOW, "17.5", "http://slack/answer")
    async with opened(tmp_path) as store, store.write() as connection:
        await queue.add_request(connection, request, done=False)
        assert await queue.request(connection, "q") == request


# --- targets ---------------------------------------------------------------------------------------------------------


async def test_a_target_that_is_wanted_again_while_it_is_done_is_done_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, a_staging())
        await wanted(store, "s1", ENGINE, CARD)
        (claim,) = await claimed(store, "targets", key=("s1", "engine"))
        assert (claim.staging, claim.wanted) == ("s1", 1)
        await wanted(store, "s1", ENGINE)
        async with store.read() as connection:
            newest = await queue.wanted(connection, [("s1", "engine"), ("s1", "card"), ("s2", "engine")])
        assert newest == {("s1", "engine"): 2, ("s1", "card"): 1}
        assert await finished(store, claim)
        (again,) = await claimed(store, "targets", key=("s1", "engine"))
        assert (again.wanted, again.unsure) == (2, False)


async def test_many_wishes_are_one_piece_of_work(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, a_staging())
        for at in range(5):
            await wanted(store, "s1", CARD, at=at)
        await wanted(store, "s1")
        (claim,) = await claimed(store, "targets", at=9)
        assert claim.wanted == 5
        await finished(store, claim, at=9)
        assert await claimed(store, "targets", at=9) == []


async def test_a_new_wish_ends_a_back_off(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, a_staging())
        await wanted(store, "s1", ENGINE)
        (claim,) = await claimed(store, "targets")
        await put_back(store, claim, 300, known=True)
        assert await claimed(store, "targets", at=10) == []
        await wanted(store, "s1", ENGINE, at=10)
        (again,) = await claimed(store, "targets", at=10)
        assert (again.failures, again.wanted) == (0, 2)


async def test_a_new_wish_does_not_end_the_pace_of_edits(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, a_staging())
        await wanted(store, "s1", CARD)
        (claim,) = await claimed(store, "targets")
        await finished(store, claim, due_at=NOW + seconds(1))
        await wanted(store, "s1", CARD, at=0.2)
        assert await due(store, "targets") == 1
        assert await claimed(store, "targets", at=0.9) == []
        assert len(await claimed(store, "targets", at=1)) == 1


async def test_what_is_leased_is_due_when_its_lease_ends(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), numbered(2))
        await wanted(store, "s1", ENGINE)
        await claimed(store, "targets")
        assert await due(store, "targets") == 60
        await wanted(store, "s2", ENGINE, at=30)
        assert await due(store, "targets") == 30


async def test_kinds_are_claimed_apart(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, a_staging())
        await wanted(store, "s1", ENGINE, CARD, PROGRESS)
        async with store.write() as connection:
            claims = await queue.claim(connection, "targets", NOW, "me", NOW + LEASE, 9, ENGINE)
            assert [claim.key for claim in claims] == [("s1", "engine")]
            other = await queue.next_due(connection, "targets", CARD)
        assert other == NOW
