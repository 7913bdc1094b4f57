"""One container of a Deployment's replica: kept running, on fresh ports each time."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.domain.status import MOST_SIGNS, Sign, SignKind
from bot.local import environment, words
from bot.local.context import ReleaseContext, key_of, pod_of
from bot.local.gate import Turn
from bot.local.health import Health
from bot.local.probes import Answer, ask
from bot.local.processes import Process
from bot.local.spec import Container, Probe, Workload
from bot.local.streak import Streak, pause_after
from bot.local.tasks import accompanied


class RunningContainer:
    """`strikes`: tells whether an exit now speaks against the release."""

    def __init__(
        self,
        context: ReleaseContext,
        workload: Workload,
        replica: int,
        spec: Container,
        strikes: Callable[[], bool],
    ) -> None:
        self._context = context
        self._workload = workload
        self._pod = pod_of(workload, replica)
        self._spec = spec
        self._strikes = strikes
        self._health: Health | None = None
        self._pause: float | None = None
        self._started_at: float | None = None
        self._probes = 0
        self._refused = False
        self.key = key_of(workload, replica, spec)
        self.name = words.subject(workload, spec)
        self.ports: Mapping[int, int] = {}
        self.streak = Streak()
        self.signs: deque[Sign] = deque(maxlen=MOST_SIGNS)
        self.known = asyncio.Event()

    @property
    def ready(self) -> bool:
        return self._health is not None and self._health.ready

    @property
    def on_its_way(self) -> bool:
        """Still starting, without a failure so far and not for suspiciously long."""
        starting = self._started_at is None or self._age() < self._context.tools.pace.patience
        return not self.ready and self.streak.exits == 0 and starting

    def _age(self) -> float:
        """Seconds since its last start by us."""
        return asyncio.get_running_loop().time() - (self._started_at or 0)

    @property
    def probe_text(self) -> str:
        return "" if self._health is None else self._health.text

    def problem(self) -> str:
        """One sentence; empty while it is ready or in the middle of an ordinary start."""
        if self.ready:
            return ""
        if self.streak.exits:
            return words.restarting(self.name, self.streak.last, self.streak.exits, self._pause)
        health = self._health
        worth_telling = health is not None and (health.was_ready or self._age() >= self._context.tools.pace.quiet)
        return words.not_ready(self.name, self.probe_text) if self.probe_text and worth_telling else ""

    async def run(self) -> None:
        """Until cancelled. Its processes are in the release's table; whoever cancels ends them there."""
        adopted = self._adopt()
        if adopted is not None:
            await self._attend(adopted, None)
            await self._rest()
        self.known.set()
        while True:
            await self._live_once()
            await self._rest()

    def _adopt(self) -> Process | None:
        found = self._context.found.pop(self.key, None)
        if found is None:
            return None
        self.ports = found.ports
        return self._context.table.adopt(self.key, found)

    async def _live_once(self) -> None:
        turn = await self._context.tools.gate.enter()
        try:
            process = self._start()
            if process is not None:
                await self._attend(process, turn)
        finally:
            turn.leave()

    def _start(self) -> Process | None:
        free = self._context.tools.free
        self.ports = {port.number: free.take() for port in self._spec.ports}
        launch = environment.launch(self._spec, self._pod, self.ports, self._context.around)
        self._started_at = asyncio.get_running_loop().time()
        self._refused = True
        try:
            return self._context.table.start(self.key, launch, self.ports, self._context.output(self.key))
        except OSError as error:
            self._note(words.start_error_text(error, launch.argv[0], self._spec.folder), lived=None, said=False)
            return None

    async def _attend(self, process: Process, turn: Turn | None) -> None:
        fresh = turn is not None
        pace = self._context.tools.pace
        health = self._health = Health(self._spec, self._ask, pace, lambda: self._on_change(turn))
        async with accompanied(self._guard(health, process, fresh)):
            code = await process.wait()
        if health.ready_for() >= pace.healthy_after:
            self.streak.begin_anew()
        self._context.table.forget(self.key)
        last = health.verdict or words.exit_text(code)
        text = words.restarted(self.name, last)
        self.signs.append(Sign(SignKind.RESTARTED, self._workload.name, self._context.tools.now(), text=text))
        self._note(last, self._age() if fresh else None)

    def _on_change(self, turn: Turn | None) -> None:
        if self.ready and turn is not None:
            turn.leave()
        self.known.set()
        self._context.changed()

    async def _guard(self, health: Health, process: Process, fresh: bool) -> None:
        await health.watch(fresh)
        await process.end(min(self._workload.grace, self._context.tools.pace.grace_most))

    def _note(self, last: str, lived: float | None, said: bool = True) -> None:
        lines = self._context.last_lines(self.key) if said else ()
        self._health = None
        for port in self.ports.values():
            self._context.tools.free.give_back(port)
        self.streak.note(last, lived, lines, self._strikes())

    async def _rest(self) -> None:
        self.known.set()
        self._pause = pause_after(self.streak.exits, self._context.serving, self._context.tools.pace)
        self._context.changed()
        await asyncio.sleep(self._pause)
        self._pause = None
        self._context.changed()

    async def _ask(self, probe: Probe) -> Answer:
        answer = await ask(probe, self.ports, self._context.tools.session, self._run_beside, self._refused)
        self._refused = answer.refused
        return answer

    async def _run_beside(self, command: tuple[str, ...], timeout: float) -> int | str | None:
        """A probe's command, with the container's own variables and folder."""
        self._probes += 1
        key = f"{self.key}~{self._probes}"
        launch = environment.launch(replace(self._spec, command=command), self._pod, self.ports, self._context.around)
        try:
            process = self._context.table.start(key, launch, {}, None)
        except OSError as error:
            return words.start_error_text(error, launch.argv[0], self._spec.folder)
        try:
            async with asyncio.timeout(timeout):
                return await process.wait()
        except TimeoutError:
            return None
        finally:
            await self._context.table.end(key, grace=0)
