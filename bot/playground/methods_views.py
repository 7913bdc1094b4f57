"""views.*: modals and home tabs. https://docs.slack.dev/reference/methods/views.open and its neighbours."""

import secrets
from typing import Any

from bot.playground.blocks import check_view, too_large, with_ids
from bot.playground.calls import Call, Method, SlackError
from bot.playground.model import APP, BOT, TEAM, Json, View
from bot.playground.triggers import Trigger
from bot.playground.world import World

STACK = 3


def open_view(call: Call) -> Json:
    given, trigger = _read(call, "modal"), _trigger(call)
    view = open_modal(call.world, trigger.user, given)
    trigger.used = True
    return {"view": view.view}


def push(call: Call) -> Json:
    given, trigger = _read(call, "modal"), _trigger(call)
    top = top_view(call.world, trigger.user)
    if top is None or trigger.view is None:
        raise SlackError("invalid_trigger_id")
    view = push_modal(call.world, top, given)
    trigger.used = True
    return {"view": view.view}


def update(call: Call) -> Json:
    view = _named(call)
    _same_hash(call, view.view)
    update_modal(call.world, view, _read(call, "modal"))
    return {"view": view.view}


def publish(call: Call) -> Json:
    user = call.world.users.get(call.args.required("user_id"))
    if user is None or user.is_bot:
        raise SlackError("invalid_arguments", ["invalid `user_id`"])
    old = call.world.homes.get(user.id)
    if old is not None:
        _same_hash(call, old)
    given = _read(call, "home")
    made = view_json(call.world, given, old["id"] if old else _new_id(), None, None)
    call.world.set_home(user.id, made)
    return {"view": made}


# -- what views.* and the answers to a submission share


def open_modal(world: World, user: str, given: Json) -> View:
    """A new modal; whatever the person had open is replaced."""
    refuse_taken(world, given, None)
    close_all(world, user)
    key = _new_id()
    view = View(key, user, view_json(world, given, key, None, key), root=key)
    world.save(view)
    return view


def push_modal(world: World, below: View, given: Json) -> View:
    if sum(view.root == below.root for view in world.views.values()) >= STACK:
        raise SlackError("push_limit_reached")
    refuse_taken(world, given, None)
    key = _new_id()
    view = View(key, below.user, view_json(world, given, key, below.id, below.root), below.root, below.id)
    world.save(view)
    return view


def update_modal(world: World, view: View, given: Json) -> None:
    refuse_taken(world, given, view)
    view.view = view_json(world, given, view.id, view.previous, view.root)
    world.save(view)


def close_all(world: World, user: str) -> None:
    for view in [view for view in world.views.values() if view.user == user]:
        world.forget(view)


def top_view(world: World, user: str) -> View | None:
    mine = [view for view in world.views.values() if view.user == user]
    covered = {view.previous for view in mine}
    return next((view for view in mine if view.id not in covered), None)


def checked(given: Any, kind: str) -> Json:
    """The view as an object. Raises SlackError for what Slack would refuse."""
    mistakes = check_view(given)
    if not mistakes and given["type"] != kind:
        mistakes = [f"must be a valid enum value: {kind} [json-pointer:/view/type]"]
    if mistakes:
        raise SlackError("invalid_arguments", mistakes)
    if too_large(given):
        raise SlackError("view_too_large")
    return dict(given)


def refuse_taken(world: World, given: Json, own: View | None) -> None:
    name = given.get("external_id")
    if name and any(v.view["external_id"] == name for v in world.views.values() if v is not own):
        raise SlackError("duplicate_external_id")


def view_json(world: World, given: Json, key: str, previous: str | None, root: str | None) -> Json:
    """What Slack returns: everything that was given, the defaults of what was not, ids, and a new hash."""
    return {
        "id": key,
        "team_id": TEAM,
        "type": given["type"],
        "title": given.get("title", {"type": "plain_text", "text": "View Title", "emoji": True}),
        "submit": given.get("submit"),
        "close": given.get("close"),
        "blocks": with_ids(given["blocks"]),
        "private_metadata": given.get("private_metadata", ""),
        "callback_id": given.get("callback_id", ""),
        "external_id": given.get("external_id", ""),
        "state": {"values": {}},
        "hash": f"{int(world.now())}.{secrets.token_hex(4)}",
        "clear_on_close": bool(given.get("clear_on_close")),
        "notify_on_close": bool(given.get("notify_on_close")),
        "previous_view_id": previous,
        "root_view_id": root or key,
        "app_id": APP,
        "app_installed_team_id": TEAM,
        "bot_id": BOT,
    }


def _read(call: Call, kind: str) -> Json:
    return checked(call.args.json("view", "invalid_arguments"), kind)


def _trigger(call: Call) -> Trigger:
    trigger, error = call.triggers.check(call.args.required("trigger_id"))
    if trigger is None:
        raise SlackError(error)
    return trigger


def _named(call: Call) -> View:
    external = call.args.text("external_id")
    found = [v for v in call.world.views.values() if external and v.view["external_id"] == external]
    view = found[0] if found else call.world.views.get(call.args.text("view_id"))
    if view is None:
        raise SlackError("not_found")
    return view


def _same_hash(call: Call, view: Json) -> None:
    if call.args.text("hash") not in ("", view["hash"]):
        raise SlackError("hash_conflict")


def _new_id() -> str:
    return f"V{secrets.token_hex(5).upper()}"


METHODS: dict[str, Method] = {
    "views.open": open_view,
    "views.push": push,
    "views.update": update,
    "views.publish": publish,
}
