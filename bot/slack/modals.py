"""The dialog behind [Config…]: a field for each key, filled with what people changed; empty is what profiles say. Pure.

Blocks are named `env:KEY`, `more` (further keys of env), `values` and `profiles`; so are their elements.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.changes import Change, Mistake
from bot.domain.configuration import (
    Layer,
    Overrides,
    combined,
    flat,
    is_secret,
    known_env,
    known_values,
    layers,
    typed_value,
    written_value,
)
from bot.domain.forms import Conflict, Filled
from bot.domain.known import KnownValue
from bot.domain.model import Staging
from bot.domain.notes import odd, source_in_words
from bot.domain.project import Key, Project
from bot.slack.blocks import Block, code, context, cut, escape, mention, plain, section
from bot.slack.values import own_words, short, value_code

View = dict[str, Any]
MOST_KEYS = 60
MOST_TYPED = 3000
MOST_KNOWN = 2000
LONGEST_OPTION = 140
DEFAULT = "default"
ENV, MORE, VALUES, PROFILES = "env:", "more", "values", "profiles"


@dataclass(frozen=True, slots=True)
class Form:
    """`may_use`: the profiles that whoever sees it may use. `shown`: what the fields hold, if not what is in force;
    `conflicts`: what others changed while it was open."""

    project: Project
    staging: Staging
    may_use: frozenset[str]
    shown: Overrides
    conflicts: Sequence[Conflict] = ()


def config_form(form: Form) -> View:
    notes = {"staging": form.staging.id, "release": form.staging.attempt.id}
    inherited = _inherited([layer for name, layer in layers(form.project, form.shown) if name])
    return {
        "type": "modal",
        "callback_id": "config",
        "title": plain("Configuration"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "private_metadata": json.dumps(notes),
        "blocks": [*_head(form), *_profiles(form), *_keys(form, inherited), *_further(form, inherited)],
    }


def _inherited(found: Sequence[Layer]) -> Layer:
    """What is in force where nobody changes anything: defaults and profiles."""
    inherited = Layer()
    for layer in found:
        inherited = combined(inherited, layer)
    return inherited


def _head(form: Form) -> Iterator[Block]:
    own = own_words(form.staging.attempt.overrides)
    said = f"*{escape(form.staging.name)}*, release {form.staging.attempt.number}"
    yield section(f"{said}. Changed here: {own}." if own else f"{said}. Nothing is changed here.")
    yield context(
        "Leave a field empty to use what defaults and profiles say. Saving makes one release of the same commit."
    )
    if form.conflicts:
        told = "\n".join(f"• {_conflict(one)}" for one in form.conflicts)
        yield section(f"⚠️ *While this was open:*\n{told}\nNothing is saved yet. Save again, and yours counts.")


def _conflict(one: Conflict) -> str:
    if one.level == "secrets":
        return f"{mention(one.actor)} entered another {code(one.key)}"
    if one.level == "profiles":
        return f"{mention(one.actor)} {'added' if one.now else 'took away'} the profile {code(one.key)}"
    if one.now is None:
        return f"{mention(one.actor)} took back the change of {code(one.key)}"
    return f"{mention(one.actor)} changed {code(one.key)} to {value_code(one.now)}"


def _profiles(form: Form) -> Iterator[Block]:
    known = form.project.profiles
    offered = [name for name in known if name in form.may_use][:100]
    others = [
        f"{name} is for {', '.join(one.allowed) or 'nobody'}: ask them."
        for name, one in known.items()
        if name not in form.may_use
    ]
    if offered:
        options = [_option(name, name, known[name].description) for name in offered]
        chosen = [option for option in options if option["value"] in form.shown.profiles]
        element: Block = {"type": "multi_static_select", "options": options}
        element |= {"placeholder": plain("None"), **({"initial_options": chosen} if chosen else {})}
        yield _input(PROFILES, "Profiles", element, " ".join(others))
    elif others:
        yield context(escape(" ".join(others)))


def _keys(form: Form, inherited: Layer) -> Iterator[Block]:
    for key in _fields(form):
        about = form.project.keys.get(key)
        described = about.description if about else ""
        if is_secret(form.project, key):
            yield _secret(form, key, described, inherited)
        elif about and _has_menu(about):
            yield _choice(form, key, about.choices, described, inherited)
        else:
            yield _text(form, key, described, inherited)


def _fields(form: Form) -> Sequence[str]:
    """The keys with a field of their own: not those whose value it could not hold, as it would be lost then."""
    known = [key for key in known_env(form.project) if len(key) <= 200][:MOST_KEYS]
    return [key for key in known if is_secret(form.project, key) or _fits(form, key)]


def _fits(form: Form, key: str) -> bool:
    """An empty text can't be told from an empty field."""
    own, about = form.shown.env.get(key), form.project.keys.get(key)
    if own is None:
        return True
    return len(own) < LONGEST_OPTION if about and _has_menu(about) else 0 < len(own) <= MOST_TYPED


