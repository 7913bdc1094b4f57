"""When the list of idle stagings is due, and what is on it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from builders import EARLIER, a_release, a_staging

from bot.domain.idle import idle, list_due
from bot.domain.model import Phase, Stage

WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("told_at", "now", "zone", "due"),
    [
        ("2026-05-04 09:00", "2026-05-11 08:59", "UTC", False),
        ("2026-05-04 09:00", "2026-05-11 09:00", "UTC", True),
        ("2026-05-11 09:00", "2026-05-11 09:05", "UTC", False),
        ("2026-05-04 09:00", "2026-05-14 00:00", "UTC", True),  # the bot was down on Monday
        ("2026-05-11 06:59", "2026-05-11 07:00", "Europe/Berlin", True),
        ("2026-05-12 09:00", "2026-05-11 10:00", "UTC", False),  # the clock was set back
    ],
)
def test_it_is_due_on_mondays_at_nine(told_at: str, now: str, zone: str, due: bool) -> None:
    told, at = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (told_at, now))
    assert list_due(told, at, zone) is due


def test_what_is_on_it() -> None:
    later = EARLIER + WEEK
    newer = a_release("r2", Stage.LIVE, requested_at=EARLIER + timedelta(days=2))
    plain, used = a_staging(), replace(a_staging(), last_used_at=EARLIER + timedelta(days=1))
    others = [a_staging(Phase.ASLEEP), a_staging(Phase.DELETING), a_staging(kept=True), a_staging(Phase.ROLLING_OUT)]
    assert idle([used, a_staging(attempt=newer), *others, plain], later) == [plain]
    assert idle([used, plain], later + timedelta(days=1)) == [plain, used], "the longest unused first"
    assert idle([plain], later - timedelta(seconds=1)) == []
