"""Health checks: what a project asks of its live stagings, what was answered, and what is concluded from that.

A readiness probe belongs to manifests and gates a rollout. A health check belongs to octopod.yaml, runs after a release
is live, and gates nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Session:
    """What has to be sent before a check, so that it is asked as somebody who is signed in: a form, by POST.

    `form`: its fields; values may hold `${secret.KEY}`. The cookies of the answer go with the check.
    """

    path: str
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One entry of `health_checks:`.

    Over HTTP unless `tcp` is said (`HOST:PORT`, may hold `${staging}`, `${namespace}`, `${host.NAME}`). `host`: the
    name of the one of the project's hosts that is asked; empty: the first. `headers`: values may hold `${secret.KEY}`.
    `status`: the codes that pass; empty: any 2xx. `contains`: text that the body has to hold. `json`: by dotted path,
    the text of what has to stand there in a JSON body. `redirect`: where the answer has to lead (a path or URL; None:
    redirects are not followed, and pass only by `status`). `seconds`: the time limit of one try.
    `address` (host:port) is dialled instead of the URL's own; `inside`: it is asked from inside the cluster; both as
    the project's `url_probe` says.
    """

    name: str
    path: str = "/"
    method: str = "GET"
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: tuple[int, ...] = ()
    contains: str = ""
    json: Mapping[str, str] = field(default_factory=dict)
    redirect: str | None = None
    seconds: float = 5.0
    tcp: str = ""
    session: Session | None = None
    address: str | None = None
    inside: bool = False

    @property
    def mark(self) -> str:
        """Another one for whatever asks otherwise: what was answered to that is no record of this."""
        return sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One try of a check. `text`: what came back, in words that follow the check's name ("`/login` answers 500").

    `answered`: something came back at all. `unknown`: the check could not be made (a secret is missing), which says
    nothing about the staging.
    """

    check: str
    ok: bool
    text: str
    at: datetime
    answered: bool = True
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Stand:
    """How a check stands with one release: what is decided, after `2 of 3`.

    `since`: of the first result that says so. `text`, `answered`: as of the newest result.
    """

    check: str
    ok: bool
    text: str
    since: datetime
    answered: bool = True


@dataclass(frozen=True, slots=True)
class Stood:
    """How a check stood with a release of a staging from `since` to `seen_at`."""

    staging: str
    release: str
    number: int
    commit: str
    check: str
    ok: bool
    text: str
    since: datetime
    seen_at: datetime
