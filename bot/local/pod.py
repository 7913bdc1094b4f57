"""One replica of a Deployment: its init containers in turn, then all its containers side by side."""

import asyncio
from collections.abc import Callable, Iterator

from bot.local import words
from bot.local.container import RunningContainer
from bot.local.context import ReleaseContext
from bot.local.oneshot import OneShot
from bot.local.spec import Workload
from bot.local.streak import Streak, pause_after


class Preparation:
    """One init container, tried until it succeeds."""

    def __init__(self, context: ReleaseContext, shot: OneShot, strikes: Callable[[], bool]) -> None:
        self._context = context
        self._shot = shot
        self._strikes = strikes
        self._pause: float | None = None
        self.name = shot.name
        self.streak = Streak()
        self.done = False

    async def run(self) -> None:
        while not self.done:
            outcome = await (self._shot.resume() if self._shot.was_begun() else self._shot.run())
            self.done = outcome.ok
            if not outcome.ok:
                await self._fail_once(outcome.text, outcome.lived, outcome.tail)
        self._context.changed()

    async def _fail_once(self, text: str, lived: float | None, lines: tuple[str, ...]) -> None:
        self._shot.forget()
        self.streak.note(text, lived, lines, self._strikes())
        self._pause = pause_after(self.streak.exits, self._context.serving, self._context.tools.pace)
        self._context.changed()
        await asyncio.sleep(self._pause)
        self._pause = None

    def problem(self) -> str:
        if self.done or not self.streak.exits:
            return ""
        return words.restarting(self.name, self.streak.last, self.streak.exits, self._pause)


Part = Preparation | RunningContainer


class Pod:
    def __init__(self, context: ReleaseContext, workload: Workload, replica: int, strikes: Callable[[], bool]) -> None:
        self._context = context
        self._preparations = [
            Preparation(context, OneShot(context, workload, replica, spec), strikes) for spec in workload.init
        ]
        self.containers = [RunningContainer(context, workload, replica, spec, strikes) for spec in workload.containers]

    @property
    def ready(self) -> bool:
        return all(container.ready for container in self.containers)

    @property
    def on_its_way(self) -> bool:
        return not self.ready and not any(part.streak.exits for part in self.parts()) and self._still_starting()

    def _still_starting(self) -> bool:
        return not all(each.done for each in self._preparations) or any(each.on_its_way for each in self.containers)

    def parts(self) -> Iterator[Part]:
        yield from self._preparations
        yield from self.containers

    def port(self, number: int) -> int | None:
        """The real port that stands for a containerPort now, if any container listens on it."""
        return next((each.ports[number] for each in self.containers if number in each.ports), None)

    async def run(self) -> None:
        """Until cancelled."""
        # Where a container has outlived the bot, the pod has been prepared long ago.
        if not any(each.key in self._context.found for each in self.containers):
            for preparation in self._preparations:
                await preparation.run()
        for preparation in self._preparations:
            preparation.done = True
        async with asyncio.TaskGroup() as group:
            for container in self.containers:
                group.create_task(container.run())
