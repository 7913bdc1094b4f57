"""What people do in channels: writing, commanding, opening the app's home. Each answers after the bot's ack."""

from dataclasses import replace

from bot.playground import builtin, payloads
from bot.playground.calls import Args, SlackError
from bot.playground.controls import Refused
from bot.playground.delivery import Ack, Courier, Kind
from bot.playground.hooks import Hooks
from bot.playground.model import BOT_USER, SLACKBOT, Channel, Group, Json, Message, User
from bot.playground.options import Options
from bot.playground.triggers import Triggers
from bot.playground.typed import as_sent
from bot.playground.world import World

TEXT = 40_000


class People:
    """Methods raise Refused for what Slack's own client would not let a person do."""

    def __init__(
        self,
        world: World,
        options: Options,
        courier: Courier,
        triggers: Triggers,
        hooks: Hooks,
        own: builtin.Builtin,
    ) -> None:
        self.world = world
        self.courier = courier
        self.triggers = triggers
        self.hooks = hooks
        self._options = options
        self._own = own

    # -- who and where

    def user(self, name: str) -> User:
        user = self.world.user(name)
        if user is None or user.is_bot:
            there = ", ".join(user.name for user in self.world.users.values() if not user.is_bot)
            raise Refused(f"there is no person {name!r}; there are: {there}")
        return user

    def channel(self, name: str, user: User) -> Channel:
        """A channel that the person is in. `@octopod`: the direct messages with the bot."""
        bot = self.world.users[BOT_USER].name
        channel = self.world.direct(user.id) if name in (f"@{bot}", BOT_USER) else self.world.channel(name)
        if channel is None:
            there = ", ".join(f"#{c.name}" for c in self.world.channels.values() if not c.is_im)
            raise Refused(f"there is no channel {name!r}; there are: {there}")
        if user.id not in channel.members:
            raise Refused(f"{user.name} is not in {name}")
        if channel.archived:
            raise Refused(f"{name} is archived")
        return channel

    # -- what they do

    async def command(self, user: User, channel: Channel, line: str, thread: str | None, base: str, raw: bool) -> Json:
        """A whole line, as typed. `raw`: it is sent as it is, whatever Slack would have made of it."""
        if not line.startswith("/"):
            raise Refused("a command starts with /; use /message for what is said")
        name, _, rest = line.partition(" ")
        if thread:
            self._slackbot(user, channel, f"{name} is not supported in threads. Sorry!", thread)
            return {"ok": False, "error": "not_supported_in_threads", "ack_ms": 0.0}
        if name == builtin.NAME:
            self._slackbot(user, channel, await self._own.answer(user, rest))
            return {"ok": True, "ack_ms": 0.0}
        if name not in self._options.commands:
            self._slackbot(user, channel, f"{name} is not a valid command.")
            return {"ok": False, "error": "unknown_command", "ack_ms": 0.0}
        text = rest.strip() if raw else self._as_sent(rest.strip(), command=True)
        url = self.hooks.make(base, user.id, channel.id)
        self.world.commit()
        trigger = self.triggers.make(user.id)
        payload = payloads.slash_command(user, channel, name, text, trigger, url)
        ack = await self.courier.send(Kind.COMMAND, payload)
        return self._acked(ack, name, user, channel, url)

    async def message(self, user: User, channel: Channel, text: str, thread: str | None, raw: bool) -> Json:
        """Something said. The bot hears of it only when it is mentioned in a channel that it is in."""
        if not text.strip() or len(text) > TEXT:
            raise Refused("a message has 1 to 40,000 characters")
        sent = text if raw else self._as_sent(text, command=False)
        message = Message(channel.id, self.world.next_ts(), user.id, sent, thread_ts=self._parent(channel, thread))
        self.world.save(message)
        mentioned = f"<@{BOT_USER}>" in sent and not channel.is_im
        if mentioned and BOT_USER not in channel.members:
            self._slackbot(user, channel, f"<@{BOT_USER}> is not in this channel and was not told.")
        self.world.commit()
        answer = {"ok": True, "ack_ms": 0.0, "ts": message.ts, "channel": channel.id, "delivered": False}
        if not mentioned or BOT_USER not in channel.members:
            return answer
        ack = await self.courier.send(Kind.EVENT, payloads.mention(user, message, self.world.now()))
        return answer | outcome(ack) | {"delivered": True}

    async def home(self, user: User) -> Json:
        """The app's home tab is opened."""
        channel = self.world.direct(user.id)
        ts = self.world.next_ts()
        self.world.commit()
        known = {"view": self.world.homes[user.id]} if user.id in self.world.homes else {}
        fields = {"channel": channel.id, "tab": "home", **known}
        event = payloads.event("app_home_opened", user, ts, self.world.now(), fields)
        return outcome(await self.courier.send(Kind.EVENT, event))

    def failed(self, ack: Ack, what: str, user: User, channel: Channel, thread: str | None = None) -> Json:
        """A failure that the person sees, as Slackbot tells it."""
        told = self._slackbot(user, channel, f'{what} failed with the error "{ack.error}"', thread)
        self.courier.record.tie(ack.entry, told)
        return outcome(ack)

    # -- helpers

    def _as_sent(self, text: str, *, command: bool) -> str:
        def user(name: str) -> User | Group | None:
            return self.world.user(name) or self.world.group(name)

        return as_sent(text, user, self.world.channel, command=command)

    def _parent(self, channel: Channel, thread: str | None) -> str | None:
        if not thread:
            return None
        parent = self.world.messages.get(channel.id, {}).get(thread)
        if parent is None or parent.ephemeral_to:
            raise Refused(f"there is no message {thread} to answer in this channel")
        return parent.thread_ts or parent.ts

    def _acked(self, ack: Ack, name: str, user: User, channel: Channel, url: str) -> Json:
        """What the ack carried is shown, to this person only unless it says otherwise."""
        if ack.error:
            return self.failed(ack, name, user, channel)
        if isinstance(ack.body, dict) and ack.body:
            hook = self.world.hooks[url.rpartition("/")[2]]
            try:
                self.courier.record.tie(ack.entry, self.hooks.respond(hook, Args(ack.body)))
            except SlackError as error:
                bad = replace(ack, error="invalid_command_response")
                return self.failed(bad, name, user, channel) | {"errors": [error.error, *error.messages]}
            self.world.commit()
        return outcome(ack)

    def dismiss(self, user: User, channel: Channel, ts: str) -> None:
        """Put away what only this person sees. The bot does not hear of it."""
        message = self.world.messages.get(channel.id, {}).get(ts)
        if message is None or message.ephemeral_to != user.id:
            raise Refused(f"there is no message {ts} that only {user.name} sees in {channel.name}")
        self.world.forget(message)
        self.world.commit()

    def _slackbot(self, user: User, channel: Channel, text: str, thread: str | None = None) -> Message:
        ts = self.world.next_ts()
        message = Message(channel.id, ts, SLACKBOT, text, thread_ts=thread, ephemeral_to=user.id)
        self.world.save(message)
        self.world.commit()
        return message


def outcome(ack: Ack) -> Json:
    made: Json = {"ok": not ack.error, "ack_ms": round(ack.ms, 3)}
    if ack.error:
        made["error"] = ack.error
    if ack.body:
        made["response"] = ack.body
    return made
