"""One check: a look at something, within a time limit. Whatever goes wrong in it becomes its answer."""

import asyncio
from collections.abc import Awaitable, Callable

from bot.doctor.report import Answer
from bot.domain.errors import OctopodError, PermanentError

SECONDS = 15.0
Look = Callable[[], Awaitable[str]]


async def check(what: str, look: Look, step: str = "", seconds: float = SECONDS) -> Answer:
    """`look` says in words what is well, or raises one of our errors. `step`: for those that have none of their own."""
    try:
        async with asyncio.timeout(seconds):
            return Answer(what, True, await look())
    except TimeoutError:
        return Answer(what, False, f"no answer within {seconds:g} s", step)
    except PermanentError as error:
        return Answer(what, False, error.text, error.next_step or step)
    except OctopodError as error:
        return Answer(what, False, error.text, step)
    except Exception as error:  # must not keep the other checks from being told
        text = f"the check itself broke ({type(error).__name__}: {error})"
        return Answer(what, False, text, "This is a mistake in Octopod: please report this line.")
