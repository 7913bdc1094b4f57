"""What a soak would say of a bot that tells of what is not so, or tells it twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from builders import NOW, a_staging
from soak_alerts import Harm, wrong
from store_kit import opened, saved

from bot.domain.events import Notice, NoticeKind, Where
from bot.domain.evidence import Symptom
from bot.domain.finding import Cause, Confidence, Finding
from bot.domain.model import Phase
from bot.store import queue

FOUND = Finding(Cause.UNKNOWN, Confidence.GUESS, Symptom("`/login` answers 500", NOW))
BROKEN = Notice(NoticeKind.BROKEN, Where.ALERTS, {"finding": FOUND})
EDITED = Notice(NoticeKind.BROKEN, Where.ALERT_EDIT, {"finding": FOUND})
OVER = Notice(NoticeKind.RECOVERED, Where.ALERT_EDIT, {})


async def said(folder: Path, *told: Notice, harm: Harm | None = None) -> list[str]:
    staging = a_staging(Phase.ROLLING_OUT)
    async with opened(folder) as store:
        await saved(store, staging)
        async with store.write() as connection:
            await queue.add_notices(connection, staging.id, None, told, datetime.now(UTC))
        return [one.partition(":")[0] for one in wrong(folder, [harm] if harm else [])]


async def test_an_alert_of_what_nobody_broke_is_false(tmp_path: Path) -> None:
    assert await said(tmp_path, BROKEN, OVER) == ["a false alert"]


async def test_what_was_broken_on_purpose_is_alerted_once(tmp_path: Path) -> None:
    assert await said(tmp_path, BROKEN, EDITED, OVER, BROKEN, OVER, harm=Harm("orange-button", NOW, NOW)) == []


async def test_a_second_alert_before_the_first_is_over(tmp_path: Path) -> None:
    told = await said(tmp_path, BROKEN, BROKEN, harm=Harm("orange-button", NOW, NOW))
    assert told == ["orange-button was alerted once more"]


async def test_a_harm_does_not_excuse_what_was_before(tmp_path: Path) -> None:
    at = NOW + timedelta(seconds=30)
    assert await said(tmp_path, BROKEN, harm=Harm("orange-button", at, at)) == ["a false alert"]


async def test_a_harm_does_not_excuse_others(tmp_path: Path) -> None:
    assert await said(tmp_path, BROKEN, harm=Harm("green-button", NOW)) == ["a false alert"]
