"""What the bot is sent, in Slack's shapes.

https://docs.slack.dev/interactivity/implementing-slash-commands, …/reference/interaction-payloads and
…/apis/events-api#callback-field
"""

import secrets

from bot.playground.model import APP, BOT_USER, TEAM, TEAM_NAME, Channel, Json, Message, User, View
from bot.playground.shapes import message_json
from bot.playground.world import World

TOKEN = "verification-token"  # deprecated by Slack in favour of signatures, but still sent
TEAM_JSON = {"id": TEAM, "domain": TEAM_NAME}


def channel_name(channel: Channel) -> str:
    return "directmessage" if channel.is_im else channel.name


def slash_command(user: User, channel: Channel, command: str, text: str, trigger: str, response_url: str) -> Json:
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "team_domain": TEAM_NAME,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger,
    }


def _interaction(kind: str, user: User) -> Json:
    person = {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM}
    return {
        "type": kind,
        "team": TEAM_JSON,
        "user": person,
        "api_app_id": APP,
        "token": TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def in_message(world: World, kind: str, user: User, message: Message) -> Json:
    """An interaction with a message. What only one person sees is not repeated in the payload."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": bool(message.ephemeral_to),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    channel = world.channels[message.channel]
    made = _interaction(kind, user) | {
        "container": container,
        "channel": {"id": channel.id, "name": channel_name(channel)},
    }
    return made if message.ephemeral_to else made | {"message": message_json(world, message)}


def in_view(kind: str, user: User, view: Json, values: Json) -> Json:
    """An interaction with a modal or a home tab, with what its inputs hold."""
    shown = {**view, "state": {"values": values}}
    return _interaction(kind, user) | {"container": {"type": "view", "view_id": view["id"]}, "view": shown}


def submission(user: User, view: View, values: Json, trigger: str) -> Json:
    made = in_view("view_submission", user, view.view, values)
    del made["container"]
    return made | {"trigger_id": trigger, "response_urls": []}


def closed(user: User, view: View, *, cleared: bool) -> Json:
    made = in_view("view_closed", user, view.view, {})
    del made["container"]
    return made | {"is_cleared": cleared}


def event(kind: str, user: User, ts: str, now: float, fields: Json) -> Json:
    """An event in its envelope. `ts`: when it happened."""
    inner = {"type": kind, "user": user.id, **fields, "event_ts": ts}
    authorization = {
        "enterprise_id": None,
        "team_id": TEAM,
        "user_id": BOT_USER,
        "is_bot": True,
        "is_enterprise_install": False,
    }
    return {
        "token": TOKEN,
        "team_id": TEAM,
        "api_app_id": APP,
        "event": inner,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(now),
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        "event_context": secrets.token_hex(8),
    }


def mention(user: User, message: Message, now: float) -> Json:
    said = {"text": message.text, "ts": message.ts, "channel": message.channel, "team": TEAM}
    if message.thread_ts:
        said["thread_ts"] = message.thread_ts
    return event("app_mention", user, message.ts, now, said)
