"""What every door does with errors: UserError is told privately, a bug gets an id, nothing raises after the ack.

Bolt loses an ack when its listener raises right after it, and a middleware cannot catch a listener's error; hence a
decorator. `@app.error` stays below as a net.
"""

import asyncio
import functools
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackClientError

from bot.domain.errors import OctopodError, UserError
from bot.service import Repeated
from bot.slack import answers
from bot.slack.messages import Text

log = structlog.get_logger()
Listener = Callable[..., Awaitable[None]]


async def told(work: Awaitable[Text | None], refused: Callable[[UserError], Text] = answers.refusal) -> Text | None:
    """What to tell whoever asked; None when this very wish was taken before."""
    try:
        return await work
    except Repeated:
        return None
    except UserError as error:
        return refused(error)
    except OctopodError as error:
        return answers.refused(error.text)
    except Exception:
        return answers.bug(logged("a door failed"))


def answering(listener: Listener) -> Listener:
    """For listeners: whatever happens after the ack ends in the log. Wraps, so that injection by name still works."""

    @functools.wraps(listener)
    async def safe(**injected: Any) -> None:
        running, task = injected["doors"].running, asyncio.current_task()
        running.add(task)
        try:
            await listener(**injected)
        except Exception:
            logged("a listener failed")
        finally:
            running.discard(task)

    return safe


async def sent(answer: Awaitable[object]) -> None:
    """Send a private answer, at most once: if Slack says nothing, it may have arrived, so it is not repeated."""
    try:
        await answer
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        log.warning("a private answer did not get through to Slack", why=f"{type(error).__name__} {error}".strip())


def logged(what: str) -> str:
    """The id under which the traceback is in the log."""
    error_id = uuid.uuid4().hex[:8]
    log.exception(what, error_id=error_id)
    return error_id
