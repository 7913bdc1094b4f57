"""The App Home: published when it is opened. It shows by itself what a click did; a refusal is told in a dialog."""

import asyncio
from dataclasses import replace
from typing import Any

import aiohttp
import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.meaning import Asked
from bot.slack import answers
from bot.slack.home import dialog
from bot.slack.messages import Text
from handlers.doors import Act, Doors
from handlers.errors import answering, sent, told

log = structlog.get_logger()
DIALOG = 2.0
"""Seconds that Slack may take to open a dialog: what opens it, lives for three, and the ack comes after it."""


@answering
async def opened(ack: AsyncAck, event: dict[str, Any], doors: Doors) -> None:
    """Slack tells of the messages tab, too."""
    if event.get("tab") == "home":
        await doors.service.home_opened(event["user"])
    await ack()


async def acted(
    act: Act, waits: bool, ack: AsyncAck, asked: Asked, value: str, client: AsyncWebClient, doors: Doors
) -> None:
    """`waits`: the answer takes a while, so its dialog is opened first."""
    view = await _opened(client, asked, answers.fetching()) if waits else None
    text = await told(act(doors, replace(asked, view_id=view), value) if waits else _silently(act, doors, asked, value))
    await ack()
    if text and view:
        doors.later(sent(client.views_update(view_id=view, view=dialog(text))))
    elif text:
        doors.later(_opened(client, asked, text))


async def _silently(act: Act, doors: Doors, asked: Asked, value: str) -> None:
    await act(doors, asked, value)


async def _opened(client: AsyncWebClient, asked: Asked, text: Text) -> str | None:
    """The id of the dialog; None when Slack did not open it in time: then the answer comes by a direct message."""
    try:
        async with asyncio.timeout(DIALOG):
            answer = await client.views_open(trigger_id=asked.id, view=dialog(text))
    except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
        log.warning("a dialog could not be opened", why=str(error))
        return None
    return str(answer["view"]["id"])
