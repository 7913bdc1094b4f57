"""Plain manifests of the branch's own tree: read, filled, checked, completed. All mistakes are told at once."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.domain.errors import PermanentError
from bot.ports import EngineFacts, RenderFacts
from bot.render.complete import completed
from bot.render.references import fill, meanings
from bot.render.rules import mistakes_in
from bot.render.source import Located, Mistake, manifest_files, read, yaml_folders

MOST_TOLD = 50
KUSTOMIZATION = {"kustomization.yaml", "kustomization.yml"}


class PlainRenderer:
    def render(self, tree: Path, facts: RenderFacts, engine: EngineFacts) -> list[dict[str, Any]]:
        files = _files(tree, facts)
        mistakes: list[str] = []
        meaning = _meaning(facts, engine, mistakes)
        env = _env(facts, meaning, mistakes)
        located: list[Located] = []
        for file in files:
            name = str(file.relative_to(tree))
            if file.name in KUSTOMIZATION:
                mistakes.append(f"{name}:1:1: kustomize is not supported; name a folder with plain manifests")
                continue
            located += read(file, name, lambda text: fill(text, meaning), mistakes)
        for one in located:
            mistakes += mistakes_in(one, facts, engine)
        mistakes += _twice(located)
        if mistakes:
            raise _refusal(mistakes)
        if not located:
            raise PermanentError(
                f"The manifests in `{facts.manifests}` of branch {facts.branch} hold no objects.",
                next_step="Add a Deployment and a Service, push, and deploy again.",
            )
        return completed([one.value for one in located], facts, env)


def _files(tree: Path, facts: RenderFacts) -> list[Path]:
    folder = tree / facts.manifests
    inside = folder.resolve().is_relative_to(tree.resolve())
    files = manifest_files(folder) if inside and folder.is_dir() else []
    if files:
        return files
    others = yaml_folders(tree)
    hint = f" There is YAML in {', '.join(f'`{other}`' for other in others)}." if others else ""
    raise PermanentError(
        f"Branch {facts.branch} has no manifests in `{facts.manifests}`.{hint}",
        next_step="Add them to the branch, or set `source: {manifests: …}` in octopod.yaml.",
    )


def _meaning(facts: RenderFacts, engine: EngineFacts, mistakes: list[str]) -> dict[str, Any]:
    try:
        return meanings(facts, engine)
    except Mistake as mistake:
        mistakes.append(f"octopod.yaml: image: {mistake}")
        return meanings(_without_image(facts), engine) | {"image": ""}


def _without_image(facts: RenderFacts) -> RenderFacts:
    return replace(facts, image=None)


def _env(facts: RenderFacts, meaning: dict[str, Any], mistakes: list[str]) -> dict[str, str]:
    env: dict[str, str] = {}
    for name, value in facts.env.items():
        try:
            env[name] = str(fill(value, meaning))
        except Mistake as mistake:
            mistakes.append(f"octopod.yaml: env.{name}: {mistake}")
    return env


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


def _refusal(mistakes: Sequence[str]) -> PermanentError:
    count = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "a mistake"
    shown = [*mistakes[:MOST_TOLD], *([f"… and {len(mistakes) - MOST_TOLD} more"] if len(mistakes) > MOST_TOLD else [])]
    return PermanentError(f"The manifests of this branch have {count}.", shown, "Mend them, push, and deploy again.")
