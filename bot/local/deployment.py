"""A Deployment as it runs: its replicas, and whether it gets there."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from bot.domain.status import MOST_SIGNS, Sign, WorkloadState
from bot.local import words
from bot.local.container import RunningContainer
from bot.local.context import ReleaseContext
from bot.local.pod import Part, Pod
from bot.local.spec import Workload
from bot.local.standing import Standing


class DeploymentRun:
    def __init__(self, context: ReleaseContext, spec: Workload, strikes: Callable[[], bool]) -> None:
        self.spec = spec
        self._context = context
        self._overdue = False
        self._best = 0
        self._progressed = asyncio.get_running_loop().time()
        self.pods = [Pod(context, spec, replica, strikes) for replica in range(spec.replicas)]

    @property
    def ready(self) -> int:
        return sum(pod.ready for pod in self.pods)

    @property
    def on_its_way(self) -> bool:
        return self.ready < len(self.pods) and any(pod.on_its_way for pod in self.pods)

    def standing(self) -> Standing:
        return replace(self._judged(), signs=self._signs())

    def _signs(self) -> tuple[Sign, ...]:
        every = (sign for pod in self.pods for container in pod.containers for sign in container.signs)
        return tuple(sorted(every, key=lambda sign: sign.at)[-MOST_SIGNS:])

    def _judged(self) -> Standing:
        ready, wanted = self.ready, len(self.pods)
        if ready == wanted:
            return Standing(WorkloadState.READY, wanted, ready)
        failure = None if self._context.serving else self._failure()
        if failure is not None:
            return Standing(WorkloadState.FAILED, wanted, ready, *failure)
        troubled = next((part for part in self._parts() if part.problem()), None)
        if troubled is None:
            return Standing(WorkloadState.PROGRESSING, wanted, ready)
        lines = troubled.streak.tail if troubled.streak.exits else ()
        return Standing(WorkloadState.PROGRESSING, wanted, ready, troubled.problem(), lines)

    def _parts(self) -> list[Part]:
        return [part for pod in self.pods for part in pod.parts()]

    def _failure(self) -> tuple[str, tuple[str, ...]] | None:
        """Why it will not get there by itself, and the last lines that tell more."""
        limit = self._context.tools.pace.strikes
        given_up = next((part for part in self._parts() if part.streak.strikes >= limit), None)
        if given_up is None and self._overdue:
            given_up = next((part for part in self._parts() if part.problem() and part.streak.exits), None)
        if given_up is not None:
            streak = given_up.streak
            return words.failed_start(given_up.name, streak.last, streak.exits, streak.lived), streak.tail
        return (self._too_late(), ()) if self._overdue else None

    def _too_late(self) -> str:
        waiting = [part for part in self._parts() if isinstance(part, RunningContainer) and not part.ready]
        asked = next((part for part in waiting if part.probe_text), None)
        return words.never_ready(self.spec.name if asked is None else asked.name, asked.probe_text if asked else "")

    async def run(self) -> None:
        self._progressed = asyncio.get_running_loop().time()  # its hooks may have taken a while
        async with asyncio.TaskGroup() as group:
            for pod in self.pods:
                group.create_task(pod.run())
            group.create_task(self._mind_deadline())

    async def known(self) -> None:
        for pod in self.pods:
            for container in pod.containers:
                await container.known.wait()

    async def _mind_deadline(self) -> None:
        """Each replica more than ever before is progress, and begins the deadline anew."""
        loop = asyncio.get_running_loop()
        while not self._context.serving:
            left = self._progressed + self.spec.deadline - loop.time()
            if left <= 0:
                self._overdue = True
                self._context.changed()
                return
            await asyncio.sleep(left)
            if self.ready > self._best or self.ready == len(self.pods):
                self._best, self._progressed = self.ready, loop.time()
