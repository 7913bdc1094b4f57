"""`env:`, `secrets:`, `values:` and `profiles:` in octopod.yaml: what is configured, by default and under a name."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.project import Key, Profile, SecretPlace
from bot.projects import fields
from bot.projects.places import Document, Keys, Mistake

_IN_ENV = ("commit", "branch", "staging", "project", "image", "namespace")


class KeyKeys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Annotated[str | None, BeforeValidator(fields.value)] = Field(
        default=None, description="The value of every staging that says nothing else. Without it the key is not set."
    )
    description: Annotated[str, BeforeValidator(fields.text("a description"))] = Field(
        default="", description="What people are told of it."
    )
    choices: Annotated[tuple[str, ...], BeforeValidator(fields.choices)] = Field(
        default=(), description="The only values that it takes."
    )
    secret: Annotated[bool, BeforeValidator(fields.boolean)] = Field(
        default=False, description="Its value is never shown, and kept encrypted. It can have no default here."
    )


def _entries(value: object) -> dict[str, object]:
    """A plain text is its default. What is neither is told by `mistakes`."""
    return {
        name: one if isinstance(one, dict) else {"default": one} if isinstance(one, str) else {}
        for name, one in fields.mapping("names with values, such as {PAYMENTS: sandbox}")(value).items()
    }


_PLACES = fields.mapping("names with places of values, such as {API_KEY: payments/live-key}")
Env = Annotated[dict[str, KeyKeys], BeforeValidator(_entries)]
Secrets = Annotated[dict[str, Annotated[SecretPlace, BeforeValidator(fields.secret_place)]], BeforeValidator(_PLACES)]
Values = Annotated[
    dict[str, Any], BeforeValidator(fields.mapping("names with values of any kind, such as {web: {replicas: 1}}"))
]


class ProfileKeys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    description: Annotated[str, BeforeValidator(fields.text("a description"))] = Field(
        default="", description="What people are told of it."
    )
    env: Annotated[dict[str, str], BeforeValidator(fields.env)] = Field(
        default_factory=dict, description="What of the application's environment is otherwise."
    )
    secrets: Secrets = Field(default_factory=dict, description="Where further secret values are.")
    values: Values = Field(default_factory=dict, description="What of the deployment's configuration is otherwise.")
    allowed: Annotated[tuple[str, ...], BeforeValidator(fields.people)] = Field(
        default=("everyone",), description="Who may use it: everyone, people, user groups."
    )


Profiles = Annotated[
    dict[str, ProfileKeys], BeforeValidator(fields.mapping("names with profiles, such as {load-test: {env: {…}}}"))
]


def typed(path: Keys) -> bool:
    """Whether scalars at this place mean what they mean in a manifest: they become part of one."""
    inside = path[2:] if path[:1] == ("projects",) else ()
    return inside[:1] == ("values",) or (inside[:1] == ("profiles",) and inside[2:3] == ("values",))


def keys(env: Mapping[str, KeyKeys], secrets: Mapping[str, SecretPlace]) -> dict[str, Key]:
    """What is known of single keys; those whose values are secret are known to be so."""
    known = {name: Key(one.description, one.choices, one.secret) for name, one in env.items()}
    known |= {name: replace(known.get(name, Key()), secret=True) for name in secrets}
    return {name: key for name, key in known.items() if key != Key()}


def defaults(env: Mapping[str, KeyKeys]) -> dict[str, str]:
    return {name: one.default for name, one in env.items() if one.default is not None}


def profiles(said: Mapping[str, ProfileKeys]) -> dict[str, Profile]:
    return {
        name: Profile(name, one.env, one.secrets, one.values, one.allowed, one.description)
        for name, one in said.items()
    }


def secret_keys(project: Mapping[str, Any]) -> Sequence[str]:
    """The names of what is secret in what a project says, or one of its profiles."""
    env = _mapping(project.get("env"))
    own = [name for name, entry in env.items() if isinstance(entry, Mapping) and entry.get("secret") == "true"]
    profiles = [_mapping(one) for one in _mapping(project.get("profiles")).values()]
    places = [name for one in (project, *profiles) for name in _mapping(one.get("secrets"))]
    return list(dict.fromkeys([*own, *places]))


# --- mistakes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """What references may name, and what the project's env says of its keys."""

    names: Sequence[str]
    env: Mapping[str, Any]
    local: bool


