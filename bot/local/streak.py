"""How often a process has ended in a row, and what follows from it. Pure."""

from dataclasses import dataclass

from bot.local.pace import Pace


@dataclass(slots=True)
class Streak:
    """`exits` are all in a row, `strikes` those that speak against the release. `last` reads on after a name."""

    exits: int = 0
    strikes: int = 0
    last: str = ""
    lived: float | None = None
    tail: tuple[str, ...] = ()

    def note(self, last: str, lived: float | None, tail: tuple[str, ...], strike: bool) -> None:
        self.exits += 1
        self.strikes += strike
        self.last, self.lived, self.tail = last, lived, tail

    def begin_anew(self) -> None:
        self.exits = self.strikes = 0


def pause_after(exits: int, serving: bool, pace: Pace) -> float:
    """Seconds to wait before the next start: short and impatient at first, calm for what people already use."""
    first, most = (
        (pace.restart_pause, pace.restart_pause_most) if serving else (pace.start_pause, pace.start_pause_most)
    )
    return float(min(first * 2 ** min(exits - 1, 30), most))