def _has_menu(key: Key) -> bool:
    return 0 < len(key.choices) < 90 and all(len(one) < LONGEST_OPTION for one in key.choices)


def _secret(form: Form, key: str, described: str, inherited: Layer) -> Block:
    place = inherited.secrets.get(key)
    if key in form.shown.secrets:
        state = f"Entered here. To take it back: /octopod config {form.staging.name} --unset-env {key}"
    else:
        state = f"From {place.place}." if place else "Not set."
    told = f"{described}. {state}" if described and described[-1].isalnum() else f"{described} {state}".strip()
    element = {"type": "plain_text_input", "placeholder": plain("Leave empty to keep it")}
    return _input(f"{ENV}{key}", f"{key} (secret)", element, told)


def _choice(form: Form, key: str, choices: Sequence[str], described: str, inherited: Layer) -> Block:
    default = inherited.env.get(key)
    options = [_option(f"{default} (default)" if default is not None else "(default)", DEFAULT)]
    own = form.shown.env.get(key)
    gone = [own] if own is not None and own not in choices else []
    options += [_option(choice or "(empty)", f"={choice}") for choice in [*choices, *gone]]
    chosen = next((one for one in options if own is not None and one["value"] == f"={own}"), options[0])
    element = {"type": "static_select", "options": options, "initial_option": chosen}
    return _input(f"{ENV}{key}", key, element, described)


def _text(form: Form, key: str, described: str, inherited: Layer) -> Block:
    own, default = form.shown.env.get(key), inherited.env.get(key)
    element: Block = {
        "type": "plain_text_input",
        "placeholder": plain(short(default or "not set", 100)),
    }
    if own:
        element["initial_value"] = own
    if own and len(own.splitlines()) > 1:
        element["multiline"] = True
    return _input(f"{ENV}{key}", key, element, described)


def _further(form: Form, inherited: Layer) -> Iterator[Block]:
    """What has no field of its own, a line for each. Too much for Slack: no field at all, so that nothing is lost."""
    fields = _fields(form)
    rest = {key: value for key, value in form.shown.env.items() if key not in fields}
    hint = f"One per line. Take a line away to take its change back. {_odd(form, Change(env=tuple(rest.items())))}"
    yield from _lines(MORE, "Further keys (KEY=VALUE)", [_line(k, _env_text(v)) for k, v in rest.items()], hint)
    defaults = {key: written_value(value) for key, value in flat(inherited.values)}
    keys = [key for key in known_values(form.project) if key not in form.project.known]
    known = [f"{key}={defaults[key]}" if key in defaults else key for key in keys]
    said = f"Without a change: {short(', '.join(known), 500)}" if known else "One per line, for manifests and charts."
    lines = [_line(key, _value_text(value)) for key, value in form.shown.values.items()]
    told = f"{_odd(form, Change(values=tuple(form.shown.values.items())))} {said}"
    yield from _lines(VALUES, "Values of the deployment (KEY=VALUE)", lines, told)
    yield from _known(form.project, defaults)


def _odd(form: Form, change: Change) -> str:
    return " · ".join(f"⚠️ {key}: {note}" for key, note in odd(form.project, change))


def _known(project: Project, defaults: Mapping[str, str]) -> Iterator[Block]:
    """What the chart or the template has, a line each, as many as fit; first those that octopod.yaml says, too."""
    keys = [key for key in known_values(project) if key in project.known]
    told: list[str] = []
    while len(told) < len(keys) and sum(map(len, told)) < MOST_KNOWN:
        key = keys[len(told)]
        told.append(_about(key, project.known[key], defaults))
    if told:
        head = f"*Keys of {escape(source_in_words(project))}*, and what holds without a change:"
        left = len(keys) - len(told)
        yield context("\n".join([head, *told, *([f"… and {left} more"] if left else [])]))


def _about(key: str, known: KnownValue, defaults: Mapping[str, str]) -> str:
    default = defaults.get(key, known.default)
    holds = "" if default is None else f" = {value_code(short(default, 60))}"
    takes = f"one of {short(', '.join(known.choices), 100)}" if known.choices else ""
    said = [escape(one) for one in (takes, short(known.description, 120)) if one]
    return " · ".join([f"{code(cut(key, 100))}{holds}", *said])


def _lines(block: str, label: str, lines: Sequence[str], hint: str) -> Iterator[Block]:
    text = "\n".join(lines)
    if len(text) > MOST_TYPED:
        yield context(f"*{label}*: too much to be edited here; {code('/octopod config')} can.")
        return
    element = {"type": "plain_text_input", "multiline": True}
    yield _input(block, label, {**element, **({"initial_value": text} if text else {})}, hint.strip())


