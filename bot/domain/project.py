"""A project: what is configured once per product (octopod.yaml, already validated)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from bot.domain.checks import HealthCheck
from bot.domain.hours import Hours
from bot.domain.known import KnownValue


class EngineKind(StrEnum):
    KUBERNETES = "kubernetes"
    LOCAL = "local"


class DeployOn(StrEnum):
    """What makes a staging: somebody in chat, always; and a branch that is pushed, a pull request that is opened, or
    one that has the label."""

    CHAT = "chat"
    PUSH = "push"
    PULL_REQUEST = "pull_request"
    LABEL = "label"


class ProbeFrom(StrEnum):
    """Where the URL probe dials from; OFF: the card says "not probed"."""

    BOT = "bot"
    CLUSTER = "cluster"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class UrlProbe:
    """How the bot finds out that a URL is true.

    `address` (host:port) is dialled instead of the URL's own, with its Host header kept.
    `accept`: status codes that count as an answer besides 2xx, 3xx, 401 and 403.
    `seconds`: the time limit of one request.
    """

    path: str = "/"
    address: str | None = None
    origin: ProbeFrom = ProbeFrom.BOT
    accept: tuple[int, ...] = ()
    seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Roles:
    """Who may do what: "everyone", Slack user ids or names (`@bob`), user groups (`@platform`)."""

    deploy: tuple[str, ...] = ("everyone",)
    admin: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifests:
    """Plain manifests: a folder of the branch's own tree."""

    folder: PurePosixPath


@dataclass(frozen=True, slots=True)
class Template:
    """Plain manifests that the branch does not have: a folder of this machine, known to projects by its name."""

    name: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Helm:
    """A chart. `chart`: a folder of the branch, `oci://…`, or the name of one in `repository` (its URL).

    `version`: of a chart that is not the branch's. `files`: values files of the branch, the later ones win.
    """

    chart: str
    repository: str | None = None
    version: str | None = None
    files: tuple[PurePosixPath, ...] = ()


Source = Manifests | Template | Helm


@dataclass(frozen=True, slots=True)
class Key:
    """What people are told of one key of `env`. `choices`: the only values that it takes, if there are any.

    `secret`: its value is never shown, and is kept encrypted.
    """

    description: str = ""
    choices: tuple[str, ...] = ()
    secret: bool = False


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where a secret value is: under a key of a Secret in the bot's own namespace, or, without a `secret`, in the
    environment variable `key` of the bot."""

    key: str
    secret: str = ""

    def __str__(self) -> str:
        return f"{self.secret}/{self.key}" if self.secret else f"env:{self.key}"


@dataclass(frozen=True, slots=True)
class Profile:
    """A named set of configuration. `allowed`: who may use it, as in `Roles`. `description`: what people are told."""

    name: str
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretPlace] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    allowed: tuple[str, ...] = ("everyone",)
    description: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many stagings there may be at once, of the project and of one person. None: any number."""

    stagings: int | None = None
    per_person: int | None = None


