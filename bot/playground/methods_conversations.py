"""conversations.*. https://docs.slack.dev/reference/methods/conversations.history and its neighbours."""

import re
from collections.abc import Iterable

from bot.playground.calls import Args, Call, Method, SlackError, page
from bot.playground.methods_chat import by_id
from bot.playground.model import Channel, Json, Message
from bot.playground.shapes import channel_json, message_json

TIME = re.compile(r"\d{1,12}(\.\d{1,6})?|now")


def list_channels(call: Call) -> Json:
    """Public channels, members or not; direct messages only when `types` asks for them."""
    kinds = call.args.names("types") or ["public_channel"]
    if set(kinds) - {"public_channel", "private_channel", "mpim", "im"}:
        raise SlackError("invalid_types")
    found = [
        channel
        for channel in call.world.channels.values()
        if ("im" if channel.is_im else "public_channel") in kinds
        and not (channel.archived and call.args.flag("exclude_archived"))
    ]
    some, metadata = page(found, call.args, default=100, most=999)
    return {"channels": [channel_json(channel) for channel in some], "response_metadata": metadata}


def info(call: Call) -> Json:
    channel = call.world.channels.get(call.args.required("channel"))
    if channel is None:
        raise SlackError("channel_not_found")
    made = channel_json(channel)
    if not call.args.flag("include_num_members"):
        made.pop("num_members", None)
    return {"channel": made}


def members(call: Call) -> Json:
    channel = call.world.channels.get(call.args.required("channel"))
    if channel is None:
        raise SlackError("channel_not_found")
    some, metadata = page(channel.members, call.args, default=100, most=999)
    return {"members": list(some), "response_metadata": metadata}


def open_direct(call: Call) -> Json:
    """The direct messages with one person (more at once are not built)."""
    if known := call.args.text("channel"):
        channel = call.world.channels.get(known)
        if channel is None or not channel.is_im:
            raise SlackError("channel_not_found")
    else:
        channel = _with(call, call.args.names("users"))
    shown = channel_json(channel) if call.args.flag("return_im") else {"id": channel.id}
    return {"channel": shown}


def _with(call: Call, users: list[str]) -> Channel:
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > 1:
        raise SlackError("too_many_users")
    user = call.world.users.get(users[0])
    if user is None:
        raise SlackError("user_not_found")
    if user.is_bot:
        raise SlackError("cannot_dm_bot")
    return call.world.direct(user.id)


def history(call: Call) -> Json:
    """Newest first, without the replies of threads, without what only one person sees."""
    channel = by_id(call.world, call.args.required("channel"))
    found = [
        message
        for message in _visible(call, channel)
        if (not message.thread_ts or message.broadcast) and _within(message, call.args)
    ]
    return _messages(call, found[::-1], default=100, most=999)


def replies(call: Call) -> Json:
    """The parent, then its replies, oldest first. The parent is there whatever the time range."""
    channel = by_id(call.world, call.args.required("channel"))
    named = call.world.messages.get(channel.id, {}).get(call.args.required("ts"))
    if named is None or named.ephemeral_to:
        raise SlackError("thread_not_found")
    parent = call.world.messages[channel.id].get(named.thread_ts or named.ts, named)
    found = [m for m in call.world.replies(channel.id, parent.ts) if _within(m, call.args)]
    return _messages(call, [parent, *found], default=1000, most=1000)


def _visible(call: Call, channel: Channel) -> Iterable[Message]:
    return (m for m in call.world.messages.get(channel.id, {}).values() if not m.ephemeral_to)


def _messages(call: Call, found: list[Message], *, default: int, most: int) -> Json:
    some, metadata = page(found, call.args, default=default, most=most)
    with_metadata = call.args.flag("include_all_metadata")
    return {
        "messages": [message_json(call.world, message, metadata=with_metadata) for message in some],
        "has_more": bool(metadata["next_cursor"]),
        "response_metadata": metadata,
    }


def _within(message: Message, args: Args) -> bool:
    """Between oldest and latest; exactly these two only with `inclusive`."""
    oldest, latest = _time(args, "oldest"), _time(args, "latest")
    ts = _micros(message.ts)
    if args.flag("inclusive"):
        return (oldest is None or ts >= oldest) and (latest is None or ts <= latest)
    return (oldest is None or ts > oldest) and (latest is None or ts < latest)


def _time(args: Args, name: str) -> int | None:
    text = args.text(name)
    if not text or text == "now" or text == "0":
        return None
    if not TIME.fullmatch(text):
        raise SlackError(f"invalid_ts_{name}")
    return _micros(text)


def _micros(ts: str) -> int:
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1_000_000 + int(fraction.ljust(6, "0"))


METHODS: dict[str, Method] = {
    "conversations.list": list_channels,
    "conversations.info": info,
    "conversations.members": members,
    "conversations.open": open_direct,
    "conversations.history": history,
    "conversations.replies": replies,
}
