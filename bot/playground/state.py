"""The whole workspace as `GET /_workspace/state` tells it."""

import json

from bot.playground.model import BOT_USER, Channel, Json, Message
from bot.playground.shapes import file_json, user_json
from bot.playground.world import World


class State:
    """Asked for after every change, and by several: what has not changed since is not written again."""

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._token = token
        self._written = -1
        self._text = ""

    def text(self) -> str:
        """JSON. `seq` grows with every change."""
        if self._written != self._world.seq:
            self._text, self._written = self._write(), self._world.seq
        return self._text

    def _write(self) -> str:
        world = self._world
        around = {
            "seq": world.seq,
            "token": self._token,
            "users": [user_json(user) for user in world.users.values()],
            "usergroups": [{"id": g.id, "handle": g.handle, "users": list(g.users)} for g in world.groups.values()],
            "views": [{"id": v.id, "user": v.user, "view": v.view} for v in world.views.values()],
            "homes": world.homes,
        }
        channels = ",".join(self._channel(channel) for channel in world.channels.values())
        return f'{_json(around)[:-1]},"channels":[{channels}]}}'

    def _channel(self, channel: Channel) -> str:
        around = {
            "id": channel.id,
            "name": channel.name,
            "is_im": channel.is_im,
            "user": channel.user or None,
            "members": channel.members,
            "bot_member": BOT_USER in channel.members,
            "archived": channel.archived,
        }
        messages = ",".join(self._message(m) for m in self._world.messages.get(channel.id, {}).values())
        return f'{_json(around)[:-1]},"messages":[{messages}]}}'

    def _message(self, message: Message) -> str:
        place = "message", f"{message.channel}/{message.ts}"
        if place not in self._world.texts:
            self._world.texts[place] = _json(_message(self._world, message))
        return self._world.texts[place]


def _json(thing: Json) -> str:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":"))


def _message(world: World, message: Message) -> Json:
    """A parent's `thread_ts` is null: only replies have one."""
    return {
        "ts": message.ts,
        "thread_ts": message.thread_ts,
        "user": message.user,
        "text": message.text,
        "blocks": message.blocks,
        "metadata": message.metadata,
        "edited": message.edited,
        "ephemeral_to": message.ephemeral_to,
        "by_app": message.by_app,
        "broadcast": message.broadcast,
        "deleted": message.deleted,
        "attachments": message.attachments,
        "reactions": message.reactions,
        "files": [file_json(world.files[key]) for key in message.files if key in world.files],
    }
