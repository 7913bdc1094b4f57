"""Every text about the configuration of stagings: what is in force, and what was changed. Pure."""

from collections.abc import Sequence

from bot.domain.comparing import Comparison
from bot.domain.configuration import Difference, Overrides
from bot.domain.model import Release, Staging
from bot.domain.notes import ENV, VALUES
from bot.domain.origins import Line
from bot.slack.blocks import Block, actions, button, code, context, cut, escape, link, section
from bot.slack.messages import Text, text_of
from bot.slack.values import own_words, packed, value_code

LEVELS = {ENV: "*Application*", VALUES: "*Deployment*"}


def configuration(staging: Staging, found: Sequence[Line]) -> Text:
    """What is in force, and where each of it comes from."""
    name = escape(staging.name)
    head = f"*Configuration of {name}*, release {staging.attempt.number}{_profiles(staging.attempt.overrides)}"
    if not found:
        return text_of(head, section(head), section("There is none: octopod.yaml says no `env:` and no `values:`."))
    hint = f"To change it: {code(f'/octopod config {staging.name} --env KEY=VALUE --set KEY=VALUE')}"
    form = actions(button("Config…", "config", staging.id))
    return text_of(f"Configuration of {name}", section(head), *described(found), context(hint), form)


def _profiles(overrides: Overrides) -> str:
    return f" · {' · '.join(map(code, overrides.profiles))}" if overrides.profiles else ""


def described(found: Sequence[Line]) -> list[Block]:
    """A line for each key."""
    blocks: list[Block] = []
    for level, title in LEVELS.items():
        told = [_line(one) for one in found if one.level == level]
        blocks += [section(text) for text in packed([title, *told])] if told else []
    return blocks


def _line(line: Line) -> str:
    value = "•••" if line.value is None else value_code(line.value)
    note = f" ⚠️ {escape(line.note)}" if line.note else ""
    return f"{code(cut(line.key, 100))} = {value} · {_origin(line)}{note}"


def _origin(line: Line) -> str:
    default = f", default {value_code(line.default)}" if line.default is not None else ""
    place = f" from {code(line.place)}" if line.place else ""
    match line.origin:
        case None:
            return f"as octopod.yaml said then{place}"
        case "default":
            return f"default{place}"
        case "":
            return f"changed here{place}{default}"
        case profile:
            return f"profile {code(profile)}{place}{default}"


def configured(staging: Staging, changed: bool, found: Sequence[Line], at: str | None) -> Text:
    """The answer to a change. `found`: the configuration now, of which only what is odd is told."""
    name = escape(staging.name)
    if not changed:
        return text_of(f"{name} has this configuration already. Nothing was changed.")
    own = own_words(staging.attempt.overrides) or "nothing differs from the defaults any more"
    thread = link(at, "Its thread tells how it goes") if at else "Its thread tells how it goes"
    odd = [f"⚠️ {code(line.key)}: {escape(line.note)}" for line in found if line.note and line.origin == ""]
    lines = [f"Release {staging.attempt.number} of {name} rolls out the change: {own}. {thread}.", *odd]
    return text_of("\n".join(lines))


def comparison(one: Comparison) -> Text:
    """Commits, then each key that differs, a line each, so that a phone can show it."""
    name, other = one.staging.name, one.name
    head = f"*{escape(name)}* compared with {'the' if one.against is None else ''} *{escape(other)}*".replace("  ", " ")
    commits = [_commit(name, one.staging.attempt), *([_commit(other, one.against)] if one.against else [])]
    blocks = [section(text) for text in packed([head, *commits])]
    if not one.found:
        blocks.append(section("The configuration is the same."))
    else:
        told = [_difference(name, other, difference) for difference in one.found]
        blocks += [section(text) for text in packed(["*Configuration*", *told])]
    count = f"{len(one.found)} keys differ" if len(one.found) != 1 else "1 key differs"
    return text_of(f"{escape(name)} compared with {escape(other)}: {count}", *blocks)


def _commit(name: str, release: Release) -> str:
    about = f"{code(release.branch)} {code(release.commit[:7])} {escape(cut(release.subject, 80))}"
    return f"• {escape(name)}: {about}{_profiles(release.overrides)}"


def _difference(name: str, other: str, found: Difference) -> str:
    key = code(cut(found.key, 100))
    if found.secret and found.before == "" == found.after:
        return f"{key} ••• differs"
    before, after = (_side(value, found.secret) for value in (found.before, found.after))
    return f"{key} {escape(other)}: {before} · {escape(name)}: {after}"


def _side(value: str | None, secret: bool) -> str:
    if value is None:
        return "_not set_"
    return "•••" if secret and not value else value_code(value)
