"""Buttons, menus and inputs as a person uses them: finding one, choosing, and what Slack then tells the app. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.playground.elements import TEXT_INPUTS, options_of
from bot.playground.model import Json

# the field of an element that holds what was chosen, and the one that presets it
SINGLE = {
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", "initial_files"),
}
SEVERAL = {
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
}
ONE_OPTION = frozenset(("static_select", "external_select", "radio_buttons", "overflow"))
OPTIONS = frozenset(("multi_static_select", "multi_external_select", "checkboxes"))
STATELESS = frozenset(("button", "overflow"))


class Refused(Exception):
    """A person could not have done that; the text says why."""


def elements(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Every element with an action_id, with the block it stands in."""
    for block in blocks:
        match block["type"]:
            case "actions":
                inside = block["elements"]
            case "section":
                inside = [block["accessory"]] if "accessory" in block else []
            case "input":
                inside = [block["element"]]
            case _:
                inside = []
        yield from ((block, element) for element in inside if element.get("action_id"))


def find(blocks: Sequence[Json], action_id: str, block_id: str | None) -> tuple[Json, Json]:
    """The element that is meant, with its block. Raises Refused when there is none, or more than one.

    `block_id` only chooses among several: a block without a name of its own gets another one with each edit, which may
    come between somebody's look and their click.
    """
    found = [(block, element) for block, element in elements(blocks) if element["action_id"] == action_id]
    if len(found) > 1 and block_id is not None:
        found = [(block, element) for block, element in found if block.get("block_id") == block_id]
    if len(found) == 1:
        return found[0]
    there = ", ".join(dict.fromkeys(element["action_id"] for _, element in elements(blocks))) or "none"
    if not found:
        raise Refused(f"there is no element with action_id {action_id!r} here; there are: {there}")
    raise Refused(f"{len(found)} elements have the action_id {action_id!r}; say block_id as well")


def chosen(element: Json, value: Any) -> Json:
    """What `element` carries after the person chose or typed `value`. None: what is preset, if anything."""
    kind = element["type"]
    if kind == "button":
        return {"value": element["value"]} if "value" in element else {}
    if kind in ONE_OPTION:
        preset = element.get("initial_option")
        return {"selected_option": preset if value is None else _option(element, value)}
    if kind in OPTIONS:
        return {"selected_options": _options(element, value)}
    if kind in SEVERAL:
        name, initial = SEVERAL[kind]
        return {name: element.get(initial, []) if value is None else _several(value)}
    if kind in TEXT_INPUTS:
        return {"value": _typed(element, element.get("initial_value") if value is None else value)}
    name, initial = SINGLE.get(kind, ("value", "initial_value"))
    return {name: element.get(initial) if value is None else value}


def state(blocks: Sequence[Json], given: Mapping[str, Any]) -> Json:
    """`state.values`: what every input holds, by block_id and action_id. `given`: action_id to what was chosen.

    Raises Refused for a name that no input has.
    """
    known = {element["action_id"] for _, element in elements(blocks)}
    if unknown := sorted(set(given) - known):
        raise Refused(f"there is no input with action_id {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    values: dict[str, Json] = {}
    for block, element in elements(blocks):
        if element["type"] not in STATELESS:
            entry = {"type": element["type"], **chosen(element, given.get(element["action_id"]))}
            values.setdefault(block["block_id"], {})[element["action_id"]] = entry
    return values


def missing(blocks: Sequence[Json], values: Mapping[str, Json]) -> dict[str, str]:
    """Inputs that must be filled and are not, by block_id: Slack's own form does not let them pass."""
    required = [block for block in blocks if block.get("type") == "input" and not block.get("optional")]
    return {
        block["block_id"]: "Please complete this required field."
        for block in required
        if not _filled(values.get(block["block_id"], {}).get(block["element"]["action_id"], {}))
    }


def _filled(entry: Json) -> bool:
    return any(value not in (None, "", []) for key, value in entry.items() if key != "type")


def _option(element: Json, value: Any) -> Json:
    """By its value, else by its visible text. What an external select may hold only the app knows."""
    options = options_of(element)
    for option in options:
        if isinstance(value, str) and value == option.get("value"):
            return option
    for option in options:
        if isinstance(value, str) and value == option["text"]["text"]:
            return option
    if element["type"].endswith("external_select"):
        text = {"type": "plain_text", "text": str(value), "emoji": True}
        return value if isinstance(value, dict) else {"text": text, "value": str(value)}
    there = ", ".join(str(option.get("value")) for option in options)
    raise Refused(f"{element['action_id']!r} has no option {value!r}; there are: {there}")


def _options(element: Json, value: Any) -> list[Json]:
    if value is None:
        return list(element.get("initial_options") or [])
    picked = [_option(element, item) for item in _several(value)]
    most = element.get("max_selected_items")
    if isinstance(most, int) and len(picked) > most:
        raise Refused(f"{element['action_id']!r} takes no more than {most} options")
    return picked


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _typed(element: Json, value: Any) -> str | None:
    if value is None or value == "":
        return None
    text = str(value)
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if not least <= len(text) <= most:
        raise Refused(f"{element['action_id']!r} takes {least} to {most} characters, not {len(text)}")
    return text
