"""Plain manifests, the branch's own or a template's: read, filled, checked, completed; all mistakes at once."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.domain.configuration import over
from bot.domain.known import KnownValue
from bot.domain.project import Template
from bot.ports import EngineFacts, RenderFacts
from bot.render.checking import MEND, require_right
from bot.render.complete import completed
from bot.render.known import known_defaults
from bot.render.located import Located, Mistake
from bot.render.nodes import Budget
from bot.render.origin import defaults_of, files_of, none_in, origin
from bot.render.references import Meanings, fill, filled, flat, meanings, own_image
from bot.render.source import read

KUSTOMIZATION = {"kustomization.yaml", "kustomization.yml"}


class PlainRenderer:
    def render(self, tree: Path, facts: RenderFacts, engine: EngineFacts) -> list[dict[str, Any]]:
        mistakes: list[str] = []
        named = origin(facts.source, tree).name
        files = files_of(facts.source, tree, facts.branch, mistakes)
        values = over(defaults_of(facts.source, tree, mistakes), facts.values)
        meaning = meaning_of(replace(facts, values=values), engine, mistakes)
        env = env_of(facts, meaning, mistakes)
        budget = Budget()
        located: list[Located] = []
        for file in files:
            if file.name in KUSTOMIZATION:
                mistakes.append(f"{named(file)}:1:1: kustomize is not supported; name a folder with plain manifests")
                continue
            located += read(file, named(file), lambda text: fill(text, meaning), mistakes, budget)
        require_right(located, facts, engine, mistakes, *_whose(facts))
        if not located:
            raise none_in(facts.source, facts.branch)
        return completed([one.value for one in located], facts, env)

    def known(self, tree: Path, facts: RenderFacts) -> Mapping[str, KnownValue]:
        """A branch's own manifests say nothing of values."""
        file = origin(facts.source, tree).defaults
        return known_defaults(file.read_text()) if file and file.is_file() else {}

    def image(self, facts: RenderFacts) -> str | None:
        try:
            return own_image(facts)
        except Mistake:
            return None


def _whose(facts: RenderFacts) -> tuple[str, str]:
    """How mistakes are begun, and what can be done."""
    if not isinstance(facts.source, Template):
        return "The manifests of this branch have", MEND
    step = "Whoever keeps octopod.yaml can mend the template, or what the project says to it in `values:`."
    return f"In this project the template {facts.source.name} has", step


def meaning_of(facts: RenderFacts, engine: EngineFacts, mistakes: list[str]) -> Meanings:
    """What can be meant by references, `values:` filled in, without what is wrong: that is added to the mistakes."""
    try:
        known = meanings(facts, engine)
    except Mistake as mistake:
        mistakes.append(f"octopod.yaml: image: {mistake}")
        known = meanings(replace(facts, image=None), engine)
        known["image"] = ""
    known |= dict(flat(filled(facts.values, known, mistakes)))
    return known


def env_of(facts: RenderFacts, meaning: dict[str, Any], mistakes: list[str]) -> dict[str, str]:
    env: dict[str, str] = {}
    for name, value in facts.env.items():
        try:
            env[name] = str(fill(value, meaning))
            if "\0" in env[name]:
                raise Mistake("holds a NUL character")
        except Mistake as mistake:
            mistakes.append(f"octopod.yaml: env.{name}: {mistake}")
    return env
