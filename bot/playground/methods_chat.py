"""chat.* and reactions.add. https://docs.slack.dev/reference/methods/chat.postMessage and its neighbours."""

import json
import re
from typing import Any

from bot.playground.blocks import check_blocks, with_ids
from bot.playground.calls import Args, Call, Method, SlackError
from bot.playground.model import BOT_USER, Channel, Json, Message
from bot.playground.shapes import message_json
from bot.playground.world import World

# TEXT, METADATA_BYTES: documented. UPDATE_TEXT, BLOCKS_TEXT: what people have met (see the table in the tests).
TEXT, UPDATE_TEXT, BLOCKS_TEXT, METADATA_BYTES = 40_000, 4_000, 13_200, 16_000
TS = re.compile(r"\d{1,12}\.\d{6}")


def post_message(call: Call) -> Json:
    channel = writable(call.world, call.args.required("channel"))
    content = read_content(call.args, TEXT)
    message = Message(
        channel=channel.id,
        ts="",
        user=BOT_USER,
        thread_ts=read_thread(call, channel),
        metadata=read_metadata(call.args),
        broadcast=call.args.flag("reply_broadcast"),
        by_app=True,
        **content,
    )
    message.ts, message.broadcast = call.world.next_ts(), message.broadcast and message.thread_ts is not None
    call.world.save(message)
    return {"channel": channel.id, "ts": message.ts, "message": message_json(call.world, message)}


def post_ephemeral(call: Call) -> Json:
    channel = writable(call.world, call.args.required("channel"))
    user = call.world.users.get(call.args.required("user"))
    if user is None or user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    message = Message(
        channel=channel.id,
        ts="",
        user=BOT_USER,
        thread_ts=read_thread(call, channel),
        ephemeral_to=user.id,
        by_app=True,
        **read_content(call.args, TEXT),
    )
    message.ts = call.world.next_ts()
    call.world.save(message)
    return {"message_ts": message.ts}


def update(call: Call) -> Json:
    """What is left out (blocks, attachments, metadata) is retained; an empty list or object removes it."""
    channel = by_id(call.world, call.args.required("channel"))
    message = existing(call.world, channel, call.args.required("ts"))
    if not message.by_app:
        raise SlackError("cant_update_message")
    if channel.archived:
        raise SlackError("is_archived")
    content = read_content(call.args, UPDATE_TEXT)
    metadata = read_metadata(call.args)
    message.text = content["text"]
    if "blocks" in call.args:
        message.blocks = content["blocks"]
    if "attachments" in call.args:
        message.attachments = content["attachments"]
    if "metadata" in call.args:
        message.metadata = metadata
    message.edited = {"user": BOT_USER, "ts": call.world.next_ts()}
    call.world.save(message)
    shown = message_json(call.world, message)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": shown}


def delete(call: Call) -> Json:
    channel = by_id(call.world, call.args.required("channel"))
    message = existing(call.world, channel, call.args.required("ts"))
    if not message.by_app:
        raise SlackError("cant_delete_message")
    remove(call.world, message)
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    channel = by_id(call.world, call.args.required("channel"))
    message = existing(call.world, channel, call.args.required("message_ts"))
    place = f"{call.base.replace('127.0.0.1', 'localhost')}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts else ""
    return {"channel": channel.id, "permalink": place + thread}


def add_reaction(call: Call) -> Json:
    channel = by_id(call.world, call.args.required("channel"))
    name = call.args.required("name").strip(":")
    if not re.fullmatch(r"[a-z0-9_+'-]{1,100}(::skin-tone-[2-6])?", name):
        raise SlackError("invalid_name")
    message = existing(call.world, channel, call.args.required("timestamp"))
    users = message.reactions.get(name, [])
    if BOT_USER in users:
        raise SlackError("already_reacted")
    message.reactions = {**message.reactions, name: [*users, BOT_USER]}
    call.world.save(message)
    return {}


# -- what several of them need


def by_id(world: World, name: str) -> Channel:
    """A channel that the bot can see the inside of. Names are not taken, as in Slack."""
    channel = world.channels.get(name)
    if channel is None:
        raise SlackError("channel_not_found")
    if BOT_USER not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def writable(world: World, name: str) -> Channel:
    """Where chat.postMessage may write: a channel by id or name, a person by id (their direct messages)."""
    if name in world.users and not world.users[name].is_bot:
        return world.direct(name)
    found = world.channel(name)
    channel = by_id(world, found.id if found else name)
    if channel.archived:
        raise SlackError("is_archived")
    return channel


def existing(world: World, channel: Channel, ts: str) -> Message:
    message = world.messages.get(channel.id, {}).get(ts)
    if message is None or message.ephemeral_to or message.deleted:
        raise SlackError("message_not_found")
    return message


def remove(world: World, message: Message) -> None:
    """Delete a message; one with replies leaves a tombstone, so that its thread stays."""
    if not world.replies(message.channel, message.ts):
        return world.forget(message)
    message.text, message.blocks, message.deleted = "This message was deleted.", [], True
    message.metadata, message.files, message.reactions = None, [], {}
    return world.save(message)


def read_thread(call: Call, channel: Channel) -> str | None:
    """The parent's ts; a reply's own ts means its parent.

    A parent that is gone is no error: Slack posts to the channel instead (slack-go/slack#1571).
    """
    ts = call.args.text("thread_ts")
    if not ts:
        return None
    if not TS.fullmatch(ts):
        raise SlackError("invalid_thread_ts")
    parent = call.world.messages.get(channel.id, {}).get(ts)
    return None if parent is None or parent.ephemeral_to else parent.thread_ts or parent.ts


def read_content(args: Args, most: int) -> dict[str, Any]:
    """Text, blocks and attachments, checked; at least one of them."""
    text = args.text("text")
    blocks = read_blocks(args)
    attachments = args.json("attachments", "invalid_attachments") or []
    if not isinstance(attachments, list):
        raise SlackError("invalid_attachments")
    if not text and not blocks and not attachments:
        raise SlackError("no_text")
    if len(text) > most:
        raise SlackError("msg_too_long")
    return {"text": text, "blocks": blocks, "attachments": attachments}


def read_blocks(args: Args) -> list[Json]:
    blocks = args.json("blocks", "invalid_blocks_format")
    if blocks is None:
        return []
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if mistakes := check_blocks(blocks):
        raise SlackError("invalid_blocks", mistakes)
    if _letters(blocks) > BLOCKS_TEXT:
        raise SlackError("msg_blocks_too_long")
    return with_ids(blocks)


def _letters(thing: object) -> int:
    """How much there is to read in blocks, all together."""
    if isinstance(thing, list):
        return sum(_letters(item) for item in thing)
    if not isinstance(thing, dict):
        return 0
    return sum(len(v) if k == "text" and isinstance(v, str) else _letters(v) for k, v in thing.items())


def read_metadata(args: Args) -> Json | None:
    metadata = args.json("metadata", "invalid_metadata_format")
    if not metadata:
        return None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_format")
    event_type = metadata.get("event_type")
    if not isinstance(event_type, str) or not re.fullmatch(r"[A-Za-z0-9_.:-]{1,255}", event_type):
        raise SlackError("invalid_metadata_format")
    if set(metadata) - {"event_type", "event_payload"}:
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata).encode()) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return metadata


METHODS: dict[str, Method] = {
    "chat.postMessage": post_message,
    "chat.postEphemeral": post_ephemeral,
    "chat.update": update,
    "chat.delete": delete,
    "chat.getPermalink": get_permalink,
    "reactions.add": add_reaction,
}
