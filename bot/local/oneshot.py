"""One container that runs to its end, once: of a Job, or to prepare a pod. Its end is written down even without us."""

import asyncio
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from bot.local import environment, words
from bot.local.context import ReleaseContext, key_of, pod_of
from bot.local.folders import read_json
from bot.local.processes import Process
from bot.local.spec import Container, Workload

KEEPER = str(Path(__file__).with_name("keeper.py"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """`text` reads on after a name. `lived`: seconds, None if nobody measured."""

    ok: bool
    text: str
    lived: float | None = None
    tail: tuple[str, ...] = ()


class OneShot:
    def __init__(self, context: ReleaseContext, workload: Workload, replica: int, spec: Container) -> None:
        self._context = context
        self._spec = spec
        self._pod = pod_of(workload, replica)
        self.key = key_of(workload, replica, spec)
        self.name = words.subject(workload, spec)

    def was_begun(self) -> bool:
        """An earlier bot has started it, and it still runs or has left its outcome."""
        return self.key in self._context.found or self._result.exists()

    def forget(self) -> None:
        """Its outcome has been seen to: the next time is a new one."""
        self._result.unlink(missing_ok=True)

    async def resume(self) -> Outcome:
        """What became of it, or will."""
        found = self._context.found.pop(self.key, None)
        process = self._context.table.adopt(self.key, found) if found else None
        return await self._finish(process, None)

    async def run(self) -> Outcome:
        turn = await self._context.tools.gate.enter()
        try:
            started = asyncio.get_running_loop().time()
            process = self._start()
            return await self._finish(process, started) if isinstance(process, Process) else Outcome(False, process)
        finally:
            turn.leave()

    @property
    def _result(self) -> Path:
        return self._context.folder.result(self.key)

    def _start(self) -> Process | str:
        free = self._context.tools.free
        ports = {port.number: free.take() for port in self._spec.ports}
        launch = environment.launch(self._spec, self._pod, ports, self._context.around)
        self._result.parent.mkdir(parents=True, exist_ok=True)
        self._result.unlink(missing_ok=True)
        # -I -S: the container's own PYTHON… variables are for its command, and the keeper starts twice as fast.
        kept = replace(launch, argv=(sys.executable, "-I", "-S", KEEPER, str(self._result), *launch.argv))
        try:
            return self._context.table.start(self.key, kept, ports, self._context.output(self.key))
        except OSError as error:
            return words.start_error_text(error, sys.executable, self._spec.folder)
        finally:
            for port in ports.values():
                free.give_back(port)

    async def _finish(self, process: Process | None, started: float | None) -> Outcome:
        code = await process.wait() if process else None
        self._context.table.forget(self.key)
        result = read_json(self._result)
        if isinstance(result, dict):
            code = result.get("code")
        lived = None if started is None else asyncio.get_running_loop().time() - started
        lines = self._context.last_lines(self.key)
        return Outcome(code == 0, words.exit_text(code), lived, lines)
