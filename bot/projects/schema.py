"""What octopod.yaml may hold: its keys, which of them are needed, and which are on their way."""

import difflib
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.projects import fields
from bot.projects.fences import FenceKeys
from bot.projects.kinds import read_kinds
from bot.projects.places import Keys

# Keys that are decided but not built: told as such, so that nobody looks for a typing mistake. By where they belong.
NOT_YET = {
    "projects.*": {"values", "profiles", "health_checks", "limits", "extends", "secrets"},
    "projects.*.source": {"template", "helm"},
}
# What a key that is needed is for, when it is missing.
MISSING = {
    "engine": "is missing; say `engine: kubernetes` or `engine: local`",
    "projects": "is missing; say which projects there are",
    "repo": "is missing; say what git clones, such as `repo: https://github.com/acme/shop.git`",
    "source": "is missing; say where the manifests are, such as `source: {manifests: deploy/staging}`",
    "manifests": "is missing; say which folder of the branch holds them, such as deploy/staging",
    "channel": "is missing; say where the cards go, such as `channel: stagings`",
    "hosts": "is missing; say `hosts: {web: ${staging}.shop.example.com}`",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceKeys(_Strict):
    manifests: Annotated[PurePosixPath, BeforeValidator(fields.folder)]


class RoleKeys(_Strict):
    deploy: Annotated[tuple[str, ...], BeforeValidator(fields.people)] = ("everyone",)
    admin: Annotated[tuple[str, ...], BeforeValidator(fields.people)] = ()


class ProbeKeys(_Strict):
    path: Annotated[str, BeforeValidator(fields.probe_path)] = "/"
    address: Annotated[str | None, BeforeValidator(fields.address)] = None
    origin: Annotated[str, BeforeValidator(fields.origin)] = Field(default="bot", alias="from")
    accept: Annotated[tuple[int, ...], BeforeValidator(fields.codes)] = ()
    seconds: Annotated[float, BeforeValidator(fields.seconds)] = 5.0


class ProjectKeys(_Strict):
    """One entry of `projects:`. What is None takes its default from the engine or from another key."""

    repo: Annotated[str, BeforeValidator(fields.repo)]
    source: SourceKeys
    channel: Annotated[str, BeforeValidator(fields.channel)]
    alerts: Annotated[str | None, BeforeValidator(fields.channel)] = None
    credentials: Annotated[str | None, BeforeValidator(fields.variable)] = None
    baseline: Annotated[str, BeforeValidator(fields.branch)] = "main"
    image: Annotated[str | None, BeforeValidator(fields.image)] = None
    image_wait: Annotated[timedelta, BeforeValidator(fields.duration)] = timedelta(minutes=30)
    hosts: Annotated[dict[str, str] | None, BeforeValidator(fields.hosts)] = None
    scheme: Annotated[str | None, BeforeValidator(fields.choice("https", "http"))] = None
    ttl: Annotated[timedelta | None, BeforeValidator(fields.ttl)] = timedelta(days=3)
    env: Annotated[dict[str, str], BeforeValidator(fields.env)] = Field(default_factory=dict)
    roles: RoleKeys = RoleKeys()
    url_probe: ProbeKeys = ProbeKeys()
    copy_secrets: Annotated[tuple[str, ...], BeforeValidator(fields.secrets)] = ()
    fence: FenceKeys = FenceKeys()
    kinds: Annotated[tuple[tuple[str, str], ...], BeforeValidator(read_kinds)] = ()


class FileKeys(_Strict):
    engine: Annotated[str, BeforeValidator(fields.engine)]
    projects: dict[str, ProjectKeys]


_MODELS: dict[str, type[BaseModel]] = {
    "": FileKeys,
    "projects.*": ProjectKeys,
    "projects.*.source": SourceKeys,
    "projects.*.roles": RoleKeys,
    "projects.*.url_probe": ProbeKeys,
    "projects.*.fence": FenceKeys,
}


def unknown_key(path: Keys) -> str:
    """What to say about a key that no model has."""
    parent = ".".join("*" if at == 1 else str(part) for at, part in enumerate(path[:-1]))
    name, later = str(path[-1]), NOT_YET.get(parent, set())
    if name in later:
        return "is not supported yet"
    known = [field.alias or key for key, field in _MODELS[parent].model_fields.items()]
    close = difflib.get_close_matches(name, [*known, *later], 1)
    return "is not a known key" + (f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}")