def _line(key: str, text: str) -> str:
    return f"{key}={text}"


def _env_text(value: str) -> str:
    """On one line: what would not come back by itself is quoted as in JSON."""
    plain_one = value == value.strip() and len(value.splitlines()) < 2 and not value.startswith('"')
    return value if plain_one else json.dumps(value)


def _value_text(value: Any) -> str:
    """As it is typed, on one line."""
    written = written_value(value)
    return written if isinstance(value, str) and written == _env_text(value) else json.dumps(value)


def _input(block: str, label: str, element: Block, hint: str) -> Block:
    made: Block = {"type": "input", "block_id": block, "optional": True, "label": plain(cut(label, 200))}
    made["element"] = {**element, "action_id": block}
    return {**made, **({"hint": plain(cut(hint.replace("`", ""), 1500))} if hint else {})}


def _option(text: str, value: str, about: str = "") -> Block:
    """`about` stands below it, in small print."""
    made = {"text": plain(short(text, 50)), "value": value}
    return {**made, **({"description": plain(short(about, 50))} if about.strip() else {})}


# --- what comes back -------------------------------------------------------------------------------------------------


def read_form(view: View) -> tuple[Filled, Sequence[Mistake]]:
    """What the dialog holds, and what could not be read of it."""
    held = {block: entry.get(block) or {} for block, entry in view["state"]["values"].items()}
    mistakes: list[Mistake] = []
    env: dict[str, str] = {}
    secrets: dict[str, str] = {}
    hidden = {block["block_id"] for block in view["blocks"] if _is_secret_block(block)}
    for block, entry in held.items():
        if block.startswith(ENV) and (text := _text_of(entry)) is not None:
            (secrets if block in hidden else env)[block.removeprefix(ENV)] = text
    shown = {block.removeprefix(ENV) for block in held if block.startswith(ENV)}
    rest = dict(_read_lines(held.get(MORE), MORE, _env_value, mistakes))
    twice = [Mistake(MORE, key, f"{key} has a field of its own above.") for key in rest if key in shown]
    values = dict(_read_lines(held[VALUES], VALUES, typed_value, mistakes)) if VALUES in held else None
    offered = _options_of(view, PROFILES)
    chosen = tuple(str(one["value"]) for one in held.get(PROFILES, {}).get("selected_options") or ())
    filled = Filled(chosen, offered, {**env, **rest}, frozenset(shown), MORE in held, values, secrets)
    return filled, [*mistakes, *twice]


def _is_secret_block(block: Block) -> bool:
    return block["type"] == "input" and str(block["label"]["text"]).endswith("(secret)")


def _text_of(entry: Mapping[str, Any]) -> str | None:
    """None: the field says nothing."""
    if option := entry.get("selected_option"):
        value = str(option["value"])
        return value.removeprefix("=") if value.startswith("=") else None
    return entry.get("value") or None


def _options_of(view: View, block_id: str) -> frozenset[str]:
    found = [block for block in view["blocks"] if block.get("block_id") == block_id and block["type"] == "input"]
    return frozenset(str(option["value"]) for block in found for option in block["element"].get("options", ()))


def _read_lines(entry: Any, block: str, read: Any, mistakes: list[Mistake]) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for line in ((entry or {}).get("value") or "").split("\n"):
        key, equals, text = line.strip().partition("=")
        key = key.strip()
        if not line.strip():
            continue
        if not equals or not key:
            mistakes.append(Mistake(block, key, f"“{short(key, 40)}” must be KEY=VALUE."))
        elif key in seen:
            mistakes.append(Mistake(block, key, f"“{short(key, 40)}” is given twice."))
        else:
            seen.add(key)
            try:
                yield key, read(text)
            except ValueError as error:
                mistakes.append(Mistake(block, key, f"“{short(key, 40)}” {error}."))


def _env_value(text: str) -> str:
    try:
        value = json.loads(text) if text.startswith('"') else text
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def wrong(view: View, mistakes: Sequence[Mistake]) -> Mapping[str, str]:
    """For Slack, each at its field; what has none stands at the first one."""
    fields = [str(block["block_id"]) for block in view["blocks"] if block["type"] == "input"]
    told: dict[str, list[str]] = {}
    for mistake in mistakes:
        places = {
            "env": (f"{ENV}{mistake.key}", MORE),
            "secrets": (f"{ENV}{mistake.key}",),
            "values": (VALUES,),
            "profiles": (PROFILES,),
        }.get(mistake.level, (mistake.level,))
        place = next((one for one in (*places, *fields) if one in fields), "")
        told.setdefault(place, []).append(mistake.text.replace("`", ""))
    return {place: cut("\n".join(texts), 2000) for place, texts in told.items() if place}
