"""`/octopod …`: answered in the ack, privately."""

from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.meaning import Asked
from handlers.conversation import say
from handlers.doors import Doors
from handlers.errors import answering


@answering
async def octopod(ack: AsyncAck, command: dict[str, Any], doors: Doors) -> None:
    text = await say(doors, asked_by(command, doors), command.get("text", ""))
    if text is None:
        await ack()
    else:
        await ack(text=text.text, blocks=text.blocks, response_type="ephemeral")


def asked_by(command: dict[str, Any], doors: Doors) -> Asked:
    """Slash commands are not delivered twice, but a trigger id is as good as any."""
    return Asked(
        id=command["trigger_id"],
        person=doors.person(command["user_id"]),
        channel=command["channel_id"],
        channel_name=command.get("channel_name", ""),
        at=doors.service.now(),
        response_url=command.get("response_url"),
    )
