"""Whether one running process is well: its startup, readiness and liveness probes, from its start to its end."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.local.pace import Pace
from bot.local.probes import Answer
from bot.local.spec import Container, Probe
from bot.local.tasks import accompanied
from bot.local.words import not_started, unlive

Ask = Callable[[Probe], Awaitable[Answer]]


class Health:
    """`ready`: may get requests. `text`: what its last failed readiness or startup probe said. `known`: asked once.

    `verdict`: why it must be ended, in words that read on after its name.
    """

    def __init__(self, spec: Container, ask: Ask, pace: Pace, changed: Callable[[], None]) -> None:
        self._spec = spec
        self._ask = ask
        self._pace = pace
        self._changed = changed
        self._ready_since: float | None = None
        self._was_ready_for = 0.0
        self.text = ""
        self.verdict = ""
        self.known = asyncio.Event()

    @property
    def ready(self) -> bool:
        return self._ready_since is not None

    @property
    def was_ready(self) -> bool:
        """At any time."""
        return self.ready or self._was_ready_for > 0

    def ready_for(self) -> float:
        """Seconds of readiness until now, or until it was lost."""
        if self._ready_since is None:
            return self._was_ready_for
        return asyncio.get_running_loop().time() - self._ready_since

    async def watch(self, fresh: bool) -> None:
        """Until the verdict. `fresh`: it has been started just now."""
        if self._spec.startup and not await self._started(self._spec.startup):
            return
        async with accompanied(self._watch_readiness(fresh)):
            await self._watch_liveness(fresh)
        self._set_ready(False)

    async def _started(self, probe: Probe) -> bool:
        loop = asyncio.get_running_loop()
        until = loop.time() + probe.delay + probe.period * probe.failures
        pause = self._pace.probe_first
        while not (answer := await self._ask(probe)).ok:
            self._heard(answer)
            if loop.time() > until:
                self.verdict = not_started(answer.text)
                return False
            await asyncio.sleep(pause)
            pause = self._longer(pause, probe)
        return True

    async def _watch_readiness(self, fresh: bool) -> None:
        if self._spec.readiness is None:
            # One that dies right after its start was never ready, whatever Kubernetes would say.
            await asyncio.sleep(self._pace.settle if fresh else 0)
            self._set_ready(True)
            return
        await self._probe_readiness(self._spec.readiness)

    async def _probe_readiness(self, probe: Probe) -> None:
        """While it isn't ready it is asked more often than its period: nobody likes to wait."""
        good = bad = 0
        pause = self._pace.probe_first
        while True:
            answer = await self._ask(probe)
            good, bad = (good + 1, 0) if answer.ok else (0, bad + 1)
            self._heard(answer)
            if answer.ok and good >= probe.successes:
                self._set_ready(True)
            elif bad >= probe.failures:
                self._set_ready(False)
            await asyncio.sleep(probe.period if self.ready else pause)
            pause = self._pace.probe_first if self.ready else self._longer(pause, probe)

    async def _watch_liveness(self, fresh: bool) -> None:
        probe = self._spec.liveness
        if probe is None:
            await asyncio.Event().wait()
            return
        # One period more than asked for: a slow machine is no reason to kill what has barely begun.
        await asyncio.sleep(probe.delay + probe.period if fresh else 0)
        bad = 0
        while True:
            answer = await self._ask(probe)
            bad = 0 if answer.ok else bad + 1
            if bad >= probe.failures:
                self.verdict = unlive(answer.text, bad)
                return
            await asyncio.sleep(probe.period)

    def _longer(self, pause: float, probe: Probe) -> float:
        return float(min(pause * self._pace.probe_growth, probe.period, self._pace.probe_most))

    def _heard(self, answer: Answer) -> None:
        self.known.set()
        changed = answer.ok != (not self.text)
        self.text = "" if answer.ok else answer.text
        # The same complaint again may be worth telling by now.
        if changed or self.text:
            self._changed()

    def _set_ready(self, ready: bool) -> None:
        self.known.set()
        if ready != self.ready:
            self._was_ready_for = self.ready_for()
            self._ready_since = asyncio.get_running_loop().time() if ready else None
            self._changed()
