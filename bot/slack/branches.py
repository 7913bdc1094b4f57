"""What is said of branches that move, end and come back, and of stagings that are frozen or kept. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.domain.events import NoticeKind
from bot.domain.model import Ending, Phase, Pull, Staging
from bot.domain.pulls import from_fork
from bot.slack.blocks import Block, actions, button, code, context, cut, date, escape, link, listed, mention, section
from bot.slack.rest import Said, data_of

DEPLOY_FORK = "Deploy the fork"


def addressed(user: str) -> str:
    """The mention that begins a message, of a person; a push and the clock are nobody to call."""
    said = mention(user)
    return f"{said} " if said.startswith("<@") else ""


def notice(kind: NoticeKind, facts: Mapping[str, Any], staging: Staging) -> Said:
    match kind:
        case NoticeKind.UPDATING:
            return _updating(facts)
        case NoticeKind.WITHHELD:
            return _withheld(facts, staging)
        case NoticeKind.BRANCH_ENDED:
            return _ended(facts, staging)
        case _:
            return _back(facts, staging)


def _updating(facts: Mapping[str, Any]) -> Said:
    subject = f": “{escape(cut(facts['subject'], 80))}”" if facts["subject"] else ""
    said = f"{_pushed(facts)}{subject} {code(facts['commit'][:7])} · updating, release {facts['number']}"
    return said, [section(said)]


def _withheld(facts: Mapping[str, Any], staging: Staging) -> Said:
    said = f"{_pushed(facts)}, up to {code(facts['commit'][:7])}: not deployed by itself, as {escape(facts['why'])}"
    name, typed = "Update", f"deploy as {staging.name} --project {staging.project}"
    if from_fork(staging.branch):
        name, typed = DEPLOY_FORK, f"{typed} --fork {facts['commit']}"
    return said, [section(said), actions(button(name, "choose", typed))]


def _pushed(facts: Mapping[str, Any]) -> str:
    by = f" by {escape(cut(listed(facts['authors']), 200))}" if facts["authors"] else ""
    if facts["rewritten"]:
        return f"The branch was rewritten{by}"
    count = facts["commits"]
    if not count:
        return "The branch was moved"
    return f"*{count} new commit{'s' if count != 1 else ''}*{by}"


def _ended(facts: Mapping[str, Any], staging: Staging) -> Said:
    what = _end(Ending(facts["how"]), facts["by"], staging, named=True)
    head = f"{addressed(facts['owner'])}{what[0].upper()}{what[1:]}"
    if facts["goes_at"] is None:
        said = f"{head}; this staging stays. {code(f'/octopod delete {staging.name}')} removes it."
        return said, [section(said)]
    data = f" {data_of(facts['claims'])} goes with it." if facts["claims"] else ""
    said = f"{head}; this staging goes {date(datetime.fromisoformat(facts['goes_at']))}.{data}"
    return said, [section(f"{said} {code(f'/octopod keep {staging.name}')} keeps it for good.")]


def _back(facts: Mapping[str, Any], staging: Staging) -> Said:
    until = f"until {date(datetime.fromisoformat(facts['expires_at']))}" if facts["expires_at"] else "for good"
    said = f"Its {_what_is_back(facts.get('was'), staging)} again; this staging stays {until}."
    return said, [section(said)]


def _what_is_back(was: str | None, staging: Staging) -> str:
    match was:
        case Ending.CLOSED:
            return f"{pull_link(staging)} is open"
        case Ending.UNLABELLED:
            return f"{pull_link(staging)} has the label"
        case _:
            return f"branch {code(cut(staging.branch, 200))} is there"


def outage(kind: NoticeKind, facts: Mapping[str, Any]) -> str:
    """Told where breakages are: what can't be followed stays as it is."""
    project, since = escape(facts["project"]), date(datetime.fromisoformat(facts["since"]))
    if kind is NoticeKind.OUTAGE_OVER:
        return f"🟢 The repository of {project} can be looked at again. What was pushed meanwhile follows by itself."
    return (
        f"🟠 The repository of {project} could not be looked at since {since}: {escape(cut(facts['reason'], 500))}\n"
        "Pushes update nothing until it can be; nothing is removed. It is tried again by itself."
    )


def standing(staging: Staging) -> list[Block]:
    """What a card says of all that."""
    if staging.phase in (Phase.DELETED, Phase.DELETING):
        return []
    parts = [_fate(staging, staging.branch_ended)] if staging.branch_ended else []
    if from_fork(staging.branch):
        parts.append("🍴 from a fork: it has no secrets, and somebody answers for each commit")
    if staging.frozen:
        parts.append("❄️ frozen: pushes do not update it")
    if staging.behind:
        parts.append(f"its branch has newer commits, up to {code(staging.head[:7])}")
    return [context(" · ".join(parts))] if parts else []


def _fate(staging: Staging, how: Ending) -> str:
    goes = "" if staging.kept or not staging.expires_at else f", so it goes {date(staging.expires_at)}"
    return f"🍂 {_end(how, staging.branch_ended_by, staging)}{goes}"


def _end(how: Ending, by: str, staging: Staging, named: bool = False) -> str:
    """How its branch or pull request ended, as part of a sentence. `named`: the branch is."""
    said = f" by {escape(cut(by, 100))}" if by else ""
    if how is Ending.UNLABELLED:
        return f"the label of its {pull_link(staging)} was taken off{said}"
    if how.of_pull or from_fork(staging.branch):
        return f"its {pull_link(staging)} was {how}{said}"
    return f"its branch{f' {code(cut(staging.branch, 200))}' if named else ''} was {how}{said}"


def pull_link(staging: Staging) -> str:
    """Its pull request, with a link if that is known."""
    kind = "merge request" if staging.pull and staging.pull.label.startswith("!") else "pull request"
    if staging.pull is None:
        return kind
    return f"{kind} {link(staging.pull.url, staging.pull.label) if staging.pull.url else staging.pull.label}"


def of_what(staging: Staging) -> str:
    """What it is of, in one line: its branch and its pull request; of a fork only the latter."""
    own = "" if from_fork(staging.branch) else code(staging.attempt.branch)
    pull = staging.pull
    shown = (link(pull.url, pull.label) if pull.url else pull.label) if pull else ""
    return " ".join(filter(None, [own, shown])) or code(staging.attempt.branch)


def source(staging: Staging) -> list[str]:
    """What it is of, for a card: its branch, its pull request; of a fork only the latter."""
    branch = [] if from_fork(staging.branch) else [f"*Branch*\n{code(staging.attempt.branch)}"]
    return [*branch, *([_pull_field(staging.pull)] if staging.pull else [])]


def _pull_field(pull: Pull) -> str:
    kind = "Merge request" if pull.label.startswith("!") else "Pull request"
    said = f"{pull.label} {cut(pull.title, 150)}".strip()
    by = f" · {escape(cut(pull.author, 80))}" if pull.author else ""
    return f"*{kind}*\n{link(pull.url, said) if pull.url else escape(said)}{by}"
