"""What a deploy or a change of the configuration makes of a staging: its overrides, and what is in force by them.

Every way in comes through here (typed, button, dialog), so here is also looked at who may.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from secrets import token_hex

from bot.domain import events, forks, naming
from bot.domain.changes import Change, changed
from bot.domain.configuration import Overrides, Secret, summary
from bot.domain.errors import UserError
from bot.domain.model import Release, Staging, WitnessOf
from bot.domain.policy import Person, require_deploy, require_profiles
from bot.domain.project import Project
from bot.domain.pulls import from_fork, number_of
from bot.ports import Commit, Head


@dataclass(frozen=True, slots=True)
class Wished:
    """Who wants which commit of a branch on a staging, with which changes of its configuration.

    `secrets`: those of the staging's newest release that have new values at their places. `word`: the commit of a fork
    for which they answer. `owner`: whose a new staging is, if not the actor's.
    """

    actor: str
    at: datetime
    head: Head
    commit: Commit
    change: Change
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    word: str = ""
    owner: str = ""


def new_id() -> str:
    """Of a staging or a release."""
    return token_hex(6)


class Configuring:
    """`port`: what URLs carry when a host names none. `person`: who a Slack user is, as far as is known. `sandboxed`:
    what runs can't reach what the bot itself has. `new_id` names stagings and releases."""

    def __init__(
        self,
        port: int | None,
        person: Callable[[str], Person],
        sandboxed: bool = True,
        new_id: Callable[[], str] = new_id,
    ) -> None:
        self._port, self._person, self.sandboxed, self._new_id = port, person, sandboxed, new_id

    def require(
        self, person: Person, project: Project, staging: Staging | None, change: Change, branch: str = ""
    ) -> Overrides:
        """What the staging's overrides become. Raises UserError for who may not, and for every mistake at once.

        A staging that runs with a profile, or shall, is changed only by those who may use it: whoever decides what
        runs there decides what its secrets are used for.
        """
        require_deploy(person, project)
        before = staging.attempt.overrides if staging else Overrides()
        after = changed(before, change, project)
        require_profiles(person, project, [*before.profiles, *after.profiles])
        forks.require_harmless(project, staging.branch if staging else branch, after)
        return after

    @staticmethod
    def require_present(staging: Staging) -> None:
        if staging.deleted_at:
            raise UserError(f"{staging.name} is deleted already. `/octopod deploy {staging.branch}` makes a new one.")

    def deploy(self, project: Project, existing: Staging | None, name: str, wished: Wished) -> events.Deploy:
        """Raises UserError, as `require` does: what was right when it was asked for may not be so any more."""
        person, branch = self._person(wished.actor), wished.head.branch
        self._require_sandbox(branch)
        what = f"{wished.commit.id[:7]} “{wished.commit.subject}” ({wished.commit.author})"
        forks.require_answered(person, project, existing, branch, wished.commit.id, wished.word, what)
        overrides = self.require(person, project, existing, wished.change, branch)
        return self._event(project, existing, name, wished, overrides)

    def followed(
        self, project: Project, existing: Staging | None, name: str, wished: Wished, push: events.Push | None
    ) -> events.Deploy:
        """What the branch became, with the configuration that is there: nobody asks for it, so nobody needs a right."""
        assert not from_fork(wished.head.branch), "what a fork brings is never deployed by itself"
        overrides = existing.attempt.overrides if existing else Overrides()
        return replace(self._event(project, existing, name, wished, overrides), push=push)

    def configured(self, project: Project, staging: Staging, actor: str, at: datetime, change: Change) -> events.Deploy:
        """The commit that is there already, with this change. Raises UserError."""
        self.require_present(staging)
        last = staging.attempt
        commit = Commit(last.commit, last.subject, last.author, "", last.requested_at)
        wished = Wished(actor, at, Head(last.branch, last.commit), commit, change)
        return replace(self.deploy(project, staging, staging.name, wished), head="")

    def witness(
        self, project: Project, ill: Staging, release: Release, of: WitnessOf, commit: str, actor: str, at: datetime
    ) -> events.Deploy:
        """A throw-away staging of this commit, with the configuration that `ill` has by its `release`, to the letter. A
        fork's gets no secrets. The commit runs there already, or is the baseline's, so nobody has to answer for it.
        Raises UserError."""
        self._require_sandbox(ill.branch)
        id = self._new_id()
        name = naming.witness_name(id)
        return events.Deploy(
            actor=actor,
            staging=id,
            release=self._new_id(),
            project=project.name,
            name=name,
            branch=release.branch,
            commit=commit,
            subject=f"the {of} of {ill.name}",
            author="",
            requested_at=at,
            urls=_urls(project, naming.hosts(project.hosts, name, self._port)),
            env=release.env,
            values=release.values,
            secrets={} if from_fork(ill.branch) else release.secrets,
            overrides=release.overrides,
            witness_for=ill.id,
            witness_of=of,
        )

    def _require_sandbox(self, branch: str) -> None:
        if from_fork(branch) and not self.sandboxed:
            raise UserError(
                f"Pull request #{number_of(branch)} comes from a fork. The local engine runs the code of branches as "
                "processes of the bot's own machine, where they could read its secrets; so nothing of a fork is run. "
                "Push the commit to a branch of the repository itself, once it was reviewed, and deploy that."
            )

    def _event(
        self, project: Project, existing: Staging | None, name: str, wished: Wished, overrides: Overrides
    ) -> events.Deploy:
        hosts = naming.hosts(project.hosts, name, self._port)
        in_force = forks.in_force(project, wished.head.branch, overrides)
        return events.Deploy(
            actor=wished.actor,
            staging=existing.id if existing else self._new_id(),
            release=self._new_id(),
            project=project.name,
            name=name,
            branch=wished.head.branch,
            commit=wished.head.commit,
            subject=wished.commit.subject,
            author=wished.commit.author,
            requested_at=wished.at,
            urls=_urls(project, hosts),
            env=in_force.env,
            values=in_force.values,
            secrets={key: _newest(secret, wished.secrets.get(key)) for key, secret in in_force.secrets.items()},
            overrides=overrides,
            changed=in_words(wished.change),
            head=wished.head.tip or wished.head.commit,
            owner=wished.owner,
        )


def _newest(secret: Secret, seen: Secret | None) -> Secret:
    """With the mark of its new value, if it is at the same place still."""
    return seen if seen is not None and seen == secret else secret


def _urls(project: Project, hosts: Mapping[str, str]) -> dict[str, str]:
    return {key: naming.url(project.scheme, host) for key, host in hosts.items()}


def in_words(change: Change) -> str:
    """For the journal, short: `RETRIES=5, without web.replicas`."""
    given = Overrides(change.profiles, dict(change.env), dict(change.values), change.secrets)
    taken = [*change.drop_profiles, *change.unset_env, *change.unset]
    said = ", ".join([*summary(given), *(f"without {one}" for one in taken)])
    return said if len(said) <= 300 else f"{said[:299]}…"
