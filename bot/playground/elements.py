"""Block Kit's limits for what stands inside blocks: text objects, options, confirm dialogs, interactive elements.

https://docs.slack.dev/reference/block-kit/block-elements and …/composition-objects. Slack names the place of each
mistake as a JSON pointer, and so does this.
"""

from collections.abc import Collection
from typing import Any

from bot.playground.model import Json

OPTION_TEXT, OPTION_VALUE, OPTIONS, SMALL_OPTIONS, OVERFLOW_OPTIONS = 75, 150, 100, 10, 5
PLACEHOLDER, URL, ACTION_ID, BUTTON_TEXT, BUTTON_VALUE, INPUT_TEXT = 150, 3000, 255, 75, 2000, 3000
CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}

COMMON = {"type", "action_id", "confirm", "focus_on_load"}
SELECT = COMMON | {"placeholder"}
TEXT_INPUT = COMMON | {"placeholder", "initial_value", "dispatch_action_config"}
KEYS: dict[str, set[str]] = {
    "button": {"type", "action_id", "confirm", "text", "url", "value", "style", "accessibility_label"},
    "static_select": SELECT | {"options", "option_groups", "initial_option"},
    "multi_static_select": SELECT | {"options", "option_groups", "initial_options", "max_selected_items"},
    "external_select": SELECT | {"initial_option", "min_query_length"},
    "multi_external_select": SELECT | {"initial_options", "min_query_length", "max_selected_items"},
    "users_select": SELECT | {"initial_user"},
    "multi_users_select": SELECT | {"initial_users", "max_selected_items"},
    "conversations_select": SELECT
    | {"initial_conversation", "default_to_current_conversation", "response_url_enabled", "filter"},
    "multi_conversations_select": SELECT
    | {"initial_conversations", "default_to_current_conversation", "max_selected_items", "filter"},
    "channels_select": SELECT | {"initial_channel", "response_url_enabled"},
    "multi_channels_select": SELECT | {"initial_channels", "max_selected_items"},
    "overflow": {"type", "action_id", "confirm", "options"},
    "datepicker": SELECT | {"initial_date"},
    "timepicker": SELECT | {"initial_time", "timezone"},
    "datetimepicker": COMMON | {"initial_date_time"},
    "checkboxes": COMMON | {"options", "initial_options"},
    "radio_buttons": COMMON | {"options", "initial_option"},
    "plain_text_input": TEXT_INPUT | {"multiline", "min_length", "max_length"},
    "email_text_input": TEXT_INPUT,
    "url_text_input": TEXT_INPUT,
    "number_input": TEXT_INPUT | {"is_decimal_allowed", "min_value", "max_value"},
    "image": {"type", "image_url", "slack_file", "alt_text"},
}
TEXT_INPUTS = frozenset(("plain_text_input", "email_text_input", "url_text_input", "number_input"))
ACTIONS = frozenset(KEYS) - TEXT_INPUTS - {"image"}
ACCESSORIES = ACTIONS | {"image"}
INPUTS = (frozenset(KEYS) - {"button", "overflow", "image"}) | {"rich_text_input", "file_input"}


