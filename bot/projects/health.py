"""`health_checks:` in octopod.yaml: what is asked of live stagings."""

import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.domain.checks import HealthCheck, Session
from bot.domain.project import ProbeFrom, UrlProbe
from bot.projects import fields

MOST = 20
METHODS = ("GET", "HEAD", "OPTIONS", "POST")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9._-]|\$\{[^{}]*\})+):([0-9]{1,5})")
# Words of the commands in which a check can be named.
_TAKEN = ("for", "until", "as")


def _name(value: object) -> str:
    name = fields.text("a name such as login")(value)
    if not _NAME.fullmatch(name):
        raise ValueError("must be at most 40 letters, digits, dashes and underscores, so that it can be typed")
    if name.lower() in _TAKEN:
        raise ValueError(f"must not be {name.lower()}, which is a word of commands")
    return name


def _path(value: object) -> str:
    path = fields.probe_path(value)
    if "${" in path:
        raise ValueError("is taken as it is written; references mean something in headers and form only")
    return path


def _method(value: object) -> str:
    name = value.upper() if isinstance(value, str) else ""
    if name not in METHODS:
        raise ValueError(f"must be one of {', '.join(METHODS)}; a health check changes nothing")
    return name


def _status(value: object) -> tuple[int, ...]:
    try:
        return fields.codes(value if isinstance(value, list) else [value])
    except ValueError:
        raise ValueError("must be a status code from 100 to 599, or a list of them, such as [200, 204]") from None


def _expected(value: object) -> str:
    said = fields.value(value)
    if "${secret." in said:
        raise ValueError("must not hold a secret, as people are told what was expected")
    return said


def _contained(value: object) -> str:
    if value == "":
        raise ValueError("must not be empty; leave it out")
    return _expected(value)


def _redirect(value: object) -> str:
    said = fields.text("a path such as /login, or a URL")(value)
    if re.fullmatch(r"https?://[\x21-\x7e]+", said):
        fields.parts(said)
    elif not re.fullmatch(r"/(?!/)[\x21-\x7e]*", said):
        raise ValueError("must be a path such as /login, or a URL")
    return said


def _tcp(value: object) -> str:
    match = _ADDRESS.fullmatch(value) if isinstance(value, str) else None
    if match and 1 <= int(match[2]) <= 65535:
        return match[0]
    raise ValueError("must be a host and a port, such as db.${namespace}.svc:5432")


def _checks(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("must be a list of checks, such as [{name: login, path: /login}]; [] is none of them")
    if len(value) > MOST:
        raise ValueError(f"must be at most {MOST}, as each of them is asked of every staging")
    return value


Texts = Annotated[
    dict[str, Annotated[str, BeforeValidator(fields.value)]],
    BeforeValidator(fields.mapping("names with values, such as {Accept: application/json}")),
]


People = Annotated[
    dict[str, Annotated[str, BeforeValidator(fields.user)]],
    BeforeValidator(fields.mapping('addresses with Slack users, such as {alice@home.example: "@alice"}')),
]


class SessionKeys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, BeforeValidator(_path)] = Field(description="Where the form is sent, such as /login.")
    form: Texts = Field(default_factory=dict, description="Its fields; values may hold ${secret.KEY}.")


class CheckKeys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, BeforeValidator(_name)] = Field(description="What people call it, such as login.")
    path: Annotated[str, BeforeValidator(_path)] = Field(default="/", description="What is asked for.")
    method: Annotated[str, BeforeValidator(_method)] = Field(
        default="GET", description="GET, HEAD, OPTIONS, or POST without a body."
    )
    host: Annotated[str, BeforeValidator(fields.text("the name of one of the project's hosts"))] = Field(
        default="", description="Which of `hosts` is asked, by its name. By default the first."
    )
    headers: Texts = Field(default_factory=dict, description="Sent along; values may hold ${secret.KEY}.")
    status: Annotated[tuple[int, ...], BeforeValidator(_status)] = Field(
        default=(), description="The codes that pass, one or a list. By default any 2xx."
    )
    contains: Annotated[str, BeforeValidator(_contained)] = Field(
        default="", description="What the body has to hold, in its first 256 KiB."
    )
    body: Annotated[
        dict[str, Annotated[str, BeforeValidator(_expected)]],
        BeforeValidator(fields.mapping("dotted paths with values, such as {db.status: up}")),
    ] = Field(default_factory=dict, alias="json", description="What has to stand in a JSON body, by dotted path.")
    redirect: Annotated[str | None, BeforeValidator(_redirect)] = Field(
        default=None, description="Where the answer has to lead: a path or a URL. It is not followed."
    )
    seconds: Annotated[float, BeforeValidator(fields.seconds)] = Field(
        default=5.0, description="The time limit of one try, from 0.1 to 60."
    )
    tcp: Annotated[str, BeforeValidator(_tcp)] = Field(
        default="", description="HOST:PORT that has to accept connections, instead of HTTP."
    )
    session: SessionKeys | None = Field(
        default=None, description="A form that is sent before, so that it is asked as somebody who is signed in."
    )


Checks = Annotated[tuple[CheckKeys, ...], BeforeValidator(_checks)]


def checks(said: Sequence[CheckKeys], probe: UrlProbe) -> tuple[HealthCheck, ...]:
    """They reach a staging as its URL probe does."""
    return tuple(_check(one, probe) for one in said)


def _check(keys: CheckKeys, probe: UrlProbe) -> HealthCheck:
    return HealthCheck(
        name=keys.name,
        path=keys.path,
        method=keys.method,
        host=keys.host,
        headers=keys.headers,
        status=keys.status,
        contains=keys.contains,
        json=keys.body,
        redirect=keys.redirect,
        seconds=keys.seconds,
        tcp=keys.tcp,
        session=Session(keys.session.path, keys.session.form) if keys.session else None,
        address=probe.address,
        inside=probe.origin is ProbeFrom.CLUSTER,
    )
