"""`@octopod …`: the same grammar, also in threads, where slash commands do not work. Answered ephemerally."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.words import strip_mention
from bot.meaning import Asked
from handlers.conversation import say
from handlers.doors import Doors
from handlers.errors import answering, sent


@answering
async def app_mention(
    ack: AsyncAck, event: dict[str, Any], body: dict[str, Any], client: AsyncWebClient, doors: Doors
) -> None:
    """Slack repeats an event that it believes lost, under the same event id. Bots and workflows are no user."""
    if "user" not in event:
        await ack()
        return
    asked = asked_by(event, body["event_id"], doors)
    text = await say(doors, asked, strip_mention(event.get("text", "")))
    await ack()
    if text:
        answer = client.chat_postEphemeral(
            channel=asked.channel,
            user=asked.person.id,
            thread_ts=asked.thread_ts,
            text=text.text,
            blocks=text.blocks,
        )
        doors.later(sent(answer))


def asked_by(event: dict[str, Any], event_id: str, doors: Doors) -> Asked:
    return Asked(
        id=event_id,
        person=doors.person(event["user"]),
        channel=event["channel"],
        channel_name=doors.channel_name(event["channel"]),
        at=doors.service.now(),
        thread_ts=event.get("thread_ts"),
    )


@answering
async def ignored(ack: AsyncAck, doors: Doors) -> None:
    """Events that Slack sends because of the app's subscriptions, but that ask for nothing."""
    await ack()
