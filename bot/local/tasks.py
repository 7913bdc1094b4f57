"""Tasks that accompany a block of code, and are never lost from sight."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

log = logging.getLogger(__name__)


@asynccontextmanager
async def accompanied(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` beside the block; what still runs at its end is cancelled."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        await cancel(tasks)


async def cancel(tasks: Iterable["asyncio.Task[None]"]) -> None:
    """Cancel and wait."""
    all_tasks = list(tasks)
    for task in all_tasks:
        task.cancel()
    await together(*all_tasks)


async def together(*work: Awaitable[None]) -> None:
    """Wait for all. An error that one ends with is a bug: it is logged, and keeps the others from nothing."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, Exception):
            log.error("a task of the local engine broke", exc_info=outcome)


def log_bug(task: "asyncio.Task[None]") -> None:
    """As a task's done callback: at once, not when somebody comes to look."""
    if not task.cancelled() and task.exception() is not None:
        log.error("a task of the local engine broke", exc_info=task.exception())


async def until(condition: Callable[[], bool], every: float) -> None:
    """For what nobody tells us: look again and again."""
    while True:
        if condition():
            return
        await asyncio.sleep(every)
