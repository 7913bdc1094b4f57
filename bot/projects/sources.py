"""`source:` in octopod.yaml: where a staging's objects come from. A folder of the branch, a template, or a chart."""

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.project import Helm, Manifests, Source, Template
from bot.projects import fields
from bot.projects.places import Document, Keys, Mistake

TEMPLATES = "templates"
_KINDS = ("manifests", "template", "helm")
_NAME = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
_HERE = Path(__file__).resolve()


def own_templates() -> Path:
    """Installed from a wheel, they lie inside the package."""
    installed = _HERE.parent / "_templates"
    return installed if installed.exists() else _HERE.parents[2] / "manifests" / TEMPLATES


def templates(beside: Path) -> dict[str, Path]:
    """Those that there are, by name: our own, and those in the folder `templates` beside octopod.yaml, which win."""
    found: dict[str, Path] = {}
    for folder in (own_templates(), beside / TEMPLATES):
        try:
            found |= {one.name: one.resolve() for one in sorted(folder.iterdir()) if one.is_dir()}
        except OSError:
            continue
    return {name: folder for name, folder in found.items() if not name.startswith(("_", "."))}


def _template(value: object) -> str:
    name = fields.text("the name of a template, such as web")(value)
    if not re.fullmatch(_NAME, name):
        raise ValueError("must be the name of a template, such as web; a folder of the branch is `manifests:`")
    return name


def _chart(value: object) -> str:
    chart = fields.text("a chart: a folder of the branch, oci://…, or its name in `repository`")(value)
    if chart.startswith("oci://"):
        if not re.fullmatch(r"oci://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)+", chart):
            raise ValueError("must be such as oci://ghcr.io/acme/charts/shop, without a tag; `version` says which")
        return chart
    if "://" in chart:
        raise ValueError("must be a folder of the branch, oci://…, or a name; `repository` takes the URL")
    if chart.startswith("-"):
        raise ValueError("must not begin with a dash")
    return str(fields.folder(chart))


def _repository(value: object) -> str:
    url = fields.text("the URL of a chart repository, such as https://charts.example.com")(value)
    parts = fields.parts(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("must be an https:// URL, such as https://charts.example.com; oci://… belongs into `chart`")
    if parts.username or parts.password:
        raise ValueError("must not hold a token")
    return url


def _version(value: object) -> str:
    version = fields.text("a version, such as 1.4.2")(value)
    if not re.fullmatch(r"v?[0-9]+(\.[0-9]+){0,2}([-+][0-9A-Za-z.+-]+)?", version):
        raise ValueError("must be one version, such as 1.4.2, so that every deploy takes the same chart")
    return version


def _files(value: object) -> tuple[PurePosixPath, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of values files of the branch, such as [deploy/values.yaml]")
    return tuple(_file(one) for one in value)


def _file(value: object) -> PurePosixPath:
    path = PurePosixPath(fields.text("files of the branch, such as [deploy/values.yaml]")(value))
    if path.is_absolute() or ".." in path.parts or path == PurePosixPath("."):
        raise ValueError("must be files inside the branch, such as [deploy/values.yaml]")
    return path


class HelmKeys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    chart: Annotated[str, BeforeValidator(_chart)] = Field(
        description="A folder of the branch, `oci://…`, or the name of a chart in `repository`."
    )
    repository: Annotated[str | None, BeforeValidator(_repository)] = Field(
        default=None, description="The URL of the chart repository."
    )
    version: Annotated[str | None, BeforeValidator(_version)] = Field(
        default=None, description="Of a chart that is not the branch's: one version, such as 1.4.2."
    )
    values: Annotated[tuple[PurePosixPath, ...], BeforeValidator(_files)] = Field(
        default=(), description="Values files of the branch; the later ones win. The project's `values:` win over them."
    )


class SourceKeys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    manifests: Annotated[PurePosixPath | None, BeforeValidator(fields.folder)] = Field(
        default=None, description="A folder of the branch with plain manifests; `.` is the tree itself."
    )
    template: Annotated[str | None, BeforeValidator(_template)] = Field(
        default=None,
        description="Manifests that the branch need not have: of `templates/NAME` beside the file, else Octopod's own.",
    )
    helm: HelmKeys | None = Field(default=None, description="A Helm chart.")


def source(keys: SourceKeys, known: Mapping[str, Path]) -> Source:
    """Of keys without mistakes. `known`: the templates that there are."""
    if keys.manifests is not None:
        return Manifests(keys.manifests)
    if keys.template is not None:
        return Template(keys.template, known[keys.template])
    assert keys.helm is not None, "exactly one is there"
    return Helm(keys.helm.chart, keys.helm.repository, keys.helm.version, keys.helm.values)


def mistakes(document: Document, at: Keys, said: object, known: Mapping[str, Path]) -> Iterator[Mistake]:
    if not isinstance(said, Mapping):
        return
    kinds = [key for key in said if key in _KINDS]
    if not kinds:
        yield document.mistake(at, "must say one of manifests, template and helm, such as {manifests: deploy/staging}")
    for key in kinds[1:]:
        yield document.mistake((*at, key), f"contradicts {kinds[0]}: objects come from one place; leave one out", True)
    name = said.get("template")
    if isinstance(name, str) and re.fullmatch(_NAME, name) and name not in known:
        close = difflib.get_close_matches(name, known, 1)
        there = f"there is {', '.join(known)}" if known else "there is none"
        hint = f"did you mean {close[0]}?" if close else there
        yield document.mistake((*at, "template"), f"is no folder in {TEMPLATES} beside this file, nor ours; {hint}")
    yield from _helm_mistakes(document, (*at, "helm"), said.get("helm"))


def _helm_mistakes(document: Document, at: Keys, said: object) -> Iterator[Mistake]:
    if not isinstance(said, Mapping) or not isinstance(chart := said.get("chart"), str):
        return
    remote = chart.startswith("oci://") or "repository" in said
    if chart.startswith("oci://") and "repository" in said:
        yield document.mistake((*at, "repository"), "is in chart already, which is an oci://…; leave this out", True)
    elif "repository" in said and "/" in chart:
        yield document.mistake((*at, "chart"), "must be the chart's name alone, as repository says where it is")
    if remote and "version" not in said:
        yield document.mistake((*at, "version"), "is missing; say which, so that every deploy takes the same", True)
    if not remote and "version" in said:
        text = "is for charts of a repository; this one is a folder of the branch, as it is at the deployed commit"
        yield document.mistake((*at, "version"), text, at_key=True)