def mistakes(document: Document, at: Keys, project: Mapping[str, Any], hosts: Mapping[str, Any]) -> Iterator[Mistake]:
    """Of the project's own configuration and of its profiles."""
    own = [*_IN_ENV, *(f"{kind}.{host}" for host in hosts for kind in ("host", "url"))]
    env, values = _mapping(project.get("env")), _mapping(project.get("values"))
    local = document.data.get("engine") == "local"
    known = _Known([*own, *_paths(values)], env, local)
    for name, entry in env.items():
        yield from _key_mistakes(document, (*at, "env", name), name, entry, known.names)
    given = [name for name, entry in env.items() if not isinstance(entry, Mapping) or "default" in entry]
    yield from _secret_mistakes(document, (*at, "secrets"), project.get("secrets"), given, local)
    yield from _references(document, (*at, "values"), values, own)
    for name, profile in _mapping(project.get("profiles")).items():
        place = (*at, "profiles", name)
        if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", name):
            text = (
                "must be named with at most 40 letters, digits, dots, dashes and underscores, so that it can be typed"
            )
            yield document.mistake(place, text, at_key=True)
        if isinstance(profile, Mapping):
            more = _paths(_mapping(profile.get("values")))
            yield from _profile_mistakes(document, place, profile, _Known([*known.names, *more], env, local), own)


def _profile_mistakes(
    document: Document, at: Keys, profile: Mapping[str, Any], known: _Known, own: Sequence[str]
) -> Iterator[Mistake]:
    env = _mapping(profile.get("env"))
    for name, value in env.items():
        place, entry = (*at, "env", name), _mapping(known.env.get(name))
        if mistake := fields.env_mistake(name, value):
            yield document.mistake(place, mistake)
        elif entry.get("secret") == "true":
            yield document.mistake(place, "is secret, and this file is no place for it; say where it is in secrets")
        else:
            yield from _not_among(document, place, value, entry.get("choices"))
        yield from _references(document, place, value, known.names)
    yield from _secret_mistakes(document, (*at, "secrets"), profile.get("secrets"), list(env), known.local)
    yield from _references(document, (*at, "values"), profile.get("values"), own)


def _key_mistakes(document: Document, at: Keys, name: str, entry: object, known: Sequence[str]) -> Iterator[Mistake]:
    if not isinstance(entry, Mapping):
        if mistake := fields.env_mistake(name, entry):
            yield document.mistake(at, mistake)
        yield from _references(document, at, entry, known)
        return
    if mistake := fields.env_mistake(name, ""):
        yield document.mistake(at, mistake)
    yield from _references(document, (*at, "default"), entry.get("default"), known)
    yield from _references(document, (*at, "choices"), entry.get("choices"), known)
    if entry.get("secret") == "true":
        for key in entry.keys() & {"default", "choices"}:
            text = "would tell a secret to whoever reads this file; leave it out and say where it is in secrets"
            yield document.mistake((*at, key), text, at_key=True)
    else:
        yield from _not_among(document, (*at, "default"), entry.get("default"), entry.get("choices"))


def _not_among(document: Document, at: Keys, value: object, choices: object) -> Iterator[Mistake]:
    if isinstance(value, str) and isinstance(choices, list) and choices and value not in choices:
        yield document.mistake(at, f"must be one of its choices: {', '.join(str(one) for one in choices)}")


def _secret_mistakes(
    document: Document, at: Keys, said: object, given: Sequence[str], local: bool
) -> Iterator[Mistake]:
    for name, value in _mapping(said).items():
        if mistake := fields.env_mistake(name, ""):
            yield document.mistake((*at, name), mistake, at_key=True)
        if name in given:
            yield document.mistake((*at, name), "has a value in env as well; leave one out", at_key=True)
        if local and isinstance(value, str) and re.fullmatch(r"[^:/]+/[^/]+", value):
            text = "is a place for engine: kubernetes; the local engine has no Secrets. Say env:NAME"
            yield document.mistake((*at, name), text)


def _references(document: Document, at: Keys, said: object, known: Sequence[str]) -> Iterator[Mistake]:
    """In texts, however deep."""
    if isinstance(said, Mapping):
        for key, value in said.items():
            yield from _references(document, (*at, key), value, known)
    elif isinstance(said, list):
        for index, value in enumerate(said):
            yield from _references(document, (*at, index), value, known)
    else:
        yield from reference_mistakes(document, at, said, known)


def reference_mistakes(document: Document, at: Keys, text: object, known: Sequence[str]) -> Iterator[Mistake]:
    for name in fields.unknown_references(text, known):
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean ${{{close[0]}}}?" if close else f"known are {', '.join(known)}"
        yield document.mistake(at, f"${{{name}}} means nothing here; {hint}")


def _paths(values: Mapping[str, Any], before: str = "values.") -> Iterator[str]:
    """What a text may refer to, such as `values.web.replicas`. What holds further values is no text."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _paths(value, f"{before}{key}.")
        elif not isinstance(value, list):
            yield f"{before}{key}"


def _mapping(said: object) -> Mapping[str, Any]:
    return said if isinstance(said, Mapping) else {}
