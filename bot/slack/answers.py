"""Every text that is told privately: acks, refusals, lists, help. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.commands import Deploy
from bot.domain.errors import UserError
from bot.domain.grammar import usage
from bot.domain.lookup import Ambiguous
from bot.domain.model import Phase, Release, Staging, WitnessOf
from bot.domain.origins import Line
from bot.domain.pulls import is_named, named
from bot.slack import checks, expiry, rest
from bot.slack.blocks import (
    Block,
    actions,
    button,
    code,
    context,
    cut,
    date,
    escape,
    link,
    mention,
    menu,
    preformatted,
    section,
)
from bot.slack.branches import DEPLOY_FORK, of_what
from bot.slack.configs import described
from bot.slack.messages import EMOJI, Text, card, text_of, what_goes

SHOWN = 40
LONGEST_VALUE = 150
LONGEST_BUTTON = 2000
Choosing = Callable[[Staging], str]


def deploying(command: Deploy, odd: Sequence[tuple[str, str]] = ()) -> Text:
    """`odd`: keys of its configuration, and what is odd about them."""
    notes = [f"⚠️ {code(key)}: {escape(note)}" for key, note in odd]
    what = f"branch {code(command.branch or '')}"
    if command.pull or is_named(command.branch or ""):
        what = f"pull request {escape(str(command.pull or named(command.branch or '')))}"
    return text_of("\n".join([f"On it: looking for {what}…", *notes]))


def muted(staging: Staging, check: str, until: datetime) -> Text:
    return text_of(checks.muted(staging, check, until))


def unmuted(staging: Staging) -> Text:
    return text_of(checks.unmuted(staging))


def fetching() -> Text:
    return text_of("Fetching the last lines…")


def refusal(error: UserError, choose: Choosing | None = None) -> Text:
    """When several stagings fit, they are offered as a menu, if the command can be said again for one of them."""
    if isinstance(error, Ambiguous) and choose:
        options = [(f"{s.name} · {s.branch}", choose(s)) for s in error.candidates]
        fitting = [(text, value) for text, value in options if len(value) <= LONGEST_VALUE]
        if fitting:  # Slack takes no menu without options
            asked = escape(error.text)
            return text_of(asked, section(asked), actions(menu("Choose one", "choose", fitting)))
    return refused(error.text, error.suggestions)


def refused(text: str, suggestions: Sequence[str] = (), details: Sequence[str] = ()) -> Text:
    meant = f"\nDid you mean {' or '.join(map(code, suggestions[:5]))}?" if suggestions else ""
    said = f"{escape(text)}{meant}"
    return text_of(said, section(said), *([preformatted(details)] if details else []))


def needs_word(text: str, command: str) -> Text:
    """`command`: the same with somebody's word; one that is too long for a button has to be typed."""
    said = escape(text)
    fits = len(command) <= LONGEST_BUTTON
    return text_of(said, section(said), *([actions(button(DEPLOY_FORK, "choose", command))] if fits else []))


def bug(error_id: str) -> Text:
    return text_of(
        f"That went wrong inside Octopod, not with you, and changed nothing. Its log says more under {code(error_id)}."
    )


def listing(found: Sequence[tuple[Staging, str | None]], mine: bool) -> Text:
    """`found`: stagings with links to their cards."""
    if not found:
        whose = "You have no staging" if mine else "There is no staging"
        return text_of(f"{whose} yet. {code('/octopod deploy BRANCH')} makes one.")
    head = f"*{len(found)} staging{'s' if len(found) != 1 else ''}*{' of yours' if mine else ''}"
    body: list[Block] = [section(head), *(section(_line(staging, at)) for staging, at in found[:SHOWN])]
    if len(found) > SHOWN:
        body.append(context(f"… {len(found) - SHOWN} more. {code('/octopod list mine')} shows yours only."))
    names = ", ".join(f"{staging.name} ({staging.phase})" for staging, _ in found)
    return text_of(f"{len(found)} stagings: {names}", *body)


def _line(staging: Staging, at: str | None) -> str:
    name = f"*{escape(staging.name)}*"
    url = f" · {link(staging.url, staging.url)}" if staging.url and staging.answers else ""
    expires = f" · expires {date(staging.expires_at)}" if staging.expires_at else ""
    thread = f" · {link(at, 'thread')}" if at else ""
    used = f" · last visit {seen}" if (seen := expiry.last_visit(staging)) else ""
    said = f"{of_what(staging)} {code(staging.attempt.commit[:7])} · {mention(staging.owner)}{expires}{used}{thread}"
    waits = f" for the image {code(cut(staging.attempt.awaits, 300))}" if staging.phase is Phase.WAITING else ""
    slept = f" since {since}" if (since := rest.since(staging)) else ""
    lost = f", its data is lost {date(staging.undo_until)}" if staging.undo_until else ""
    lost += (
        ", and nothing of it is there any more" if staging.phase is Phase.ASLEEP and staging.lost is not None else ""
    )
    return f"{EMOJI[staging.phase]} {name} {staging.phase}{waits}{slept}{lost}{url}\n{said}"