class Mistakes:
    """Collects what Slack would refuse, each with its place."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, text: str, where: str) -> None:
        self.found.append(f"{text} [json-pointer:{where}]")

    def keys(self, thing: Json, allowed: Collection[str], where: str) -> None:
        for key in thing:
            if key not in allowed:
                self.add(f"invalid additional property: {key}", where)

    def required(self, thing: Json, names: Collection[str], where: str) -> None:
        for name in names:
            if name not in thing:
                self.add(f"missing required field: {name}", where)

    def string(self, value: object, most: int, where: str, *, least: int = 1) -> None:
        if not isinstance(value, str):
            self.add("must be a string", where)
        elif len(value) > most:
            self.add(f"must be less than {most + 1} characters", where)
        elif len(value) < least:
            self.add(f"must be more than {least - 1} characters", where)

    def strings(self, thing: Json, limits: dict[str, int], where: str) -> None:
        """Each of these fields that is there."""
        for name, most in limits.items():
            if name in thing:
                self.string(thing[name], most, f"{where}/{name}")

    def items(self, value: object, most: int, where: str, *, least: int = 1) -> list[Json]:
        """The objects of an array that is neither too long nor too short; else the mistake, and what can be read."""
        if not isinstance(value, list):
            self.add("must be an array", where)
            return []
        if len(value) > most:
            self.add(f"no more than {most} items allowed", where)
        if len(value) < least:
            self.add(f"no less than {least} items required", where)
        good = [item for item in value if isinstance(item, dict)]
        if len(good) != len(value):
            self.add("must be an object", where)
        return good[:most] if len(good) == len(value) else []

    def text(self, value: object, most: int, where: str, *, plain: bool = False, least: int = 1) -> None:
        """A text object; `plain`: mrkdwn is not allowed here."""
        if not isinstance(value, dict):
            return self.add("must be an object", where)
        kind = value.get("type")
        if kind not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
            return self.add(f"unsupported type: {kind}", f"{where}/type")
        self.keys(value, ("type", "text", "emoji" if kind == "plain_text" else "verbatim"), where)
        self.required(value, ("text",), where)
        if "text" in value:
            self.string(value["text"], most, f"{where}/text", least=least)
        return None


def kind_of(thing: Json) -> str:
    """Its type, as a text whatever stands there."""
    kind = thing.get("type")
    return kind if isinstance(kind, str) else repr(kind)


def check_element(mistakes: Mistakes, element: Json, where: str, allowed: Collection[str]) -> None:
    kind = kind_of(element)
    if kind not in allowed:
        return mistakes.add(f"unsupported type: {kind}", f"{where}/type")
    if kind not in KEYS:  # rich_text_input, file_input: taken as they are
        return None
    mistakes.keys(element, KEYS[kind], where)
    limits = {"action_id": ACTION_ID, "url": URL, "value": BUTTON_VALUE, "accessibility_label": BUTTON_TEXT}
    mistakes.strings(element, {**limits, "initial_value": INPUT_TEXT}, where)
    if "placeholder" in element:
        mistakes.text(element["placeholder"], PLACEHOLDER, f"{where}/placeholder", plain=True)
    if "confirm" in element:
        _check_confirm(mistakes, element["confirm"], f"{where}/confirm")
    if kind == "button":
        _check_button(mistakes, element, where)
    if kind == "image":
        check_image(mistakes, element, where)
    _check_choices(mistakes, kind, element, where)
    return None


def check_image(mistakes: Mistakes, image: Json, where: str) -> None:
    mistakes.required(image, ("alt_text",), where)
    mistakes.strings(image, {"image_url": URL, "alt_text": 2000}, where)
    if "image_url" not in image and "slack_file" not in image:
        mistakes.add("missing required field: image_url", where)


def _check_button(mistakes: Mistakes, button: Json, where: str) -> None:
    mistakes.required(button, ("text",), where)
    if "text" in button:
        mistakes.text(button["text"], BUTTON_TEXT, f"{where}/text", plain=True)
    if button.get("style", "primary") not in ("primary", "danger"):
        mistakes.add("must be a valid enum value", f"{where}/style")


def _check_confirm(mistakes: Mistakes, confirm: Any, where: str) -> None:
    if not isinstance(confirm, dict):
        return mistakes.add("must be an object", where)
    mistakes.keys(confirm, {*CONFIRM, "style"}, where)
    for name, most in CONFIRM.items():
        if name in confirm:
            mistakes.text(confirm[name], most, f"{where}/{name}", plain=name != "text")
    return None


def _check_choices(mistakes: Mistakes, kind: str, element: Json, where: str) -> None:
    """The options of selects, menus, check boxes and radio buttons, and that what is chosen at first is one of them."""
    if kind in ("overflow", "checkboxes", "radio_buttons"):
        most = OVERFLOW_OPTIONS if kind == "overflow" else SMALL_OPTIONS
        mistakes.required(element, ("options",), where)
        _check_options(mistakes, element.get("options", []), most, f"{where}/options", kind)
    elif kind in ("static_select", "multi_static_select"):
        if ("options" in element) == ("option_groups" in element):
            mistakes.add("must have exactly one of options and option_groups", where)
        if "options" in element:
            _check_options(mistakes, element["options"], OPTIONS, f"{where}/options", kind)
        for n, group in enumerate(
            mistakes.items(element.get("option_groups", [{}]), OPTIONS, f"{where}/option_groups")
        ):
            if "option_groups" in element:
                _check_group(mistakes, group, f"{where}/option_groups/{n}", kind)
    if kind in ("static_select", "multi_static_select", "checkboxes", "radio_buttons"):
        _check_initial(mistakes, element, where)


def _check_group(mistakes: Mistakes, group: Json, where: str, kind: str) -> None:
    mistakes.required(group, ("label", "options"), where)
    if "label" in group:
        mistakes.text(group["label"], OPTION_TEXT, f"{where}/label", plain=True)
    _check_options(mistakes, group.get("options", []), OPTIONS, f"{where}/options", kind)


def _check_options(mistakes: Mistakes, options: object, most: int, where: str, kind: str) -> None:
    plain = kind not in ("checkboxes", "radio_buttons")
    for n, option in enumerate(mistakes.items(options, most, where)):
        place = f"{where}/{n}"
        mistakes.keys(option, ("text", "value", "description", *(("url",) if kind == "overflow" else ())), place)
        mistakes.required(option, ("text", "value") if kind != "overflow" else ("text",), place)
        if "text" in option:
            mistakes.text(option["text"], OPTION_TEXT, f"{place}/text", plain=plain)
        if "description" in option:
            mistakes.text(option["description"], OPTION_TEXT, f"{place}/description", plain=plain)
        mistakes.strings(option, {"value": OPTION_VALUE, "url": URL}, place)


def _check_initial(mistakes: Mistakes, element: Json, where: str) -> None:
    if mistakes.found:  # the options themselves may be no options
        return
    known = options_of(element)
    chosen = [element["initial_option"]] if "initial_option" in element else element.get("initial_options", [])
    if any(option not in known for option in chosen):
        mistakes.add("initial option must be one of the options", where)


def options_of(element: Json) -> list[Json]:
    """The options of an element, groups flattened."""
    groups = element.get("option_groups") or []
    return [*(element.get("options") or []), *(option for group in groups for option in group.get("options") or [])]
