"""A Job as it runs: to its end, once per release, again if it fails."""

import asyncio
from collections.abc import Sequence

from bot.domain.status import WorkloadState
from bot.local import words
from bot.local.context import ReleaseContext
from bot.local.oneshot import OneShot, Outcome
from bot.local.spec import Container, Workload
from bot.local.standing import Standing
from bot.local.streak import Streak, pause_after


class JobRun:
    def __init__(self, context: ReleaseContext, spec: Workload) -> None:
        self.spec = spec
        self._context = context
        self._done = context.folder.done(spec.name)
        self._succeeded = self._done.exists()
        self._failed = ""
        self._pause: float | None = None
        self._streak = Streak()

    @property
    def on_its_way(self) -> bool:
        return not self._succeeded and not self._failed

    def standing(self) -> Standing:
        if self._succeeded:
            return Standing(WorkloadState.READY, 1, 1)
        if self._failed:
            return Standing(WorkloadState.FAILED, 1, 0, self._failed, self._streak.tail)
        if not self._streak.exits:
            return Standing(WorkloadState.PROGRESSING, 1, 0)
        reason = words.restarting(self.spec.name, self._streak.last, self._streak.exits, self._pause)
        return Standing(WorkloadState.PROGRESSING, 1, 0, reason, self._streak.tail)

    async def known(self) -> None:
        return

    async def run(self) -> None:
        """Until it has succeeded or failed; once per release, whatever happens to the bot."""
        if self._succeeded:
            return
        try:
            async with asyncio.timeout(self.spec.limit):
                await self._try_until_done()
        except TimeoutError:
            await self._give_up()
        self._context.changed()

    async def _try_until_done(self) -> None:
        resume = True
        while not self._failed:
            outcome = await self._attempt(resume)
            resume = False
            if outcome.ok:
                self._done.parent.mkdir(parents=True, exist_ok=True)
                self._done.touch()
                self._succeeded = True
                return
            await self._note(outcome)

    async def _attempt(self, resume: bool) -> Outcome:
        shots = self._shots(self.spec.containers)
        if not (resume and any(shot.was_begun() for shot in shots)):
            for shot in self._shots(self.spec.init):
                outcome = await shot.run()
                if not outcome.ok:
                    return outcome
        outcomes = await asyncio.gather(
            *(shot.resume() if resume and shot.was_begun() else shot.run() for shot in shots)
        )
        return next((outcome for outcome in outcomes if not outcome.ok), outcomes[0])

    def _shots(self, containers: Sequence[Container]) -> list[OneShot]:
        return [OneShot(self._context, self.spec, 0, each) for each in containers]

    async def _note(self, outcome: Outcome) -> None:
        self._streak.note(outcome.text, outcome.lived, outcome.tail, strike=True)
        if self._streak.exits > self.spec.backoff_limit:
            self._failed = words.job_failed(self.spec.name, outcome.text, self._streak.exits)
            return
        self._pause = pause_after(self._streak.exits, False, self._context.tools.pace)
        self._context.changed()
        await asyncio.sleep(self._pause)
        self._pause = None

    async def _give_up(self) -> None:
        self._failed = f"{self.spec.name} {words.job_too_long(self.spec.limit or 0)}"
        for shot in self._shots(self.spec.init + self.spec.containers):
            await self._context.table.end(shot.key, min(self.spec.grace, self._context.tools.pace.grace_most))