def info(
    staging: Staging,
    engine: str,
    probed: bool,
    at: str | None,
    journal: Sequence[tuple[datetime, str, str, str]],
    configuration: Sequence[Line],
) -> Text:
    """The card, and what happened lately: time, actor, what and why of each journal line, newest first."""
    shown = card(staging, engine, probed)
    lines = [f"{date(when)} {mention(who)}: {escape(what)}{_why(why)}" for when, who, what, why in journal]
    body = [block for block in shown.blocks if block["type"] != "actions"]
    body += checks.standing(staging)
    body.append(context(expiry.use(staging, engine)))
    body += described(configuration)
    body += [section("*Lately*\n" + "\n".join(lines))] if lines else []
    body += [context(link(at, "To its thread"))] if at else []
    return text_of(shown.text, *body)


def _why(why: str) -> str:
    return f" ({escape(cut(why, 120))})" if why else ""


def logs(name: str, found: Mapping[str, Sequence[str]]) -> Text:
    if not any(found.values()):
        return text_of(f"{escape(name)} has written nothing yet.")
    body: list[Block] = []
    for workload, lines in found.items():
        body.append(section(f"*{escape(name)}* · {code(workload)}"))
        body.append(preformatted(lines) if lines else section("It has written nothing yet."))
    return text_of(f"Logs of {escape(name)}", *body)


def extended(staging: Staging) -> Text:
    until = date(staging.expires_at) if staging.expires_at else "for ever"
    return text_of(f"{escape(staging.name)} lives until {until}.")


def frozen(staging: Staging) -> Text:
    name, commit = escape(staging.name), code(staging.attempt.commit[:7])
    if staging.frozen:
        back = code(f"/octopod unfreeze {staging.name}")
        return text_of(f"{name} stays on {commit}: pushes do not update it any more. {back} lets them again.")
    return text_of(
        f"Pushes update {name} again, with the next one. {code(f'/octopod deploy {staging.branch}')} is at once."
    )


def kept(staging: Staging) -> Text:
    name = escape(staging.name)
    if staging.kept:
        back = code(f"/octopod unkeep {staging.name}")
        return text_of(f"{name} is kept: it never expires, whatever becomes of its branch. {back} changes that.")
    until = f"expires {date(staging.expires_at)}" if staging.expires_at else "still never expires, as its project says"
    return text_of(f"{name} is not kept any more, so it {until}.")


def deleting(staging: Staging) -> Text:
    if staging.undo_until:
        return _can_be_undone(staging, staging.undo_until)
    return text_of(f"Deleting {escape(staging.name)}. Its card says when it is gone.")


def _can_be_undone(staging: Staging, until: datetime) -> Text:
    said = (
        f"Deleting {escape(staging.name)}: what runs of it is being ended. {rest.data_of(staging.claims)} is lost "
        f"{date(until)}; until then {code(f'/octopod undo {staging.name}')} brings everything back."
    )
    buttons = rest.buttons(staging)
    return text_of(said, section(said), actions(buttons["undo"], buttons["delete now"]))


def sleeping(staging: Staging) -> Text:
    name = escape(staging.name)
    if staging.lost is not None:
        anew = f"{code(f'/octopod wake {staging.name}')} starts it anew"
        return text_of(f"{name} is asleep already, and nothing of it is there any more. {anew}.")
    if staging.asleep_at:
        return text_of(f"{name} is asleep already. {code(f'/octopod wake {staging.name}')} brings back what ran.")
    return text_of(f"Putting {name} to sleep. Its thread says when nothing of it runs any more; its data is kept.")


def waking(staging: Staging) -> Text:
    release = staging.attempt
    what = f"release {release.number}, {code(release.commit[:7])}, comes back with its data"
    if staging.lost is not None:
        what = f"nothing of it was there any more, so release {release.number} starts anew"
    return text_of(f"Waking {escape(staging.name)}: {what}. Its thread says when it answers.")


def brought_back(staging: Staging) -> Text:
    return text_of(
        f"Bringing {escape(staging.name)} back; nothing of its data is lost. Its thread says when it answers."
    )


def ask_reset(staging: Staging) -> Text:
    """Asked about once; the button confirms."""
    wiped = f"{rest.data_of(staging.claims)} is wiped" if staging.claims else "It has no data of its own to wipe"
    wiped = f"{rest.data_of(staging.lost)} was lost already" if staging.lost else wiped
    said = (
        f"Reset *{escape(staging.name)}*? {wiped}, and release {(staging.live or staging.attempt).number} is started "
        "anew, with its hooks for seeds and migrations. Its URL stays, and no other staging notices."
    )
    sure = button("Reset", "reset", f"{staging.id} {staging.attempt.id}", style="danger")
    hint = context(f"Or type {code(f'/octopod reset {staging.name} --yes')}. To keep its data, do nothing.")
    return text_of(said, section(said), actions(sure), hint)


