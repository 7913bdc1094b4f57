"""Plain manifests, the branch's own or a template's: read, filled, checked, completed; all mistakes at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.domain.errors import PermanentError
from bot.domain.objects import merged
from bot.domain.project import Source, Template
from bot.ports import EngineFacts, RenderFacts
from bot.render.complete import completed
from bot.render.located import Located, Mistake
from bot.render.nodes import Budget
from bot.render.origin import defaults_of, files_of, none_in, origin
from bot.render.references import Meanings, fill, filled, flat, meanings, own_image
from bot.render.rules import mistakes_in
from bot.render.source import read

MOST_TOLD = 50
LONGEST_TOLD = 500
KUSTOMIZATION = {"kustomization.yaml", "kustomization.yml"}


class PlainRenderer:
    def render(self, tree: Path, facts: RenderFacts, engine: EngineFacts) -> list[dict[str, Any]]:
        mistakes: list[str] = []
        named = origin(facts.source, tree).name
        files = files_of(facts.source, tree, facts.branch, mistakes)
        meaning = _meaning(facts, engine, mistakes)
        env = _env(facts, meaning, mistakes)
        meaning |= _values(tree, facts, meaning, mistakes)
        budget = Budget()
        located: list[Located] = []
        for file in files:
            if file.name in KUSTOMIZATION:
                mistakes.append(f"{named(file)}:1:1: kustomize is not supported; name a folder with plain manifests")
                continue
            located += read(file, named(file), lambda text: fill(text, meaning), mistakes, budget)
        return finished(located, facts, engine, env, mistakes)

    def image(self, facts: RenderFacts) -> str | None:
        try:
            return own_image(facts)
        except Mistake:
            return None


def finished(
    located: Sequence[Located], facts: RenderFacts, engine: EngineFacts, env: Mapping[str, str], mistakes: list[str]
) -> list[dict[str, Any]]:
    """The objects, checked and completed. Raises PermanentError with all mistakes, those found before as well."""
    for one in located:
        mistakes += _fresh(one, mistakes_in(one, facts, engine))
    mistakes += _twice(located)
    if mistakes:
        raise _refusal(mistakes, facts.source)
    if not located:
        raise none_in(facts.source, facts.branch)
    return completed([one.value for one in located], facts, env)


def _values(tree: Path, facts: RenderFacts, meaning: Mapping[str, Any], mistakes: list[str]) -> dict[str, Any]:
    """What `${values.…}` means: a template's own defaults, and what the project says otherwise."""
    values = merged(defaults_of(facts.source, tree, mistakes), facts.values)
    wrong: list[str] = []
    known = dict(flat(filled(values, meaning, wrong)))
    mistakes += [f"octopod.yaml: {mistake}" for mistake in wrong]
    return known


def _meaning(facts: RenderFacts, engine: EngineFacts, mistakes: list[str]) -> Meanings:
    try:
        return meanings(facts, engine)
    except Mistake as mistake:
        mistakes.append(f"octopod.yaml: image: {mistake}")
        known = meanings(_without_image(facts), engine)
        known["image"] = ""
        return known


def _without_image(facts: RenderFacts) -> RenderFacts:
    return replace(facts, image=None)


def _env(facts: RenderFacts, meaning: dict[str, Any], mistakes: list[str]) -> dict[str, str]:
    env: dict[str, str] = {}
    for name, value in facts.env.items():
        try:
            env[name] = str(fill(value, meaning))
            if "\0" in env[name]:
                raise Mistake("holds a NUL character")
        except Mistake as mistake:
            mistakes.append(f"octopod.yaml: env.{name}: {mistake}")
    return env


def _fresh(one: Located, found: Iterable[str]) -> list[str]:
    """Without what only follows from a mistake at the same place."""
    return [mistake for mistake in found if mistake[: mistake.find(": ", len(one.file))] not in one.wrong]


def _twice(located: Sequence[Located]) -> list[str]:
    first: dict[tuple[str, str], Located] = {}
    found = []
    for one in located:
        thing = one.value
        if not isinstance(thing, dict) or not isinstance(thing.get("metadata"), dict):
            continue
        key = (str(thing.get("kind")), str(thing["metadata"].get("name")))
        if key in first:
            found.append(f"{one.place()}: {key[0]} `{key[1]}` stands at {first[key].place()} already")
        else:
            first[key] = one
    return found


def _refusal(mistakes: Sequence[str], source: Source) -> PermanentError:
    count = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "a mistake"
    told = [mistake[:LONGEST_TOLD] for mistake in mistakes[:MOST_TOLD]]
    if len(mistakes) > MOST_TOLD:
        told.append(f"… and {len(mistakes) - MOST_TOLD} more")
    if isinstance(source, Template):
        step = "Whoever keeps octopod.yaml can mend the template, or what the project says to it in `values:`."
        return PermanentError(f"The template {source.name} has {count} in this project.", told, step)
    return PermanentError(f"The manifests of this branch have {count}.", told, "Mend them, push, and deploy again.")
