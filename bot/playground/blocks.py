"""Block Kit's limits for blocks and views, checked as Slack does, and the ids that Slack fills in.

https://docs.slack.dev/reference/block-kit/blocks and …/reference/views
"""

import json
import secrets
from typing import Any

from bot.playground.elements import ACCESSORIES, ACTIONS, INPUTS, Mistakes, check_element, check_image, kind_of
from bot.playground.model import Json

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
BLOCK_ID, SECTION_TEXT, FIELD_TEXT, FIELDS, HEADER_TEXT, LABEL = 255, 3000, 2000, 10, 150, 2000
ACTION_ELEMENTS, CONTEXT_ELEMENTS, CONTEXT_TEXT, MARKDOWN_TEXT = 25, 10, 3000, 12000
VIEW_TITLE, CALLBACK_ID, EXTERNAL_ID, PRIVATE_METADATA, VIEW_BYTES = 24, 255, 255, 3000, 250_000

KEYS: dict[str, set[str]] = {
    "section": {"text", "fields", "accessory", "expand"},
    "divider": set(),
    "image": {"image_url", "slack_file", "alt_text", "title"},
    "actions": {"elements"},
    "context": {"elements"},
    "header": {"text"},
    "input": {"label", "element", "dispatch_action", "hint", "optional"},
    "markdown": {"text"},
}
UNCHECKED = frozenset(
    ("rich_text", "video", "file", "table", "alert", "card", "carousel", "context_actions", "plan", "task_card")
)


def check_blocks(blocks: object, most: int = MESSAGE_BLOCKS, where: str = "/blocks") -> list[str]:
    """Every mistake in a list of blocks; none: Slack would take it."""
    mistakes = Mistakes()
    seen: set[str] = set()
    for n, block in enumerate(mistakes.items(blocks, most, where, least=0)):
        _check_block(mistakes, block, f"{where}/{n}")
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id in seen:
            mistakes.add(f"`block_id` {block_id} already exists for another block", f"{where}/{n}/block_id")
        elif isinstance(block_id, str):
            seen.add(block_id)
    return mistakes.found


def check_view(view: object) -> list[str]:
    """Every mistake in a modal or a home tab."""
    mistakes = Mistakes()
    if not isinstance(view, dict):
        return ["must be an object [json-pointer:/view]"]
    kind = view.get("type")
    if kind not in ("modal", "home"):
        mistakes.add(f"unsupported type: {kind}", "/view/type")
    mistakes.required(view, ("blocks",) if kind == "home" else ("blocks", "title"), "/view")
    for name in ("title", "submit", "close"):
        if view.get(name) is not None and kind == "modal":
            mistakes.text(view[name], VIEW_TITLE, f"/view/{name}", plain=True)
    limits = {"callback_id": CALLBACK_ID, "external_id": EXTERNAL_ID, "private_metadata": PRIVATE_METADATA}
    for name, most in limits.items():
        if view.get(name):
            mistakes.string(view[name], most, f"/view/{name}")
    blocks = view.get("blocks", [])
    has_input = isinstance(blocks, list) and any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    if kind == "modal" and has_input and not view.get("submit"):
        mistakes.add("a `submit` is required when there are input blocks", "/view/submit")
    return mistakes.found + check_blocks(blocks, VIEW_BLOCKS, "/view/blocks")


def too_large(view: Json) -> bool:
    return len(json.dumps(view).encode()) > VIEW_BYTES


def with_ids(blocks: list[Json]) -> list[Json]:
    """A copy in which every block and every element that can be acted on has an id, as Slack returns it."""
    return [_identified(block) for block in blocks]


def _identified(block: Json) -> Json:
    made: dict[str, Any] = {**block, "block_id": block.get("block_id") or secrets.token_hex(3)}
    match block["type"]:
        case "actions":
            made["elements"] = [_named(element) for element in block["elements"]]
        case "section" if "accessory" in block:
            made["accessory"] = _named(block["accessory"])
        case "input":
            made["element"] = _named(block["element"])
    return made


def _named(element: Json) -> Json:
    if element["type"] == "image" or element.get("action_id"):
        return element
    return {**element, "action_id": secrets.token_hex(3)}


def _check_block(mistakes: Mistakes, block: Json, where: str) -> None:
    kind = kind_of(block)
    if "block_id" in block:
        mistakes.string(block["block_id"], BLOCK_ID, f"{where}/block_id", least=0)
    if kind in UNCHECKED:
        return
    if kind not in KEYS:
        mistakes.add(f"unsupported type: {kind}", f"{where}/type")
        return
    mistakes.keys(block, KEYS[kind] | {"type", "block_id"}, where)
    match kind:
        case "section":
            _check_section(mistakes, block, where)
        case "actions":
            _check_actions(mistakes, block, where)
        case "context":
            _check_context(mistakes, block, where)
        case "header":
            mistakes.text(block.get("text"), HEADER_TEXT, f"{where}/text", plain=True)
        case "input":
            _check_input(mistakes, block, where)
        case "image":
            check_image(mistakes, block, where)
            if "title" in block:
                mistakes.text(block["title"], LABEL, f"{where}/title", plain=True)
        case "markdown":
            mistakes.string(block.get("text"), MARKDOWN_TEXT, f"{where}/text")


def _check_section(mistakes: Mistakes, block: Json, where: str) -> None:
    if "text" not in block and "fields" not in block:
        mistakes.add("missing required field: text", where)
    if "text" in block:
        mistakes.text(block["text"], SECTION_TEXT, f"{where}/text")
    if "fields" in block:
        for n, field in enumerate(mistakes.items(block["fields"], FIELDS, f"{where}/fields")):
            mistakes.text(field, FIELD_TEXT, f"{where}/fields/{n}")
    if "accessory" in block:
        _check_one(mistakes, block["accessory"], f"{where}/accessory", ACCESSORIES)


def _check_one(mistakes: Mistakes, element: object, where: str, allowed: frozenset[str]) -> None:
    if isinstance(element, dict):
        check_element(mistakes, element, where, allowed)
    else:
        mistakes.add("must be an object", where)


def _check_actions(mistakes: Mistakes, block: Json, where: str) -> None:
    seen: set[str] = set()
    for n, element in enumerate(mistakes.items(block.get("elements"), ACTION_ELEMENTS, f"{where}/elements")):
        check_element(mistakes, element, f"{where}/elements/{n}", ACTIONS)
        action_id = element.get("action_id")
        if isinstance(action_id, str) and action_id in seen:
            place = f"{where}/elements/{n}/action_id"
            mistakes.add(f"`action_id` {action_id} already exists for another element", place)
        elif isinstance(action_id, str):
            seen.add(action_id)


def _check_context(mistakes: Mistakes, block: Json, where: str) -> None:
    for n, element in enumerate(mistakes.items(block.get("elements"), CONTEXT_ELEMENTS, f"{where}/elements")):
        if element.get("type") == "image":
            check_element(mistakes, element, f"{where}/elements/{n}", {"image"})
        else:
            mistakes.text(element, CONTEXT_TEXT, f"{where}/elements/{n}")


def _check_input(mistakes: Mistakes, block: Json, where: str) -> None:
    mistakes.required(block, ("label", "element"), where)
    for name in ("label", "hint"):
        if name in block:
            mistakes.text(block[name], LABEL, f"{where}/{name}", plain=True)
    if "element" in block:
        _check_one(mistakes, block["element"], f"{where}/element", INPUTS)
