"""Plain manifests of the branch's own tree: read, filled, checked, completed. All mistakes are told at once."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from bot.domain.errors import PermanentError
from bot.domain.project import Manifests
from bot.ports import EngineFacts, RenderFacts
from bot.render.complete import completed
from bot.render.located import Located, Mistake
from bot.render.nodes import Budget
from bot.render.references import fill, meanings, own_image
from bot.render.rules import mistakes_in
from bot.render.source import leads_inside, manifest_files, read, shown, yaml_folders

MOST_TOLD = 50
LONGEST_TOLD = 500
KUSTOMIZATION = {"kustomization.yaml", "kustomization.yml"}


class PlainRenderer:
    def render(self, tree: Path, facts: RenderFacts, engine: EngineFacts) -> list[dict[str, Any]]:
        mistakes: list[str] = []
        files = _files(tree, facts, mistakes)
        budget = Budget()
        meaning = _meaning(facts, engine, mistakes)
        env = _env(facts, meaning, mistakes)
        located: list[Located] = []
        for file in files:
            name = shown(file.relative_to(tree))
            if file.name in KUSTOMIZATION:
                mistakes.append(f"{name}:1:1: kustomize is not supported; name a folder with plain manifests")
                continue
            located += read(file, name, lambda text: fill(text, meaning), mistakes, budget)
        for one in located:
            mistakes += _fresh(one, mistakes_in(one, facts, engine))
        mistakes += _twice(located)
        if mistakes:
            raise _refusal(mistakes)
        if not located:
            raise PermanentError(
                f"The manifests in `{_folder(facts)}` of branch {facts.branch} hold no objects.",
                next_step="Add a Deployment and a Service, push, and deploy again.",
            )
        return completed([one.value for one in located], facts, env)

    def image(self, facts: RenderFacts) -> str | None:
        try:
            return own_image(facts)
        except Mistake:
            return None


def _folder(facts: RenderFacts) -> PurePosixPath:
    if isinstance(facts.source, Manifests):
        return facts.source.folder
    raise PermanentError(f"A source such as {type(facts.source).__name__.lower()} is not supported yet.")


def _files(tree: Path, facts: RenderFacts, mistakes: list[str]) -> list[Path]:
    folder = tree / _folder(facts)
    there = leads_inside(folder, tree) and folder.is_dir()
    files = manifest_files(folder, tree, mistakes) if there else []
    if files or mistakes:
        return files
    others = yaml_folders(tree)
    hint = f" There is YAML in {', '.join(f'`{other}`' for other in others)}." if others else ""
    raise PermanentError(
        f"Branch {facts.branch} has no manifests in `{_folder(facts)}`.{hint}",
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


def _refusal(mistakes: Sequence[str]) -> PermanentError:
    count = f"{len(mistakes)} mistakes" if len(mistakes) > 1 else "a mistake"
    told = [mistake[:LONGEST_TOLD] for mistake in mistakes[:MOST_TOLD]]
    if len(mistakes) > MOST_TOLD:
        told.append(f"… and {len(mistakes) - MOST_TOLD} more")
    return PermanentError(f"The manifests of this branch have {count}.", told, "Mend them, push, and deploy again.")
