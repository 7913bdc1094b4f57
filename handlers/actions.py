"""Buttons and menus: `open`, `extend`, `logs`, `retry`, `delete`, `delete_now`, `undo`, `sleep`, `wake`, `reset`,
`rollback`, `revert_key`, `check_base`, `fresh_data`, `mute`, `releases`, `choose`.

A button's value is the staging's id and what it was drawn for; a stale one explains itself instead of acting.
"""

import json
from datetime import datetime
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain import commands
from bot.domain.errors import UserError
from bot.domain.model import Staging, WitnessOf
from bot.meaning import Asked
from bot.slack import answers
from bot.slack.messages import Text
from handlers import home
from handlers.conversation import configured, say
from handlers.doors import Act, Doors
from handlers.errors import Listener, answering, sent, told


async def extend(doors: Doors, asked: Asked, value: str) -> Text:
    """Its value carries the time it extends to: a double click is one extension."""
    staging, until = value.split(" ", 1)
    return answers.extended(await doors.service.extend(asked, staging, until=datetime.fromisoformat(until)))


async def logs(doors: Doors, asked: Asked, value: str) -> Text | None:
    staging = await _staging(doors, value)
    await doors.service.accept(asked, commands.Logs(staging.name, project=staging.project))
    return None


async def retry(doors: Doors, asked: Asked, value: str) -> Text:
    staging, release = value.split(" ", 1)
    found = await doors.service.retry(asked, staging, release)
    return answers.deploying(commands.Deploy(found.branch))


async def delete(doors: Doors, asked: Asked, value: str) -> Text:
    staging, release = value.split(" ", 1)
    return answers.deleting(await doors.service.delete(asked, staging, drawn_for=release))


async def delete_now(doors: Doors, asked: Asked, value: str) -> Text:
    staging, release = value.split(" ", 1)
    return answers.deleting(await doors.service.delete(asked, staging, drawn_for=release, now=True))


async def undo(doors: Doors, asked: Asked, value: str) -> Text:
    return answers.brought_back(await doors.back.undo(asked, value))


async def sleep(doors: Doors, asked: Asked, value: str) -> Text:
    staging, release = value.split(" ", 1)
    return answers.sleeping(await doors.back.sleep(asked, staging, drawn_for=release))


async def wake(doors: Doors, asked: Asked, value: str) -> Text:
    return answers.waking(await doors.back.wake(asked, value))


async def reset(doors: Doors, asked: Asked, value: str) -> Text:
    staging, release = value.split(" ", 1)
    return answers.resetting(await doors.back.reset(asked, staging, drawn_for=release))


async def rollback(doors: Doors, asked: Asked, value: str) -> Text:
    """The release that failed or broke is the one that the button was drawn for."""
    id, release = value.split(" ", 1)
    return answers.rolling_back(await doors.back.rollback(asked, await _staging(doors, id), None, drawn_for=release))


async def revert_key(doors: Doors, asked: Asked, value: str) -> Text:
    """The release that broke is the one that the button was drawn for; `number`: the one that was well."""
    staging, release, number, level, key = value.split(" ", 4)
    return await configured(
        doors, await doors.service.configuration.revert(asked, staging, release, int(number), level, key)
    )


async def check_base(doors: Doors, asked: Asked, value: str) -> Text:
    return await _tried(doors, asked, value, WitnessOf.MERGE_BASE)


async def fresh_data(doors: Doors, asked: Asked, value: str) -> Text:
    return await _tried(doors, asked, value, WitnessOf.SAME_COMMIT)


async def _tried(doors: Doors, asked: Asked, value: str, of: WitnessOf) -> Text:
    """The release that broke is the one that the button was drawn for."""
    id, release = value.split(" ", 1)
    staging = await _staging(doors, id)
    if staging.attempt.id != release:
        raise UserError(f"That button is out of date: {staging.name} has release {staging.attempt.number} now.")
    return answers.trying(await doors.service.witnessing.check(asked, id, of), of)


async def releases(doors: Doors, asked: Asked, value: str) -> Text:
    return answers.releases(await _staging(doors, value), await doors.back.were_live(value))


async def _staging(doors: Doors, id: str) -> Staging:
    found = await doors.service.looking.staging(id)
    if found is None:
        raise UserError("There is no such staging any more.")
    return found.staging


async def mute(doors: Doors, asked: Asked, value: str) -> Text:
    """Its value carries the time until which it mutes: a double click is one."""
    drawn = json.loads(value)
    staging, check, until = await _staging(doors, drawn["staging"]), drawn["check"], drawn["until"]
    until = datetime.fromisoformat(until)
    return answers.muted(await doors.muting.mute(asked, staging, check, until), check, until)


async def choose(doors: Doors, asked: Asked, value: str) -> Text | None:
    """A menu of what an ambiguous command could mean: the option is the whole command."""
    return await say(doors, asked, value)


async def opened(doors: Doors, asked: Asked, value: str) -> None:
    """Slack tells of buttons that only open a URL, too; it wants nothing but an ack."""


def door(act: Act, *, waits: bool = False) -> Listener:
    """A listener for one action: do it, ack, answer privately. The App Home has its own way to answer.

    `waits`: the answer comes later, by the worker.
    """

    @answering
    async def listener(
        ack: AsyncAck,
        body: dict[str, Any],
        action: dict[str, Any],
        respond: AsyncRespond,
        client: AsyncWebClient,
        doors: Doors,
    ) -> None:
        asked = asked_by(body, doors)
        if not asked.channel:
            return await home.acted(act, waits, ack, asked, value_of(action), client, doors)
        text = await told(act(doors, asked, value_of(action)))
        await ack()
        if text:
            answer = respond(text=text.text, blocks=text.blocks, response_type="ephemeral", replace_original=False)
            doors.later(sent(answer))

    return listener


def value_of(action: dict[str, Any]) -> str:
    chosen = action.get("selected_option") or action
    return str(chosen.get("value", ""))


def asked_by(body: dict[str, Any], doors: Doors) -> Asked:
    channel = body.get("channel") or {}
    message = body.get("message") or {}
    container = body.get("container") or {}
    return Asked(
        id=body["trigger_id"],
        person=doors.person(body["user"]["id"]),
        channel=channel.get("id", ""),
        channel_name=channel.get("name", ""),
        at=doors.service.now(),
        thread_ts=message.get("thread_ts") or container.get("thread_ts") or message.get("ts"),
        response_url=body.get("response_url"),
    )
