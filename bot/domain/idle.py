"""Which stagings run for nobody, and when a project's channel is told so."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.model import Desired, Staging

IDLE_AFTER = timedelta(days=7)
MONDAY, NINE = 0, time(9)


def idle(stagings: Sequence[Staging], now: datetime) -> Sequence[Staging]:
    """Those that run, are not kept, and were neither deployed nor used for a week; the longest unused first."""
    running = (one for one in stagings if one.desired is Desired.PRESENT and one.live and not one.kept)
    return sorted((one for one in running if now - last_use(one) >= IDLE_AFTER), key=last_use)


def last_use(staging: Staging) -> datetime:
    """The last deploy, or the last visit that was seen."""
    deployed = staging.attempt.requested_at
    return max(deployed, staging.last_used_at or deployed)


def list_due(told_at: datetime, now: datetime, zone: str) -> bool:
    """On Mondays at nine, or as soon after it as the bot runs."""
    there = now.astimezone(ZoneInfo(zone))
    monday = there.date() - timedelta(days=there.weekday() - MONDAY)
    at = datetime.combine(monday, NINE, ZoneInfo(zone)).astimezone(UTC)
    return told_at < (at if at <= now else at - timedelta(days=7))
