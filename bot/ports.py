"""What the worker needs from the outside world: small Protocols, one per kind of neighbour.

Adapters implement them; `app` joins the two. All errors are those of `domain.errors`.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from bot.domain.checks import CheckResult, HealthCheck
from bot.domain.events import NoticeKind, Where
from bot.domain.evidence import Range
from bot.domain.hearsay import CiRun
from bot.domain.known import KnownValue
from bot.domain.model import Release, Staging
from bot.domain.project import Project, SecretPlace, Source, UrlProbe
from bot.domain.reporting import Deployment, Status
from bot.domain.status import StagingStatus, Synced


@dataclass(frozen=True, slots=True)
class Head:
    """A branch and a commit of it (40 hex digits). `tip`: where the branch is, if that is another commit."""

    branch: str
    commit: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """What git knows about a commit. `at` is its commit date, UTC."""

    id: str
    subject: str
    author: str
    email: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """What lies between two heads of a branch.

    `commits`: those that are new, the newest first, at most 50; what a merge brought counts as the merge. `count`: how
    many there are. `lost`: how many of before are not in it any more, as history was rewritten; None: it was, and what
    was before is kept nowhere, so that nothing can be said of `commits` either.
    """

    commits: Sequence[Commit]
    count: int
    lost: int | None

    @property
    def rewritten(self) -> bool:
        return self.lost != 0


@dataclass(frozen=True, slots=True)
class Lineage:
    """`base`: the merge base (the newest commit that both have), empty if there is none. `behind`: how many commits the
    baseline has that the commit has not; `ahead`: the reverse."""

    base: str
    behind: int
    ahead: int


class Git(Protocol):
    """One bare cache per project. Raises UserError (no such branch or commit), TemporaryError (host unreachable, time
    limit), PermanentError (refused credentials, no such repository)."""

    async def resolve(self, project: Project, name: str) -> Head:
        """The head of the branch that `name` means (exact, else unique by case, part or commit id), freshly fetched.

        Raises UserError with `suggestions` when nothing or more than one thing matches.
        """
        ...

    async def heads(self, project: Project) -> Sequence[Head]:
        """All branches as their host lists them now, in no order; nothing is fetched.

        The list can be relied on to be whole: one that is cut, garbled, empty or without the baseline is an error.
        """
        ...

    async def refs(self, project: Project, names: Sequence[str]) -> Mapping[str, str]:
        """The commits of those of these refs (`refs/pull/123/head`) that their host shows now; nothing is fetched."""
        ...

    async def commit(self, project: Project, commit: str) -> Commit:
        """Fetched, if it is not here, also one that no branch holds."""
        ...

    async def between(self, project: Project, old: str, new: str) -> Span:
        """What happened to a branch that was at `old` and is at `new`. Fetched only if `new` is not here."""
        ...

    async def merged(self, project: Project, commit: str, into: str) -> bool:
        """Whether the commit `into` holds this commit. So it does for a branch on which nothing was done yet, and does
        not for one that was squashed or rebased when it was merged."""
        ...

    async def export(self, project: Project, commit: str, folder: Path) -> None:
        """Write the commit's files into `folder` (made if missing; emptied first). No `.git` in it."""
        ...


class History(Protocol):
    """What the cache of a project knows of how commits stand to each other. Raises as Git does."""

    async def lineage(self, project: Project, commit: str) -> Lineage:
        """How a commit stands to the baseline, as that was fetched last. Fetched only if the commit is not here."""
        ...

    async def range(self, project: Project, old: str, new: str, without: Sequence[str] = ()) -> Range:
        """The commits that `new` has, and neither `old` nor any of `without`: all of them, also those that merges
        brought. Authors have no Slack ids. Fetched only if one is not here."""
        ...


