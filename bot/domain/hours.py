"""Working hours: when stagings are up. They are wall times of a zone; what comes of them are UTC times."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# So that what wakes answers when work begins.
EARLY = timedelta(minutes=5)
MINUTES_OF_A_DAY = 24 * 60
# Past the longest time between two days of work.
FAR = 9


@dataclass(frozen=True, slots=True)
class Hours:
    """`days`: Monday is 0. `start`, `end`: minutes since midnight; an end that is not after the start is on the next
    day."""

    zone: str
    days: frozenset[int]
    start: int
    end: int

    def within(self, now: datetime) -> bool:
        return self.ends(now) is not None

    def ends(self, now: datetime) -> datetime | None:
        """When the hours that `now` is in end. None: it is in none."""
        return next((end for start, end in self._spans(now) if start <= now < end), None)

    def next_start(self, now: datetime) -> datetime:
        """When the next hours begin."""
        return next(start for start, _ in self._spans(now) if start > now)

    def next_end(self, now: datetime) -> datetime:
        """When the hours that `now` is in end, else the next ones."""
        return next(end for _, end in self._spans(now) if end > now)

    def _spans(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        """From those that may not be over yet, in order; what touches is one."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        begun: tuple[datetime, datetime] | None = None
        for day in (today + timedelta(days=n) for n in range(-2, 2 * FAR)):
            if day.weekday() not in self.days:
                continue
            start, end = self._span(day)
            if begun and start <= begun[1]:
                begun = begun[0], max(begun[1], end)
                continue
            if begun:
                yield begun
            begun = start, end
        if begun:
            yield begun

    def _span(self, day: date) -> tuple[datetime, datetime]:
        """Where a clock change leaves open what is meant, the longer time is."""
        end = self.end if self.end > self.start else self.end + MINUTES_OF_A_DAY
        return min(self._at(day, self.start)) - EARLY, max(self._at(day, end))

    def _at(self, day: date, minutes: int) -> tuple[datetime, datetime]:
        """What the wall time can mean: twice the same, but for the hours that a clock change repeats or leaves out."""
        wall = datetime.combine(day, time()) + timedelta(minutes=minutes)
        zone = ZoneInfo(self.zone)
        first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        return first, second
