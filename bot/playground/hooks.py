"""Response URLs: up to five answers within thirty minutes, wherever the bot is a member or not.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import json
import secrets
from time import perf_counter
from typing import Any

from aiohttp import web

from bot.playground.api import fail, read_values
from bot.playground.calls import Args, SlackError
from bot.playground.faults import Faults
from bot.playground.methods_chat import TEXT, TS, read_content, remove
from bot.playground.model import BOT_USER, Hook, Json, Message
from bot.playground.options import Options
from bot.playground.record import Entry, Record, in_words
from bot.playground.world import World


class Hooks:
    def __init__(self, world: World, options: Options, faults: Faults, record: Record) -> None:
        self._world = world
        self._options = options
        self._faults = faults
        self._record = record

    def make(self, base: str, user: str, channel: str, source: str | None = None) -> str:
        """A new URL. `source`: the message whose button was pressed. Kept by the next commit."""
        hook = Hook(secrets.token_urlsafe(18), user, channel, self._world.now(), source)
        self._world.save(hook)
        self._forget_old()
        return f"{base}/_response/{hook.id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        start, fault, made = perf_counter(), self._faults.take("response_url"), None
        values = await read_values(request)
        if "payload" in values:  # the form-encoded variant of the same
            values = _unpacked(values["payload"])
        if fault and fault.when == "before":
            answer: Json = {"fault": fault.status}
            response = await fail(request, self._faults, fault)
        else:
            status, answer, made = self._answer(request.match_info["key"], Args(values))
            response = web.Response(text="ok") if status == 200 else web.json_response(answer, status=status)
            if fault:
                response = await fail(request, self._faults, fault, answer)
        ms, error = (perf_counter() - start) * 1000, str(answer.get("error", ""))
        kind = "response_url"
        n = self._record.add(Entry("from_bot", kind, kind, values, answer, ms, error, in_words(fault)))
        self._record.tie(n, made)
        return response

    def respond(self, hook: Hook, args: Args) -> Message | None:
        """Do what the payload says; the message that came of it. Raises SlackError.

        Used for acknowledgements that carry a message, too: they mean the same.
        """
        target = self._target(hook)
        if args.flag("delete_original"):
            if target is not None:
                remove(self._world, target)
            return None
        content = read_content(args, TEXT)
        if args.flag("replace_original") and target is not None:
            return self._replace(target, content)
        return self._post(hook, args, content)

    def _answer(self, key: str, args: Args) -> tuple[int, Json, Message | None]:
        hook = self._world.hooks.get(key)
        if hook is None or self._world.now() - hook.created > self._options.hook_seconds:
            return 404, {"ok": False, "error": "expired_url"}, None
        if hook.uses >= self._options.hook_uses:
            return 404, {"ok": False, "error": "used_url"}, None
        try:
            made = self.respond(hook, args)
        except SlackError as error:
            return 400, error.as_json(), None
        hook.uses += 1
        self._world.save(hook)
        self._world.commit()
        return 200, {"ok": True}, made

    def _target(self, hook: Hook) -> Message | None:
        there = self._world.messages.get(hook.channel, {})
        return there.get(hook.source or hook.produced or "")

    def _replace(self, message: Message, content: dict[str, Any]) -> Message:
        message.text, message.blocks = content["text"], content["blocks"]
        message.attachments = content["attachments"]
        message.edited = {"user": BOT_USER, "ts": self._world.next_ts()}
        self._world.save(message)
        return message

    def _post(self, hook: Hook, args: Args, content: dict[str, Any]) -> Message:
        thread = args.text("thread_ts")
        private = args.text("response_type", "ephemeral") != "in_channel"
        message = Message(
            channel=hook.channel,
            ts=self._world.next_ts(),
            user=BOT_USER,
            thread_ts=thread if TS.fullmatch(thread) else None,
            ephemeral_to=hook.user if private else None,
            by_app=True,
            **content,
        )
        self._world.save(message)
        hook.produced = message.ts
        self._world.save(hook)
        return message

    def _forget_old(self) -> None:
        """Those long expired: they would be answered the same way when unknown."""
        now = self._world.now()
        for hook in [h for h in self._world.hooks.values() if now - h.created > 2 * self._options.hook_seconds]:
            self._world.forget(hook)


def _unpacked(payload: object) -> Json:
    """What cannot be read counts as empty, and is refused for that."""
    try:
        found = json.loads(str(payload))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
