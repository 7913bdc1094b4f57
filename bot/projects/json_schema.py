"""octopod.yaml as a JSON Schema (draft 2020-12), for editors: what can be written, where, and what it means.

It is of one file as people write it, so it is laxer than `load_projects`: what one key says about another is not in it.
Scalars may be of any type where they are read as they are written (`1.10`, `off`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.domain.project import Part
from bot.projects.environment import KeyKeys, ProfileKeys
from bot.projects.fences import FenceKeys
from bot.projects.githosts import AppKeys
from bot.projects.health import METHODS, MOST, CheckKeys, SessionKeys
from bot.projects.schema import FileKeys, FollowKeys, HoursKeys, LimitKeys, ProbeKeys, ProjectKeys, RoleKeys
from bot.projects.sources import HelmKeys, SourceKeys

Schema = dict[str, Any]

_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_NAMES: Schema = {"type": "array", "items": {"type": "string"}}
_COUNT: Schema = {"type": "integer", "minimum": 1, "maximum": 999_999}
_PEOPLE: Schema = {"anyOf": [{"type": "string"}, _NAMES]}
_PLACE: Schema = {"type": ["string", "null"], "pattern": "^(env:[A-Z_][A-Z0-9_]*|[a-z0-9.-]+/[A-Za-z0-9._-]+)$"}
_VARIABLE: Schema = {"type": "string", "pattern": "^[A-Z_][A-Z0-9_]*$"}
_KEY = "^[A-Za-z_][A-Za-z0-9_]*$"
_DURATION: Schema = {"type": "string", "pattern": "^([0-9]+[a-z]+)+$"}


def _choice(*words: str | bool) -> Schema:
    return {"enum": list(words)}


def _by_name(value: Schema, pattern: str = "") -> Schema:
    """Below a key that another project has, nothing leaves out what is inherited."""
    names = {"propertyNames": {"pattern": pattern}} if pattern else {}
    return {"type": ["object", "null"], "additionalProperties": value, **names}


def _or_null(value: Schema) -> Schema:
    return {"anyOf": [value, {"type": "null"}]}


def file() -> Schema:
    """The schema of a whole octopod.yaml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "octopod.yaml",
        **_object(FileKeys, _FILE),
    }


def _object(model: type[BaseModel], keys: Mapping[str, Callable[[], Schema]], needed: bool = True) -> Schema:
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    assert fields.keys() == keys.keys(), f"{model.__name__}: {fields.keys() ^ keys.keys()}"
    found: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: _described(fields[name], of()) for name, of in keys.items()},
    }
    if must := [name for name, field in fields.items() if needed and field.is_required()]:
        found["required"] = must
    return found


def _described(field: FieldInfo, of: Schema) -> Schema:
    return {"description": field.description, **of} if field.description else of


def _project() -> Schema:
    """An heir needs nothing else."""
    found = _object(ProjectKeys, _PROJECT, needed=False)
    needed = [name for name, field in ProjectKeys.model_fields.items() if field.is_required()]
    return found | {"anyOf": [{"required": needed}, {"required": ["extends"]}]}


def _source() -> Schema:
    found = _object(SourceKeys, _SOURCE)
    return found | {"oneOf": [{"required": [key]} for key in _SOURCE]}


def _text() -> Schema:
    return {"type": "string"}


