"""What people do with buttons, menus and modals. Each answers after the bot's ack."""

from collections.abc import Mapping
from typing import Any

from bot.playground import controls, payloads
from bot.playground.calls import SlackError
from bot.playground.controls import Refused
from bot.playground.delivery import Ack, Kind
from bot.playground.elements import OPTIONS, Mistakes
from bot.playground.methods_views import checked, close_all, push_modal, update_modal
from bot.playground.model import Json, Message, User, View
from bot.playground.people import People, outcome

SHOWN = ("text", "placeholder", "style", "url", "confirm")
USER_SELECTS = ("users_select", "multi_users_select")


class Acting:
    """Methods raise Refused for what Slack's own client would not let a person do."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._world = people.world

    def message(self, user: User, channel: str, ts: str) -> Message:
        """A message that the person sees."""
        there = self._people.channel(channel, user)
        message = self._world.messages.get(there.id, {}).get(ts)
        if message is None or message.deleted or message.ephemeral_to not in (None, user.id):
            raise Refused(f"{user.name} sees no message {ts} in {channel}")
        return message

    def view(self, user: User, view_id: str) -> Json:
        """An open modal or the home tab of the person."""
        home = self._world.homes.get(user.id)
        if home is not None and view_id in (home["id"], "home"):
            return home
        return self.modal(user, view_id).view

    def modal(self, user: User, view_id: str) -> View:
        view = self._world.views.get(view_id)
        if view is None or view.user != user.id:
            there = ", ".join(view.id for view in self._world.views.values() if view.user == user.id) or "none"
            raise Refused(f"{user.name} has no open view {view_id!r}; there are: {there}")
        return view

    async def click(
        self,
        user: User,
        where: Message | Json,
        action_id: str,
        block_id: str | None,
        value: Any,
        given: Mapping[str, Any],
        base: str,
        *,
        confirmed: bool,
    ) -> Json:
        """A button pressed, an option chosen. `given`: what the other inputs beside it hold."""
        blocks = where.blocks if isinstance(where, Message) else where["blocks"]
        block, element = controls.find(blocks, action_id, block_id)
        if "confirm" in element and not confirmed:
            return {"ok": True, "ack_ms": 0.0, "cancelled": True}
        picked = controls.chosen(element, self._ids(element, value))
        fields = {"type": element["type"], "action_id": action_id, "block_id": block["block_id"], **picked}
        shown: Json = {key: element[key] for key in SHOWN if key in element}
        held = dict(given)
        if element["type"] not in controls.STATELESS:
            held[action_id] = value
        values = controls.state(blocks, held)
        action = shown | fields | {"action_ts": self._world.next_ts()}
        if isinstance(where, Message):
            answer = await self._in_message(user, where, action, values, base)
        else:
            payload = payloads.in_view("block_actions", user, where, values)
            payload |= {"actions": [action], "trigger_id": self._people.triggers.make(user.id, where["id"])}
            answer = outcome(await self._people.courier.send(Kind.INTERACTIVE, payload))
        return answer | ({"url": element["url"]} if "url" in element else {})

    async def _in_message(self, user: User, message: Message, action: Json, values: Json, base: str) -> Json:
        url = self._people.hooks.make(base, user.id, message.channel, message.ts)
        self._world.commit()
        payload = payloads.in_message(self._world, "block_actions", user, message) | {
            "trigger_id": self._people.triggers.make(user.id),
            "response_url": url,
            "state": {"values": values},
            "actions": [action],
        }
        ack = await self._people.courier.send(Kind.INTERACTIVE, payload)
        if not ack.error:
            return outcome(ack)
        channel = self._world.channels[message.channel]
        label = action.get("text", {}).get("text", action["action_id"])
        return self._people.failed(ack, f"“{label}”", user, channel, message.thread_ts)

    async def suggest(
        self, user: User, where: Message | Json, action_id: str, block_id: str | None, value: str
    ) -> Json:
        """Typing into a menu whose options the bot looks up."""
        blocks = where.blocks if isinstance(where, Message) else where["blocks"]
        block, element = controls.find(blocks, action_id, block_id)
        if not element["type"].endswith("external_select"):
            raise Refused(f"{action_id!r} is a {element['type']}; only external selects ask for suggestions")
        if len(value) < element.get("min_query_length", 3):
            return {"ok": True, "ack_ms": 0.0, "options": [], "delivered": False}
        if isinstance(where, Message):
            payload = payloads.in_message(self._world, "block_suggestion", user, where)
        else:
            payload = payloads.in_view("block_suggestion", user, where, controls.state(blocks, {}))
        payload |= {"action_id": action_id, "block_id": block["block_id"], "value": value}
        ack = await self._people.courier.send(Kind.INTERACTIVE, payload)
        return outcome(ack) | _suggested(ack)

    async def submit(self, user: User, view_id: str, given: Mapping[str, Any]) -> Json:
        """Nothing is sent while a required input is empty; Slack's form tells the person itself."""
        view = self.modal(user, view_id)
        if view.view["submit"] is None and not any(b["type"] == "input" for b in view.view["blocks"]):
            raise Refused("this view has no submit button")
        named = {element["action_id"]: element for _, element in controls.elements(view.view["blocks"])}
        ids = {key: self._ids(named.get(key, {}), value) for key, value in given.items()}
        values = controls.state(view.view["blocks"], ids)
        if empty := controls.missing(view.view["blocks"], values):
            return {"ok": False, "ack_ms": 0.0, "error": "missing_fields", "errors": empty, "delivered": False}
        payload = payloads.submission(user, view, values, self._people.triggers.make(user.id, view.id))
        ack = await self._people.courier.send(Kind.INTERACTIVE, payload)
        if ack.error:
            return outcome(ack)
        answer = outcome(ack) | self._after(user, view, ack)
        self._world.commit()
        return answer

    async def close(self, user: User, view_id: str, *, cleared: bool) -> Json:
        """The view is closed; `cleared`: the whole stack. The bot hears of it only if the view says so."""
        view = self.modal(user, view_id)
        cleared = cleared or bool(view.view["clear_on_close"])
        if cleared:
            close_all(self._world, user.id)
        else:
            self._world.forget(view)
        self._world.commit()
        if not view.view["notify_on_close"]:
            return {"ok": True, "ack_ms": 0.0, "delivered": False}
        return outcome(await self._people.courier.send(Kind.INTERACTIVE, payloads.closed(user, view, cleared=cleared)))

    def _after(self, user: User, view: View, ack: Ack) -> Json:
        """What the bot answered to a submission: nothing (the view closes), or a response_action."""
        body = ack.body if isinstance(ack.body, dict) else {}
        try:
            match body.get("response_action"):
                case "errors":
                    return self._errors(view, body.get("errors"))
                case "clear":
                    close_all(self._world, user.id)
                case "update":
                    update_modal(self._world, view, checked(body.get("view"), "modal"))
                case "push":
                    push_modal(self._world, view, checked(body.get("view"), "modal"))
                case None:
                    self._world.forget(view)
                case other:
                    raise SlackError("invalid_response_action", [str(other)])
        except SlackError as error:
            return {"ok": False, "error": error.error, "errors": list(error.messages)}
        return {}

    def _errors(self, view: View, errors: object) -> Json:
        """Shown beside the inputs they name; Slack shows none if a name is wrong."""
        known = {block["block_id"] for block in view.view["blocks"] if block["type"] == "input"}
        if not isinstance(errors, dict) or not errors or set(errors) - known:
            raise SlackError("invalid_errors", [f"must name input blocks: {', '.join(sorted(known))}"])
        return {"ok": False, "error": "validation_errors", "errors": errors}

    def _ids(self, element: Json, value: Any) -> Any:
        """People are chosen by name or id, and sent as ids."""
        if element.get("type") not in USER_SELECTS or value is None:
            return value
        found = [self._people.user(str(name)).id for name in (value if isinstance(value, list) else [value])]
        return found if element["type"].startswith("multi") else found[0]


def _suggested(ack: Ack) -> Json:
    """The options that Slack would show; more than it takes, or wrong ones, are an error."""
    if ack.error:
        return {}
    body = ack.body if isinstance(ack.body, dict) else {}
    options, groups = body.get("options"), body.get("option_groups")
    mistakes = Mistakes()
    for n, option in enumerate(mistakes.items(options if options is not None else [], OPTIONS, "/options", least=0)):
        mistakes.text(option.get("text"), 75, f"/options/{n}/text", plain=True)
        mistakes.string(option.get("value"), 150, f"/options/{n}/value")
    if mistakes.found or (options is None and groups is None):
        return {"ok": False, "error": "invalid_options", "errors": mistakes.found or ["no options"]}
    return {"options": options or [], **({"option_groups": groups} if groups else {})}