class Repositories(Git, History, Protocol):
    """All that git is asked."""


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What rendering must know about the engine.

    `kinds`: the (apiVersion, kind) pairs that it applies. `port`: what its URLs carry when a host names none.
    `sandboxed`: what runs there can't reach what the bot itself has.
    """

    name: str
    kinds: frozenset[tuple[str, str]]
    port: int | None = None
    sandboxed: bool = True


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """A release as the engine is asked to run it.

    `staging` and `release` are opaque ids (the newest order wins), `name` is the staging's DNS label.
    `objects` are rendered and complete. `tree` holds the commit's files; the engine may move it away. `image`: the
    project's own, if it has one; it may be on its way still. `baseline`: id of the staging whose data this one may
    begin with, if there is such a one. `fork`: nobody who may push has written it, so it gets no copies of Secrets.
    """

    staging: str
    name: str
    project: str
    release: str
    commit: str
    objects: Sequence[Mapping[str, Any]]
    tree: Path
    image: str = ""
    baseline: str = ""
    fork: bool = False


@dataclass(frozen=True, slots=True)
class RenderFacts:
    """What `${…}` can mean in a staging's manifests, and what its objects are labelled with.

    `staging` and `release` are ids, `name` the staging's DNS label. `hosts`: name to host, with ":port" where URLs
    carry one. `env`: the effective configuration of the application; its values may hold references themselves.
    `secrets`: what of that is secret, taken as it is; `secrets_mark`: a keyed hash of all of it. `values`: the
    deployment's configuration, nested; its texts may hold references, too. `source`: where the objects come from.
    `image`: resolved, or None when manifests name their images themselves. `seed`: what `${generated.NAME}` is made of,
    a secret that stays as long as the staging.
    `baseline`: the project's baseline branch; empty in the baseline's own staging.
    `kinds`: (apiVersion, kind) pairs that the project allows besides those that the engine applies anyway. `first`:
    no other release of the staging was live before.
    """

    staging: str
    release: str
    name: str
    project: str
    branch: str
    commit: str
    namespace: str
    source: Source
    hosts: Mapping[str, str]
    scheme: str
    image: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets_mark: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    baseline: str = ""
    kinds: frozenset[tuple[str, str]] = frozenset()
    seed: str = field(default="", repr=False)
    first: bool = True


class Renderer(Protocol):
    async def render(self, tree: Path, facts: RenderFacts, engine: EngineFacts) -> list[dict[str, Any]]:
        """The staging's objects, complete and labelled.

        Raises PermanentError whose details are all mistakes at once, as file:line:column: text; TemporaryError when
        what they are made of can't be reached.
        """
        ...

    def image(self, facts: RenderFacts) -> str | None:
        """The project's own image, filled in. None: it has none, or `render` will say what is wrong with it."""
        ...

    async def known(self, tree: Path, facts: RenderFacts) -> Mapping[str, KnownValue]:
        """By dotted key, what values the objects are made with, as far as that can be seen from what `render` has just
        used. Nobody is asked for it."""
        ...


class Secrets(Protocol):
    """Where the values of secrets are that octopod.yaml only refers to."""

    async def read(self, place: SecretPlace) -> str:
        """Raises PermanentError that says where it was looked for in vain, and TemporaryError."""
        ...


class Images(Protocol):
    """The registries that images come from."""

    async def has(self, image: str, project: str) -> bool:
        """Whether its registry has it, asked with what this project's stagings pull by.

        Raises TemporaryError when the registry does not tell (unreachable, refuses, overloaded), and PermanentError
        for what can be no image's name.
        """
        ...


class Engine(Protocol):
    """Where stagings run. Methods are idempotent and short, and return when accepted; `watch` tells the rest.

    Raises TemporaryError (try again) and PermanentError (this release can never run here; nothing was changed).
    """

    @property
    def facts(self) -> EngineFacts: ...

    async def apply(self, order: ReleaseOrder) -> None:
        """Make the staging run this release. The one that serves goes on serving until all of the new one is ready.

        Where something has to come first (a hook), only that may have been begun: a status with `ask_again` then asks
        for the same order once more.
        """
        ...

    async def sleep(self, staging: str) -> bool:
        """Free all compute of the staging, and keep its data: claims, configuration, Secrets. `apply` wakes it.

        Whether nothing of it runs any more; if not yet, `watch` yields a status with `asleep` when that is so.
        """
        ...

    async def wipe(self, staging: str) -> None:
        """Put it to sleep, wipe its data and forget which hooks have run. Raises TemporaryError while any is left."""
        ...

    async def remove(self, staging: str) -> None:
        """End the staging and wipe its data. When nothing is left, `watch` yields a status with `present=False`."""
        ...

    def watch(self) -> AsyncIterator[StagingStatus | Synced]:
        """First every staging the engine holds, then Synced, then each change as a whole snapshot.

        Ends only by cancellation; after an interruption it lists again and ends the listing with another Synced.
        """
        ...

    async def logs(self, staging: str, workload: str | None = None, lines: int = 50) -> Mapping[str, Sequence[str]]:
        """The last lines per workload. Raises UserError for an unknown workload, naming those there are."""
        ...


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What a health check may refer to: the staging's URLs by name, its DNS label and namespace, and the opened values
    of its secrets by key."""

    urls: Mapping[str, str]
    name: str
    namespace: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


class Checker(Protocol):
    async def check(self, check: HealthCheck, facts: CheckFacts) -> CheckResult:
        """One try. Never raises for what the other side does. No value of `secrets` is in what it returns."""
        ...


PROBE_AGENT = "octopod-url-probe"
"""What the URL probe and health checks call themselves, so that they are told from visits."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer from inside the cluster. `location`: where it leads, as it says that. `body`: its first bytes; `whole`:
    there are no more; `charset`: of its text."""

    status: int
    location: str = ""
    body: bytes = b""
    whole: bool = True
    charset: str = "utf-8"


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """Whether a URL answers as a staging should. `text`: what came back, in words. `final`: asking again won't help."""

    ok: bool
    text: str
    final: bool = False