_HELM: Mapping[str, Callable[[], Schema]] = {
    "chart": _text,
    "repository": lambda: {"type": "string", "pattern": "^https?://"},
    "version": lambda: _TEXT,
    "values": lambda: _NAMES,
}
_SOURCE: Mapping[str, Callable[[], Schema]] = {
    "manifests": _text,
    "template": _text,
    "helm": lambda: _object(HelmKeys, _HELM),
}
_ENV_KEY: Mapping[str, Callable[[], Schema]] = {
    "default": lambda: _TEXT,
    "description": _text,
    "choices": lambda: _TEXTS | {"minItems": 1},
    "secret": lambda: {"type": "boolean"},
}
_PROFILE: Mapping[str, Callable[[], Schema]] = {
    "description": _text,
    "env": lambda: _by_name(_or_null(_TEXT), _KEY),
    "secrets": lambda: _by_name(_PLACE, _KEY),
    "values": lambda: {"type": ["object", "null"]},
    "allowed": lambda: _PEOPLE,
}
_ROLES: Mapping[str, Callable[[], Schema]] = {"deploy": lambda: _PEOPLE, "admin": lambda: _PEOPLE}
_PROBE: Mapping[str, Callable[[], Schema]] = {
    "path": lambda: {"type": "string", "pattern": "^/"},
    "address": _text,
    "from": lambda: _choice("bot", "cluster", "off", False),  # as which some readers take a plain `off`
    "accept": lambda: {"type": "array", "items": _CODE},
    "seconds": lambda: _SECONDS,
}
_LIMITS: Mapping[str, Callable[[], Schema]] = {
    "stagings": lambda: _or_null(_COUNT),
    "per_person": lambda: _or_null(_COUNT),
}
_FENCE: Mapping[str, Callable[[], Schema]] = {
    "quota": lambda: _by_name(_TEXT),
    "requests": lambda: _by_name(_TEXT),
    "limits": lambda: _by_name(_TEXT),
    "pod_security": lambda: _choice("baseline", "restricted"),
    "egress": lambda: _choice("open", "closed"),
}
_FOLLOW: Mapping[str, Callable[[], Schema]] = {
    "updates": lambda: _choice(True, False, "paused"),
    "branches": lambda: _NAMES | {"minItems": 1},
    "baseline": lambda: {"type": "boolean"},
    "gone_after": lambda: {"anyOf": [{"const": "never"}, _DURATION]},
}
_APP: Mapping[str, Callable[[], Schema]] = {"id": lambda: _TEXT, "key": lambda: _VARIABLE}
_TIME_OF_DAY: Schema = {"type": "string", "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$|^24:00$"}
_HOURS: Mapping[str, Callable[[], Schema]] = {
    "zone": _text,
    "days": lambda: {"anyOf": [_text(), {"type": "array", "items": _text(), "minItems": 1}]},
    "from": lambda: _TIME_OF_DAY,
    "to": lambda: _TIME_OF_DAY,
}
_CODE: Schema = {"type": "integer", "minimum": 100, "maximum": 599}
_SECONDS: Schema = {"type": "number", "minimum": 0.1, "maximum": 60}
_SESSION: Mapping[str, Callable[[], Schema]] = {
    "path": lambda: {"type": "string", "pattern": "^/"},
    "form": lambda: _by_name(_TEXT),
}
_CHECK: Mapping[str, Callable[[], Schema]] = {
    "name": lambda: {**_TEXT, "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$"},
    "path": lambda: {"type": "string", "pattern": "^/"},
    "method": lambda: _choice(*METHODS, *(method.lower() for method in METHODS)),
    "host": _text,
    "headers": lambda: _by_name(_TEXT),
    "status": lambda: {"anyOf": [_CODE, {"type": "array", "items": _CODE}]},
    "contains": lambda: _TEXT,
    "json": lambda: _by_name(_TEXT),
    "redirect": lambda: {"type": "string", "pattern": "^(/|https?://)"},
    "seconds": lambda: _SECONDS,
    "tcp": lambda: {"type": "string", "pattern": ":[0-9]{1,5}$"},
    "session": lambda: _object(SessionKeys, _SESSION),
}
_PROJECT: Mapping[str, Callable[[], Schema]] = {
    "extends": _text,
    "repo": _text,
    "source": _source,
    "channel": _text,
    "alerts": _text,
    "credentials": lambda: _VARIABLE,
    "api": lambda: {"type": "string", "pattern": "^https?://"},
    "api_token": lambda: _VARIABLE,
    "github_app": lambda: _object(AppKeys, _APP),
    "report": lambda: {"anyOf": [{"type": "boolean"}, {"type": "array", "items": _choice(*Part), "minItems": 1}]},
    "baseline": lambda: _TEXT,
    "image": _text,
    "undo": lambda: {"anyOf": [{"const": "none"}, _DURATION]},
    "image_wait": lambda: _DURATION,
    "ci": lambda: _TEXT,
    "hosts": lambda: _by_name(_or_null({"type": "string"}), "^[A-Za-z][A-Za-z0-9_-]*$"),
    "scheme": lambda: _choice("https", "http"),
    "ttl": lambda: {"anyOf": [{"const": "never"}, _DURATION]},
    "env": lambda: _by_name({"anyOf": [_TEXT, {"type": "null"}, _object(KeyKeys, _ENV_KEY)]}, _KEY),
    "secrets": lambda: _by_name(_PLACE, _KEY),
    "values": lambda: {"type": ["object", "null"]},
    "profiles": lambda: _by_name(_or_null(_object(ProfileKeys, _PROFILE)), "^[A-Za-z0-9][A-Za-z0-9_.-]*$"),
    "limits": lambda: _object(LimitKeys, _LIMITS),
    "roles": lambda: _object(RoleKeys, _ROLES),
    "url_probe": lambda: _object(ProbeKeys, _PROBE),
    "copy_secrets": lambda: _NAMES,
    "fence": lambda: _object(FenceKeys, _FENCE),
    "follow": lambda: _object(FollowKeys, _FOLLOW),
    "hours": lambda: _object(HoursKeys, _HOURS),
    "deploy_on": lambda: _choice("chat", "push", "pull_request", "label"),
    "label": lambda: _TEXT,
    "health_checks": lambda: {"type": "array", "items": _object(CheckKeys, _CHECK), "maxItems": MOST},
    "good_after": lambda: {"anyOf": [{"const": "none"}, _DURATION]},
    "witnesses": lambda: _choice("ask", "auto"),
    "people": lambda: _by_name({"type": ["string", "null"], "pattern": "^(@.+|[UW][A-Z0-9]+)$"}),
    "kinds": lambda: _NAMES,
}
_FILE: Mapping[str, Callable[[], Schema]] = {
    "engine": lambda: _choice("kubernetes", "local"),
    "projects": lambda: {"type": "object", "minProperties": 1, "additionalProperties": _project()},
}