@dataclass(frozen=True, slots=True)
class Fence:
    """What one staging may use of a cluster, as Kubernetes writes it: twice what it needs, as a rollout has old and new
    pods.

    `quota`: of its ResourceQuota. `requests`, `limits`: of containers that say nothing themselves. `pod_security`: the
    level that is enforced. `egress`: whether its pods may reach what is outside of it.
    """

    quota: Mapping[str, str] = field(
        default_factory=lambda: {
            "pods": "40",
            "requests.cpu": "8",
            "requests.memory": "16Gi",
            "limits.memory": "32Gi",
            "persistentvolumeclaims": "10",
            "requests.storage": "50Gi",
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
    )
    requests: Mapping[str, str] = field(default_factory=lambda: {"cpu": "50m", "memory": "128Mi"})
    limits: Mapping[str, str] = field(default_factory=lambda: {"memory": "512Mi"})
    pod_security: str = "baseline"
    egress: bool = True


class Updates(StrEnum):
    """Whether pushes update stagings. PAUSED: not now; what was pushed meanwhile follows afterwards."""

    ON = "true"
    OFF = "false"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class Follow:
    """How stagings follow their branches.

    `updates`: whether pushes update them. `branches`: globs of the branches that this is so for. `baseline`: that one
    always has a staging. `gone_after`: how long a staging outlives its branch; None: as long as it would anyway.
    """

    updates: Updates = Updates.ON
    branches: tuple[str, ...] = ("*",)
    baseline: bool = True
    gone_after: timedelta | None = timedelta(hours=1)


class HostKind(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"


class Part(StrEnum):
    """What a git host can be told of a staging: a comment on its pull request, a status of its commit, a deployment."""

    COMMENT = "comment"
    STATUS = "status"
    DEPLOYMENT = "deployment"


@dataclass(frozen=True, slots=True)
class GithubApp:
    """`id`: its App ID or client ID. `key`: the *name* of an environment variable with its private key (PEM)."""

    id: str
    key: str


@dataclass(frozen=True, slots=True)
class GitHost:
    """The API of the host of a repository.

    `api`: its address, without a slash at the end. `repository`: as the host calls it, "acme/shop". One of `token`,
    the *name* of an environment variable, and `app` is there. `report`: what is told there by itself.
    """

    kind: HostKind
    api: str
    repository: str
    token: str | None = None
    app: GithubApp | None = None
    report: tuple[Part, ...] = tuple(Part)


class Witnesses(StrEnum):
    """Whether a breakage may have throw-away stagings made that tell more of it. AUTO: by itself; ASK: when somebody
    presses the button."""

    AUTO = "auto"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Project:
    """One entry of `projects:` in octopod.yaml, defaults filled in.

    `repo`: what git clones: https://, ssh, or a path. `credentials`: the *name* of an environment variable.
    `image`: may contain `${commit}` and friends; None when manifests name their images themselves.
    `image_wait`: how long a release waits for it when no registry has it yet; `ci`: what makes
    it, as CI names that. `undo`: how long a delete with data can
    be taken back; zero: not at all.
    `source`: where its objects come from. `hosts`: pattern per name, may end in ":port".
    `env`: the application's configuration by default, `secrets`: what of it is secret and where its values are, `keys`:
    what is known of single keys; `values`: the deployment's, nested; `profiles` by name, in the file's order.
    `copy_secrets`: names of Secrets that every staging gets a copy of, from the bot's own namespace (Kubernetes).
    `kinds`: further kinds of objects that its branches may have, as apiVersion and kind (Kubernetes).
    `fence`: what each of its stagings may use (Kubernetes).
    `follow`: what pushes, merges and deletes of branches do. `deploy_on`: what makes a staging. `label`: that of
    pull requests which make one.
    `host`: what is asked and told by the API of the repository's host; None: nothing.
    `hours`: outside of these, stagings sleep; None: they never do by themselves.
    `ttl`: how long a staging lives after its last deploy or extension; None: it never expires.
    `health_checks`: what is asked of live stagings; `witnesses`: whether throw-away stagings are made to find who broke
    one. `good_after`: how long a release must be live and well to be one that a rollback returns to. `people`: Slack
    users (ids or @handles) of authors, by the e-mail address in their commits, where that is another than in Slack.
    `known`: what its chart or template has by way of values, as far as was seen.
    """

    name: str
    repo: str
    source: Source
    channel: str
    alerts: str
    credentials: str | None = None
    baseline: str = "main"
    image: str | None = None
    image_wait: timedelta = timedelta(minutes=30)
    ci: str | None = None
    undo: timedelta = timedelta(minutes=15)
    hosts: Mapping[str, str] = field(default_factory=dict)
    scheme: str = "https"
    ttl: timedelta | None = timedelta(days=3)
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretPlace] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    roles: Roles = field(default_factory=Roles)
    url_probe: UrlProbe = field(default_factory=UrlProbe)
    copy_secrets: tuple[str, ...] = ()
    fence: Fence = field(default_factory=Fence)
    follow: Follow = field(default_factory=Follow)
    hours: Hours | None = None
    deploy_on: DeployOn = DeployOn.CHAT
    label: str = "staging"
    kinds: tuple[tuple[str, str], ...] = ()
    host: GitHost | None = None
    health_checks: tuple[HealthCheck, ...] = ()
    witnesses: Witnesses = Witnesses.ASK
    good_after: timedelta = timedelta(minutes=1)
    people: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, KnownValue] = field(default_factory=dict, compare=False, repr=False)

    @property
    def lent(self) -> tuple[str, ...]:
        """The names of the environment variables with its credentials."""
        token = self.host.token if self.host else None
        key = self.host.app.key if self.host and self.host.app else None
        return tuple(name for name in (self.credentials, token, key) if name)

    @property
    def reports(self) -> bool:
        """Whether its git host is told of its stagings."""
        return self.host is not None and bool(self.host.report)
