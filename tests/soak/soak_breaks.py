"""Breakages on purpose, in the midst of all that goes on: each is alerted, and once.

Whoever breaks a staging knows nothing of the bot: it is commits, words that are typed, orders in the shop, and signals
to processes. Whether it is broken is seen at its URL, and what was alerted, in Slack.
"""

import http.client
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from statistics import median

import stagings_seen
from crash_kit import Json, Playground
from process_kit import marked
from soak_alerts import Harm, id_of

CALM, QUIET = 5.0, 6.0  # seconds: so long it is well before, and so long nothing more is to be told of it
ALERTED = OVER = 90.0  # Slack may be out of order, and the bot not even run
LONG = 300.0  # a deploy may wait for the git host until all trouble is over
AGAIN, ASKED = 5.0, 2.0  # what was not heard is done once more; what does not answer in this time does not answer

Deed = str | signal.Signals
Steps = Iterator[None]


@dataclass(frozen=True, slots=True)
class Way:
    """How the branch `name` is broken and mended: what is typed, with its name as NAME, or told its processes. What is
    done twice is as if it was done once."""

    name: str
    what: str
    breaks: Deed
    mends: Deed


WAYS = (
    Way("canary-1", "a commit", "/playground break NAME", "/playground mend NAME"),
    Way(
        "canary-2",
        "its configuration",
        '/octopod config NAME --env "GREETING={odrers} already"',
        "/octopod config NAME --unset-env GREETING",
    ),
    Way("canary-3", "its data", "/playground order NAME Ada  Lovelace", "/octopod reset NAME --yes"),
    Way("canary-4", "its processes", signal.SIGSTOP, signal.SIGCONT),
)
KEPT = frozenset(way.name for way in WAYS)  # nobody else touches their stagings


class Breaker:
    """In these ways, one after the other. `goes_on` takes the next step of a breakage, and never waits."""

    def __init__(self, play: Playground, ways: Sequence[Way]) -> None:
        self._play = play
        self._steps: Steps = iter(())
        self._ways = cycle(ways)
        self.harms: list[Harm] = []
        self.done: Counter[str] = Counter()
        self.took: list[float] = []  # seconds, from when somebody could see that it is broken until it was alerted

    def goes_on(self, begins: bool) -> bool:
        """False: nothing is broken or about to be. `begins`: the next breakage may begin."""
        with suppress(StopIteration):
            next(self._steps)
            return True
        if begins:
            self._steps = self._breakage(next(self._ways))
        return begins

    def _breakage(self, way: Way) -> Steps:
        name, breaks, mends = way.name, way.breaks, way.mends
        yield from self._until(
            lambda: self._phase(name) == "live", LONG, f"{name} is live", name, "/octopod deploy NAME"
        )
        yield from self._pause(CALM)
        before = {message["ts"] for message in self._alerts(name)}
        harm = Harm(name, datetime.now(UTC))
        self.harms.append(harm)
        yield from self._until(lambda: not self._answers(name), LONG, f"{name} is ill", name, breaks)
        began = time.monotonic()
        yield from self._until(lambda: self._alert_stands(name, before), ALERTED, f"{name} is alerted", name, breaks)
        self.took.append(time.monotonic() - began)
        yield from self._pause(QUIET)
        yield from self._until(lambda: self._answers(name), LONG, f"{name} is mended", name, mends)
        yield from self._until(lambda: not self._alert_stands(name, before), OVER, f"the alert of {name} ends")
        harm.until = datetime.now(UTC)
        yield from self._pause(QUIET)
        told = [message["text"] for message in self._alerts(name) if message["ts"] not in before]
        assert len(told) == 1, f"{name} was broken once, by {way.what}, and alerted {len(told)} times: {told}"
        self.done[way.what] += 1
        yield from self._until(
            lambda: not self._phase(name), LONG, f"{name} is deleted", name, "/octopod delete NAME --now"
        )

    # --- what is done

    def _until(
        self, condition: Callable[[], bool], seconds: float, what: str, name: str = "", deed: Deed = ""
    ) -> Steps:
        """The deed is done now, and again as long as it is not so."""
        end, again = time.monotonic() + seconds, 0.0
        while not condition():
            assert time.monotonic() < end, f"not within {seconds:g} s: {what}\n{self._play.tail()}"
            if deed and time.monotonic() >= again:
                self._do(name, deed)
                again = time.monotonic() + AGAIN
            yield

    def _pause(self, seconds: float) -> Steps:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield

    def _do(self, name: str, deed: Deed) -> None:
        if isinstance(deed, str):
            text = deed.replace("NAME", name)
            self._play.post("command", user="carol", channel="stagings", text=text)
            return
        id = id_of(self._play.data, name)
        for process in marked(self._play.data):
            if process.staging == id:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, deed)

    # --- what is seen

    def _phase(self, name: str) -> str:
        return self._play.phases(self._play.state()).get(name, "")

    def _answers(self, name: str) -> bool:
        return all(self._status(name, path) == 200 for path in ("/", "/login"))

    def _status(self, name: str, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self._play.port, timeout=ASKED)
        try:
            connection.request("GET", path, headers={"Host": f"{name}.localhost:{self._play.port}"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def _alerts(self, name: str) -> list[Json]:
        """Not what was said in their threads."""
        told = stagings_seen.visible(self._play.state(), "stagings-alerts")
        return [message for message in told if not message["thread_ts"] and name in message["text"]]

    def _alert_stands(self, name: str, before: set[str]) -> bool:
        return any(m["ts"] not in before and m["text"].startswith("🟠") for m in self._alerts(name))


def told(breakers: Sequence[Breaker]) -> str:
    done = ", ".join(f"{count} by {what}" for breaker in breakers for what, count in breaker.done.items())
    took = [seconds for breaker in breakers for seconds in breaker.took] or [0.0]
    alerted = f"{median(took):.1f} s (at most {max(took):.1f} s) after it could be seen"
    return f"Broken on purpose: {done}; alerted once each, {alerted}."
