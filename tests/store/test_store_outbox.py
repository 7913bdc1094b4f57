"""What may go to Slack now, in what order, and what is needed to send it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from builders import NOW, seconds, updating
from store_kit import asked, claimed, finished, noticed, numbered, opened, put_back, saved, wanted

from bot.domain.events import Notice, NoticeKind, Target, Where
from bot.ports import Letter, Posted
from bot.store import outbox, queue, releases, stagings
from bot.store.outbox import Outgoing
from bot.store.queue import Claim
from bot.store.store import Store

CARD, PROGRESS = Target.CARD, Target.PROGRESS


async def outgoing(store: Store, at: float = 0, limit: int = 100) -> Sequence[Outgoing]:
    async with store.read() as connection:
        return await outbox.outgoing(connection, NOW + seconds(at), limit)


async def kinds(store: Store, at: float = 0) -> list[tuple[object, str]]:
    """The key of each, a notice's being its place, and whether it is posted or edited."""
    return [
        (each.where.value if each.where else f"{each.key[1]} {each.key[0]}", "post" if each.posts else "edit")
        for each in await outgoing(store, at)
    ]


async def notice_ids(store: Store, at: float = 0) -> list[int]:
    return [each.key[0] for each in await outgoing(store, at) if each.table == "notices"]


async def letter(store: Store, claim: Claim) -> tuple[Letter, str | None]:
    async with store.read() as connection:
        return await outbox.letter(connection, claim)


async def sent(store: Store, id: int, ts: str | None = None) -> None:
    (claim,) = await claimed(store, "notices", key=(id,))
    assert await finished(store, claim, channel="C1", ts=ts)


async def dropped(store: Store, id: int) -> None:
    (claim,) = await claimed(store, "notices", key=(id,))
    assert await finished(store, claim, note="refused", dropped_at=NOW, sent_at=None)


async def later(store: Store, at: float = 0) -> float | None:
    async with store.read() as connection:
        found = await outbox.next_due(connection, NOW + seconds(at))
    return (found - NOW).total_seconds() if found else None


# --- order -----------------------------------------------------------------------------------------------------------


async def test_first_cards_then_notices_then_edits_then_progress(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), card=True)
        await saved(store, numbered(2))
        await wanted(store, "s1", CARD, PROGRESS, Target.ENGINE)
        await noticed(store, "s1", Where.THREAD, Where.ALERTS)
        await wanted(store, "s2", CARD, PROGRESS, at=-5)
        assert await kinds(store) == [
            ("card s2", "post"),
            ("thread", "post"),
            ("alerts", "post"),
            ("card s1", "edit"),
            ("progress s1", "post"),
        ]
        assert {each.project for each in await outgoing(store)} == {"shop"}


async def test_progress_is_posted_once_and_then_edited(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, updating(), card=True)
        await wanted(store, "s1", PROGRESS)
        live = updating().live
        assert live
        async with store.write() as connection:
            await releases.save_progress(connection, live, "1.1", True)
        assert await kinds(store) == [("progress s1", "post")]
        async with store.write() as connection:
            await releases.save_progress(connection, updating().attempt, "1.2", False)
        assert await kinds(store) == [("progress s1", "edit")]


async def test_one_of_each_lane_goes_and_in_order(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), numbered(2), card=True)
        await noticed(store, "s1", Where.THREAD, Where.THREAD, Where.ALERTS, Where.ALERT_EDIT, Where.ALERT_THREAD)
        await noticed(store, "s2", Where.THREAD)
        assert await notice_ids(store) == [1, 3, 6]
        await sent(store, 1)
        assert await notice_ids(store) == [2, 3, 6]
        await sent(store, 3, "2.2")
        assert await notice_ids(store) == [2, 4, 6]
        await sent(store, 4)
        assert await notice_ids(store) == [2, 5, 6]


async def test_one_that_is_being_sent_or_waits_holds_up_its_lane_only(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), card=True)
        await noticed(store, "s1", Where.THREAD, Where.THREAD, Where.ALERTS)
        (claim,) = await claimed(store, "notices", key=(1,))
        assert await notice_ids(store) == [3]
        await put_back(store, claim, 30, known=True)
        assert await notice_ids(store, at=29) == [3]
        assert await notice_ids(store, at=30) == [1, 3]


async def test_one_that_was_dropped_does_not_hold_up_its_lane(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), card=True)
        await noticed(store, "s1", Where.THREAD, Where.THREAD)
        await dropped(store, 1)
        assert await notice_ids(store) == [2]
        assert await claimed(store, "notices", key=(1,), at=999) == []