def resetting(staging: Staging) -> Text:
    return text_of(f"Resetting {escape(staging.name)}. Its thread says when it is wiped and answers again.")


def rolling_back(staging: Staging) -> Text:
    """Which one it is was chosen by the rule; another can be chosen from the menu."""
    release = staging.attempt
    said = (
        f"Rolling {escape(staging.name)} back: release {release.number} has commit {code(release.commit[:7])} and the "
        f"configuration of release {release.copy_of}. Its data stays as it is."
    )
    other = actions(button("Choose…", "releases", staging.id))
    return text_of(said, section(said), other)


def trying(staging: Staging, of: WitnessOf) -> Text:
    """A throw-away staging is on its way."""
    name = escape(staging.name)
    what = "The commit that its branch started from" if of is WitnessOf.MERGE_BASE else "Its own commit"
    return text_of(
        f"{what} is tried with the configuration of {name} and fresh data, on a throw-away staging that goes by "
        f"itself. The alert says what came of it, and so does {code(f'/octopod why {staging.name}')}; that can take "
        "some minutes."
    )


def releases(staging: Staging, live: Sequence[Release]) -> Text:
    options = [(_choice(one), f"rollback {staging.name} {one.number} --project {staging.project}") for one in live]
    fitting = [(text, value) for text, value in options if len(value) <= LONGEST_VALUE]
    if not fitting:
        return text_of(f"None of the releases of {escape(staging.name)} was live yet, so there is none to return to.")
    said, shown = rest.releases(staging, fitting)
    return text_of(said, *shown)


def _choice(release: Release) -> str:
    """Plain text: a menu knows no date tokens."""
    when = f"{release.ended_at:%m-%d %H:%M} UTC" if release.ended_at else ""
    return f"{release.number} · {release.commit[:7]} · {when} · {release.subject}"


def ask_delete(staging: Staging) -> Text:
    """A delete that was typed and would destroy data is asked about once; the button confirms."""
    said = f"Delete *{escape(staging.name)}*? {what_goes(staging.claims)}"
    sure = button("Delete", "delete", f"{staging.id} {staging.attempt.id}", style="danger")
    typed = f"{code(f'/octopod delete {staging.name} --yes')}, or {code('--now')} to lose its data at once"
    hint = context(f"Or type {typed}. To keep it, do nothing.")
    return text_of(said, section(said), actions(sure), hint)


def updating(staging: Staging, new: bool, secrets: Sequence[str], at: str | None) -> Text:
    """`secrets`: keys of those that have new values at their places."""
    verb = "Deploying" if new else "Updating"
    values = "".join(f" The secret {code(key)} has a new value." for key in secrets)
    thread = link(at, "Its thread tells how it goes") if at else "Its thread tells how it goes"
    return text_of(f"{verb} {escape(staging.name)}: release {staging.attempt.number}.{values} {thread}.")


def already(staging: Staging, at: str | None) -> Text:
    release = staging.attempt
    thread = f" {link(at, 'See its thread')}." if at else ""
    what = f"{code(release.commit[:7])}, the newest commit of {code(staging.branch)}"
    if staging.phase is Phase.ROLLING_OUT:
        return text_of(f"{escape(staging.name)} is rolling out {what}, already.{thread}")
    if staging.phase is Phase.WAITING:
        return text_of(f"{escape(staging.name)} waits for the image of {what}, already.{thread}")
    if staging.phase in (Phase.WAKING, Phase.RESETTING):
        return text_of(f"{escape(staging.name)} is {staging.phase} with {what}, already.{thread}")
    where = f" at {escape(staging.url)}" if staging.url else ""
    return text_of(f"{escape(staging.name)} is live with {what}, already{where}. Nothing was changed.{thread}")


def helping(topic: str | None) -> Text:
    """Generated from the grammar, so it cannot drift from what is understood."""
    lines = [
        f"{code(f'/octopod {one.syntax}')}\n{escape(one.meaning)} For example {code(f'/octopod {one.example}')}."
        for one in usage(topic)
    ]
    head = "*Octopod* gives every feature branch its own staging."
    hint = "In a staging's thread, say the same to the bot: `@octopod logs`. There the name may be left out."
    return text_of("What Octopod understands", section(head), *map(section, lines), context(hint))


def answer(facts: Mapping[str, Any], staging: Staging | None, at: str | None) -> Text:
    """A saved private answer."""
    match facts["answer"]:
        case "refusal":
            return refused(facts["text"], facts.get("suggestions", ()), facts.get("details", ()))
        case "fork":
            return needs_word(facts["text"], facts["command"])
        case "logs":
            return logs(facts["name"], facts["logs"])
        case "card" if staging:
            return updating(staging, facts["new"], facts.get("secrets", ()), at)
        case "already" if staging:
            return already(staging, at)
        case _:
            return bug(str(facts.get("id", "unknown")))
