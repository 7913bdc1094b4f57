"""What octopod.yaml may hold: its keys, and which of them are needed."""

import difflib
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from bot.domain.project import Part
from bot.projects import fields, githosts
from bot.projects.environment import Env, KeyKeys, ProfileKeys, Profiles, Secrets, Values
from bot.projects.fences import FenceKeys
from bot.projects.health import CheckKeys, Checks, People, SessionKeys
from bot.projects.kinds import read_kinds
from bot.projects.places import Keys
from bot.projects.sources import HelmKeys, SourceKeys

# What a key that is needed is for, when it is missing.
MISSING = {
    "engine": "is missing; say `engine: kubernetes` or `engine: local`",
    "projects": "is missing; say which projects there are",
    "repo": "is missing; say what git clones, such as `repo: https://github.com/acme/shop.git`",
    "source": "is missing; say where the manifests are, such as `source: {manifests: deploy/staging}`",
    "chart": "is missing; say which: a folder of the branch, oci://…, or its name in `repository`",
    "channel": "is missing; say where the cards go, such as `channel: stagings`",
    "id": "is missing; say the App ID of the GitHub App",
    "key": "is missing; say the name of an environment variable with the private key of the GitHub App",
    "zone": "is missing; say where the hours are kept, such as `zone: Europe/Berlin`",
    "from": 'is missing; say when stagings wake, such as `from: "07:30"`',
    "to": 'is missing; say when they are put to sleep, such as `to: "19:00"`',
    "name": "is missing; say what people call it, such as `name: login`",
    "path": "is missing; say where the form is sent, such as `path: /login`",
    "hosts": "is missing; say `hosts: {web: ${staging}.shop.example.com}`",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RoleKeys(_Strict):
    deploy: Annotated[tuple[str, ...], BeforeValidator(fields.people)] = Field(
        default=("everyone",), description="Who may deploy, extend, retry and delete."
    )
    admin: Annotated[tuple[str, ...], BeforeValidator(fields.people)] = Field(
        default=(), description="Who may all of that too, and is asked about roles."
    )


class ProbeKeys(_Strict):
    path: Annotated[str, BeforeValidator(fields.probe_path)] = Field(
        default="/", description="What is asked before a release is called live."
    )
    address: Annotated[str | None, BeforeValidator(fields.address)] = Field(
        default=None, description="`host:port` to dial instead of the URL's own."
    )
    origin: Annotated[str, BeforeValidator(fields.origin)] = Field(
        default="bot", alias="from", description="Where it is asked from; off: the card says `not probed`."
    )
    accept: Annotated[tuple[int, ...], BeforeValidator(fields.codes)] = Field(
        default=(), description="Status codes that count as an answer besides 2xx, 3xx, 401 and 403."
    )
    seconds: Annotated[float, BeforeValidator(fields.seconds)] = Field(
        default=5.0, description="The time limit of one request, from 0.1 to 60."
    )


class FollowKeys(_Strict):
    updates: Annotated[str, BeforeValidator(fields.choice("true", "false", "paused"))] = Field(
        default="true",
        description="Whether pushes update the stagings of their branches; paused: not now, but afterwards.",
    )
    branches: Annotated[tuple[str, ...], BeforeValidator(fields.globs)] = Field(
        default=("*",),
        description="Globs of the branches that this is so for; `!wip/*` takes out; the last one counts.",
    )
    baseline: Annotated[bool, BeforeValidator(fields.boolean)] = Field(
        default=True, description="Whether the baseline always has a staging."
    )
    gone_after: Annotated[timedelta | None, BeforeValidator(fields.ttl)] = Field(
        default=timedelta(hours=1),
        description="How long a staging outlives its branch once that is merged or deleted, or never: it stays.",
    )


class HoursKeys(_Strict):
    zone: Annotated[str, BeforeValidator(fields.zone)] = Field(
        description="Where they are kept, such as Europe/Berlin."
    )
    days: Annotated[frozenset[int], BeforeValidator(fields.days)] = Field(
        default=frozenset(range(5)), description="On which days: mon-fri, sat, …; one or a list."
    )
    start: Annotated[int, BeforeValidator(fields.time_of_day)] = Field(
        alias="from", description="When stagings answer again: 07:30. They are woken five minutes before."
    )
    end: Annotated[int, BeforeValidator(fields.time_of_day)] = Field(
        alias="to", description="When they are put to sleep: 19:00. Not after `from`: on the next day."
    )

    @model_validator(mode="after")
    def some_rest(self) -> Self:
        if len(self.days) == 7 and self.end in (self.start, self.start + fields.DAY):
            raise ValueError("leaves no time to sleep; take it out, or say days or times with a pause between")
        return self


class LimitKeys(_Strict):
    stagings: Annotated[int | None, BeforeValidator(fields.count)] = Field(
        default=None, description="How many stagings the project may have at once."
    )
    per_person: Annotated[int | None, BeforeValidator(fields.count)] = Field(
        default=None, description="How many of them one person may have."
    )


class ProjectKeys(_Strict):
    """One entry of `projects:`. What is None takes its default from the engine or from another key."""

    extends: Annotated[str | None, BeforeValidator(fields.other)] = Field(
        default=None, description="Another project, from which this one takes whatever it does not say itself."
    )
    repo: Annotated[str, BeforeValidator(fields.repo)] = Field(
        description="What git clones: https://…, git@host:path, ssh://…, or a path. No passwords in it."
    )
    source: SourceKeys = Field(description="Where a staging's objects come from: one of manifests, template and helm.")
    channel: Annotated[str, BeforeValidator(fields.channel)] = Field(
        description="Where the cards go: a name without `#`, or an id."
    )
    alerts: Annotated[str | None, BeforeValidator(fields.channel)] = Field(
        default=None, description="Where breakages are told. By default the channel."
    )
    credentials: Annotated[str | None, BeforeValidator(fields.variable)] = Field(
        default=None, description="The name of an environment variable with a token or an ssh key for the repo."
    )
    api: githosts.Api = Field(
        default=None, description="The address of its host's API. By default that of github.com or gitlab.com."
    )
    api_token: Annotated[str | None, BeforeValidator(fields.variable)] = Field(
        default=None, description="The name of an environment variable with a token for the API of the repo's host."
    )
    github_app: githosts.AppKeys | None = Field(
        default=None, description="A GitHub App, by which the API is asked instead of by a token."
    )
    report: githosts.Report = Field(
        default=tuple(Part),
        description="What is told there: true (all, the default with credentials), false, or some of comment, status, "
        "deployment.",
    )
    baseline: Annotated[str, BeforeValidator(fields.branch)] = Field(
        default="main", description="The known-good branch."
    )
    image: Annotated[str | None, BeforeValidator(fields.image)] = Field(
        default=None, description="What `${image}` means; may hold ${commit}, ${branch}, ${staging}, ${project}."
    )
    undo: Annotated[timedelta, BeforeValidator(fields.duration_or_none)] = Field(
        default=timedelta(minutes=15),
        description="How long a delete of something with data can be taken back, or `none`.",
    )
    image_wait: Annotated[timedelta, BeforeValidator(fields.duration)] = Field(
        default=timedelta(minutes=30), description="Kubernetes: how long a release waits for its image."
    )
    ci: Annotated[str | None, BeforeValidator(fields.text("what makes the image, as CI names it, such as Build"))] = (
        Field(default=None, description="What makes the image: a workflow, pipeline, check or status, by its name.")
    )
    hosts: Annotated[dict[str, str] | None, BeforeValidator(fields.hosts)] = Field(
        default=None, description="A name for each host of a staging, and its pattern. The first is the main URL."
    )
    scheme: Annotated[str | None, BeforeValidator(fields.choice("https", "http"))] = Field(
        default=None, description="Of the URLs. By default https, with engine: local http."
    )
    ttl: Annotated[timedelta | None, BeforeValidator(fields.ttl)] = Field(
        default=timedelta(days=3),
        description="How long a staging lives after its last deploy or extension: 12h, 1h30m, 2w, or never.",
    )
    env: Env = Field(default_factory=dict, description="The application's environment by default, in every container.")
    secrets: Secrets = Field(
        default_factory=dict, description="What of the environment is secret, and where its values are."
    )
    values: Values = Field(
        default_factory=dict, description="The deployment's configuration, nested; numbers stay numbers."
    )
    profiles: Profiles = Field(default_factory=dict, description="Named sets of configuration.")
    limits: LimitKeys = Field(default=LimitKeys(), description="How many stagings there may be at once.")
    roles: RoleKeys = Field(default=RoleKeys(), description="Who may do what.")
    url_probe: ProbeKeys = Field(default=ProbeKeys(), description="How a URL is found to be true.")
    copy_secrets: Annotated[tuple[str, ...], BeforeValidator(fields.secrets)] = Field(
        default=(), description="Kubernetes: Secrets of the bot's own namespace that every staging gets a copy of."
    )
    fence: FenceKeys = Field(default=FenceKeys(), description="Kubernetes: what each staging may use of its cluster.")
    follow: FollowKeys = Field(default=FollowKeys(), description="What pushes, merges and deletes of branches do.")
    hours: HoursKeys | None = Field(
        default=None, description="Working hours: outside of them, stagings sleep. By default they never do."
    )
    deploy_on: Annotated[str, BeforeValidator(fields.choice("chat", "push", "pull_request", "label"))] = Field(
        default="chat", description="What makes a staging, besides people: chat is nothing."
    )
    label: Annotated[str, BeforeValidator(fields.label)] = Field(
        default="staging", description="The label of pull requests that `deploy_on: label` means."
    )
    health_checks: Checks = Field(default=(), description="What is asked of every live staging.")
    good_after: Annotated[timedelta, BeforeValidator(fields.duration_or_none)] = Field(
        default=timedelta(minutes=1),
        description="How long a release must be live and well before a rollback returns to it, or `none`.",
    )
    witnesses: Annotated[str, BeforeValidator(fields.choice("ask", "auto"))] = Field(
        default="ask",
        description="Whether a breakage may have throw-away stagings made that tell who broke it: ask (by a button) or "
        "auto.",
    )
    people: People = Field(
        default_factory=dict,
        description="Slack users of authors, by the e-mail address of their commits, where Slack has another one.",
    )
    kinds: Annotated[tuple[tuple[str, str], ...], BeforeValidator(read_kinds)] = Field(
        default=(), description="Kubernetes: custom resources that branches may have, as group/version/Kind."
    )


class FileKeys(_Strict):
    engine: Annotated[str, BeforeValidator(fields.engine)] = Field(description="Where stagings run.")
    projects: dict[str, ProjectKeys] = Field(description="What is configured once per product, by name.")


_MODELS: Mapping[str, type[BaseModel]] = {
    "": FileKeys,
    "projects.*": ProjectKeys,
    "projects.*.source": SourceKeys,
    "projects.*.source.helm": HelmKeys,
    "projects.*.env.*": KeyKeys,
    "projects.*.profiles.*": ProfileKeys,
    "projects.*.limits": LimitKeys,
    "projects.*.roles": RoleKeys,
    "projects.*.url_probe": ProbeKeys,
    "projects.*.fence": FenceKeys,
    "projects.*.follow": FollowKeys,
    "projects.*.github_app": githosts.AppKeys,
    "projects.*.hours": HoursKeys,
    "projects.*.health_checks.*": CheckKeys,
    "projects.*.health_checks.*.session": SessionKeys,
}


def unknown_key(path: Keys) -> str:
    """What to say about a key that no model has."""
    parent = next(one for one in _MODELS if _leads(one, path[:-1]))
    known = [field.alias or key for key, field in _MODELS[parent].model_fields.items()]
    close = difflib.get_close_matches(str(path[-1]), known, 1)
    return "is not a known key" + (f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}")


def _leads(pattern: str, path: Keys) -> bool:
    parts = pattern.split(".") if pattern else []
    return len(parts) == len(path) and all(part in ("*", one) for part, one in zip(parts, path, strict=True))