async def test_nothing_goes_into_a_thread_that_is_not_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1))
        await asked(store, "q1", "q2")
        await wanted(store, "s1", CARD, PROGRESS)
        await noticed(store, "s1", Where.THREAD, Where.ALERTS)
        await noticed(store, "s1", Where.PRIVATE, request="q1", kind=NoticeKind.ANSWER)  # will carry a link to the card
        await noticed(store, None, Where.PRIVATE, request="q2", kind=NoticeKind.ANSWER)
        assert await kinds(store) == [("card s1", "post"), ("alerts", "post"), ("private", "post")]
        assert await notice_ids(store) == [2, 4]
        (claim,) = await claimed(store, "targets", key=("s1", "card"))
        await finished(store, claim, due_at=NOW + seconds(1))
        assert await notice_ids(store) == [2, 4]
        async with store.write() as connection:
            await stagings.save_card(connection, "s1", Posted("C1", "1.0"))
        assert await notice_ids(store) == [1, 2, 3, 4]
        assert ("progress s1", "post") in await kinds(store)


async def test_alert_edits_are_edits(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1))
        await noticed(store, "s1", Where.ALERT_EDIT, Where.ALERT_THREAD)
        assert await kinds(store) == [("alert edit", "edit")]
        await sent(store, 1)
        assert await kinds(store) == [("alert thread", "post")]


async def test_a_limit_takes_the_oldest_of_each_kind(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, *(numbered(number) for number in range(1, 5)), card=True)
        for number in range(1, 5):
            await wanted(store, f"s{number}", CARD, at=-number)
            await noticed(store, f"s{number}", Where.THREAD)
        assert [each.key[0] for each in await outgoing(store, limit=2)] == [1, 2, "s4", "s3"]


# --- waiting ---------------------------------------------------------------------------------------------------------


async def test_what_waits_for_time_is_told_and_what_waits_for_a_card_is_not(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1))
        await noticed(store, "s1", Where.THREAD)
        assert await later(store) is None
        await wanted(store, "s1", Target.ENGINE, at=3)
        assert await later(store) is None
        await wanted(store, "s1", CARD, at=7)
        assert await later(store) == 7
        (claim,) = await claimed(store, "notices", key=(1,))
        await put_back(store, claim, 2, known=True)
        assert await later(store) == 2
        assert await later(store, at=2) == 7


# --- letters ---------------------------------------------------------------------------------------------------------


async def test_a_letter_into_the_thread_has_its_card(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), card=True)
        async with store.write() as connection:
            notice = Notice(NoticeKind.LIVE, Where.THREAD, {"seconds": 3.2, "urls": {"web": "http://☃"}})
            await queue.add_notices(connection, "s1", None, [notice], NOW)
        (claim,) = await claimed(store, "notices")
        card = Posted("C1", "card-s1")
        assert await letter(store, claim) == (
            Letter("notice-1", NoticeKind.LIVE, Where.THREAD, notice.facts, NOW, card=card, parent=card),
            "s1",
        )


async def test_a_private_answer_knows_who_asked_and_where(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await asked(store, "q1")
        await noticed(store, None, Where.PRIVATE, request="q1", kind=NoticeKind.ANSWER)
        (claim,) = await claimed(store, "notices")
        made, staging = await letter(store, claim)
        assert (staging, made.card, made.parent) == (None, None, None)
        assert (made.response_url, made.user) == ("http://slack/answer", "UBOB")
        assert (made.asked_in, made.asked_thread) == ("C9", "17.5")


async def alert_parents(store: Store, *ids: int) -> list[Posted | None]:
    """What the notices of these ids would edit or answer."""
    found = []
    for id in ids:
        (claim,) = await claimed(store, "notices", key=(id,))
        found.append((await letter(store, claim))[0].parent)
        assert await finished(store, claim)
    return found


async def test_what_follows_an_alert_belongs_to_the_newest_one(tmp_path: Path) -> None:
    breakage = (Where.ALERTS, Where.ALERT_EDIT, Where.ALERT_THREAD)
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), numbered(2), card=True)
        await noticed(store, "s1", *breakage)  # 1, 2, 3
        await noticed(store, "s2", *breakage)  # 4, 5, 6
        await noticed(store, "s1", *breakage)  # 7, 8, 9
        await sent(store, 1, "1.0")
        await sent(store, 4, "4.0")
        assert await alert_parents(store, 2, 3) == [Posted("C1", "1.0")] * 2
        await sent(store, 7, "7.0")
        assert await alert_parents(store, 8, 9) == [Posted("C1", "7.0")] * 2
        assert await alert_parents(store, 5, 6) == [Posted("C1", "4.0")] * 2


async def test_an_alert_that_was_dropped_is_not_replaced_by_an_older_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), card=True)
        await noticed(store, "s1", Where.ALERTS, Where.ALERTS, Where.ALERT_EDIT)
        await sent(store, 1, "1.0")
        await dropped(store, 2)
        assert await alert_parents(store, 3) == [None]


async def test_the_notices_of_a_deleted_staging_still_go(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, replace(numbered(1), deleted_at=NOW), card=True)
        await noticed(store, "s1", Where.THREAD, kind=NoticeKind.DELETED)
        assert await kinds(store) == [("thread", "post")]
