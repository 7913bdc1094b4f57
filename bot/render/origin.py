"""Where plain manifests stand: in a folder of the branch, or in a template of this machine. And what a template brings.

A template is a folder of manifests with a `values.yaml`, which says what it can be told, and what holds otherwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.errors import PermanentError
from bot.domain.project import Helm, Manifests, Source, Template
from bot.render.nodes import Budget
from bot.render.source import leads_inside, manifest_files, read, shown, yaml_folders

VALUES = "values.yaml"


@dataclass(frozen=True, slots=True)
class Origin:
    """`folder` holds the manifests, and nothing outside of `root` is read. `template`: its name, if it is one."""

    folder: Path
    root: Path
    template: str = ""

    def name(self, file: Path) -> str:
        """As it is told in mistakes."""
        inside = file.relative_to(self.root)
        return shown(Path("templates", self.template, inside) if self.template else inside)

    @property
    def defaults(self) -> Path | None:
        """The file that says what holds unless a project says otherwise; a branch has none."""
        return self.folder / VALUES if self.template else None


def origin(source: Source, tree: Path) -> Origin:
    match source:
        case Manifests(folder):
            return Origin(tree / folder, tree)
        case Template(name, folder):
            return Origin(folder, folder, name)
        case Helm():
            raise TypeError("a chart is not made of plain manifests")


def files_of(source: Source, tree: Path, branch: str, mistakes: list[str]) -> list[Path]:
    """Raises PermanentError when there are none."""
    where = origin(source, tree)
    there = leads_inside(where.folder, where.root) and where.folder.is_dir()
    files = manifest_files(where.folder, where.root, where.name, mistakes) if there else []
    files = [file for file in files if file != where.defaults]
    if files or mistakes:
        return files
    raise _none(source, tree, branch)


def none_in(source: Source, branch: str) -> PermanentError:
    """There are files, but nothing in them."""
    if isinstance(source, Template):
        return PermanentError(f"The template {source.name} holds no objects.", next_step=_TELL_ADMIN)
    folder = source.folder if isinstance(source, Manifests) else "."
    return PermanentError(
        f"The manifests in `{folder}` of branch {branch} hold no objects.",
        next_step="Add a Deployment and a Service, push, and deploy again.",
    )


def defaults_of(source: Source, tree: Path, mistakes: list[str]) -> Mapping[str, Any]:
    """As they are written: references in them are filled in later, with those of the project."""
    where = origin(source, tree)
    file = where.defaults
    if file is None or not file.exists():
        return {}
    found = [one.value for one in read(file, where.name(file), lambda text: text, mistakes, Budget())]
    if len(found) == 1 and isinstance(found[0], dict):
        return found[0]
    if found or not mistakes:
        mistakes.append(f"{where.name(file)}:1:1: must be one mapping of names with values")
    return {}


_TELL_ADMIN = "Whoever keeps octopod.yaml can mend the template, or set another `source:`."


def _none(source: Source, tree: Path, branch: str) -> PermanentError:
    if isinstance(source, Template):
        return PermanentError(f"The template {source.name} has no manifests.", next_step=_TELL_ADMIN)
    folder = source.folder if isinstance(source, Manifests) else "."
    others = yaml_folders(tree)
    hint = f" There is YAML in {', '.join(f'`{other}`' for other in others)}." if others else ""
    return PermanentError(
        f"Branch {branch} has no manifests in `{folder}`.{hint}",
        next_step="Add them to the branch, or set `source: {manifests: …}` in octopod.yaml.",
    )
