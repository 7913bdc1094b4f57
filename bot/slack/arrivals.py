"""What is said in a project's channel: of stagings that do not come by themselves, and that run for nobody. Pure."""

from collections.abc import Mapping
from typing import Any

from bot.domain.events import NoticeKind
from bot.slack import idle
from bot.slack.blocks import actions, button, code, cut, escape, link, section
from bot.slack.branches import DEPLOY_FORK, addressed
from bot.slack.messages import Text, text_of


def notice(kind: NoticeKind, facts: Mapping[str, Any]) -> Text:
    match kind:
        case NoticeKind.FORK:
            return _fork(facts)
        case NoticeKind.IDLE:
            said, shown = idle.listing(facts)
            return text_of(said, *shown)
        case _:
            return _not_made(facts)


def _fork(facts: Mapping[str, Any]) -> Text:
    """Each time that it was pushed to, as a word is for one commit."""
    subject, by = escape(cut(facts["subject"], 80)), escape(cut(facts["by"], 80))
    said = (
        f"🍴 {_pull(facts['pull'])} comes from a fork, so it gets no staging by itself. Its newest commit is "
        f"{code(facts['commit'][:7])} “{subject}” by {by}. Look at it before it runs: it runs as any staging does, but "
        "gets no secrets, and the word is for this commit only."
    )
    typed = f"deploy #{facts['pull']['number']} --fork {facts['commit']} --project {facts['project']}"
    return text_of(said, section(said), actions(button(DEPLOY_FORK, "choose", typed)))


def _not_made(facts: Mapping[str, Any]) -> Text:
    branch = code(cut(facts["branch"], 200))
    what = f"{_pull(facts['pull'])} (branch {branch})" if facts["pull"] else f"Branch {branch}"
    typed = code(f"/octopod deploy {cut(facts['branch'], 200)}")
    said = (
        f"{addressed(facts['owner'])}{what} got no staging: {escape(cut(facts['why'], 1000))}\nIts next push tries it "
        f"again, and says no more if there still is no room. {typed} does it at once."
    )
    return text_of(said, section(said))


def _pull(pull: Mapping[str, Any]) -> str:
    said = f"{pull['label']} {cut(pull['title'], 150)}".strip()
    by = f" by {escape(cut(pull['author'], 80))}" if pull["author"] else ""
    return f"{link(pull['url'], said) if pull['url'] else escape(said)}{by}"