class Prober(Protocol):
    async def probe(self, url: str, how: UrlProbe, namespace: str) -> ProbeResult:
        """One request. Never raises for what the other side does. `namespace`: the staging's own."""
        ...


@dataclass(frozen=True, slots=True)
class Posted:
    """Where a message is: Slack's channel id and the message's `ts`."""

    channel: str
    ts: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice with what is needed to send it.

    `key` marks the message, so that it can be recognised in its channel since `since`. `card`: of its staging.
    `parent`: the card, or the alert that is edited or answered. `response_url`, `view_id` (an open dialog), `user`,
    `asked_in` (a channel id; empty: in the App Home) and `asked_thread` are of whoever asked privately.
    """

    key: str
    kind: NoticeKind
    where: Where
    facts: Mapping[str, Any]
    since: datetime
    card: Posted | None = None
    parent: Posted | None = None
    response_url: str | None = None
    view_id: str | None = None
    user: str | None = None
    asked_in: str | None = None
    asked_thread: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """A method and channel, with limits of their own. `wait`: seconds until Slack allows another one."""

    name: str
    wait: float


class Chat(Protocol):
    """Slack, as one sender. `unsure`: an earlier try may have succeeded, so it is looked for before it is sent again.

    Raises OutcomeUnknown (time-out, 5xx), TemporaryError (surely not done: rate limit, not in the channel),
    MessageGone, PermanentError (Slack refuses the message itself).
    """

    def slot(self, project: str | None, where: Where | None, posts: bool, key: tuple[Any, ...]) -> Slot:
        """Which of Slack's limits such a message falls under. `where`: of a notice; None: a card or its progress."""
        ...

    def slot_of_homes(self) -> Slot:
        """Which of Slack's limits App Homes fall under."""
        ...

    async def show_home(self, user: str, found: Sequence[tuple[Staging, Posted | None]]) -> None:
        """Publish a person's App Home. `found`: the stagings that are not deleted, and where their cards are."""
        ...

    async def show_card(self, staging: Staging, at: Posted | None, *, unsure: bool) -> Posted:
        """Post the card, or edit it where it is."""
        ...

    async def show_progress(
        self, staging: Staging, release: Release, card: Posted, ts: str | None, *, unsure: bool
    ) -> Posted:
        """Post the release's progress into the card's thread, or edit it."""
        ...

    async def send(self, letter: Letter, staging: Staging | None, *, unsure: bool) -> Posted | None:
        """Send a notice. None when it leaves nothing that could be edited (private answers)."""
        ...


class GitHostApi(Protocol):
    """The API of the host of one repository.

    Raises TemporaryError (unreachable, overloaded, its limits), OutcomeUnknown, and PermanentError when it refuses.
    """

    @property
    def scarce(self) -> bool:
        """Few requests are left of its limits: only what has to be said should be."""
        ...

    async def pull(self, branch: str) -> int | None:
        """The number of the newest open pull request by which this branch of the repository itself shall be merged."""
        ...

    async def comment(self, pull: int, mark: str, body: str, known: str) -> str:
        """Let the one comment with this mark on the pull request say this. Its id.

        `known`: that id; empty: it is looked for, and made if there is none. Raises MessageGone when somebody deleted
        the known one.
        """
        ...

    async def status(self, status: Status) -> bool:
        """Mark a commit. To do it twice does no harm. False: this host has no such mark, and nothing was done."""
        ...

    async def deployment(self, deployment: Deployment, known: str) -> str:
        """Let the one deployment of this release be in this state. Its id, or "" if this host has no such state and
        nothing was done. `known`: as with `comment`. Raises MessageGone, too."""
        ...

    async def runs(self, commit: str) -> Sequence[CiRun]:
        """How CI stands of this commit, as the host would tell of its own accord."""
        ...


class GitHosts(Protocol):
    def of(self, project: Project) -> GitHostApi | None:
        """None: octopod.yaml gives no credentials for the API of its host."""
        ...
