"""Plain manifests of the branch's own tree: read, filled, checked, completed. All mistakes are told at once."""

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from bot.domain.errors import PermanentError
from bot.domain.project import Manifests
from bot.ports import EngineFacts, RenderFacts
from bot.render.checking import require_right
from bot.render.complete import completed
from bot.render.located import Located, Mistake
from bot.render.nodes import Budget
from bot.render.references import fill, meanings, own_image
from bot.render.source import leads_inside, manifest_files, read, shown, yaml_folders

KUSTOMIZATION = {"kustomization.yaml", "kustomization.yml"}


class PlainRenderer:
    def render(self, tree: Path, facts: RenderFacts, engine: EngineFacts) -> list[dict[str, Any]]:
        mistakes: list[str] = []
        files = _files(tree, facts, mistakes)
        budget = Budget()
        meaning = meaning_of(facts, engine, mistakes)
        env = env_of(facts, meaning, mistakes)
        located: list[Located] = []
        for file in files:
            name = shown(file.relative_to(tree))
            if file.name in KUSTOMIZATION:
                mistakes.append(f"{name}:1:1: kustomize is not supported; name a folder with plain manifests")
                continue
            located += read(file, name, lambda text: fill(text, meaning), mistakes, budget)
        require_right(located, facts, engine, mistakes, "The manifests of this branch have")
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


def meaning_of(facts: RenderFacts, engine: EngineFacts, mistakes: list[str]) -> dict[str, Any]:
    """What can be meant by references, without what is wrong in itself: that is added to the mistakes."""
    more: dict[str, Any] = {}
    try:
        own_image(facts)
    except Mistake as mistake:
        mistakes.append(f"octopod.yaml: image: {mistake}")
        facts, more = replace(facts, image=None), {"image": ""}
    try:
        return meanings(facts, engine) | more
    except Mistake as mistake:
        mistakes.append(f"octopod.yaml: values: {mistake}")
        return meanings(replace(facts, values={}), engine) | more


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
