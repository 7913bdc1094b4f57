"""What is said of sleep, wake, reset, rollback and deletes that can be taken back; and the buttons for them. Pure."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.domain.durations import format_duration
from bot.domain.events import NoticeKind
from bot.domain.model import CLOCK, Desired, Phase, Staging
from bot.slack.blocks import (
    Block,
    actions,
    button,
    code,
    confirm,
    cut,
    date,
    escape,
    mention,
    menu,
    preformatted,
    section,
)

LONGEST_LIST = 100
Said = tuple[str, list[Block]]
"""What notifications read, and what is shown."""


def who(actor: str | None) -> str:
    return mention(actor) if actor and actor != CLOCK else "the clock"


def data_of(claims: Sequence[str]) -> str:
    return f"Its data ({', '.join(map(code, claims))})" if claims else "Its data"


_REMOVED = "while it slept, somebody removed it from where it ran, and that was not Octopod"


def lost_data(claims: Sequence[str]) -> str:
    return f"*{data_of(claims)} is lost.*" if claims else "It had no data of its own."


# --- buttons ---------------------------------------------------------------------------------------------------------


def buttons(staging: Staging) -> Mapping[str, Block]:
    """By what `offers` calls them."""
    drawn_for = f"{staging.id} {staging.attempt.id}"
    again = "Try again" if staging.desired is Desired.ASLEEP else "Sleep"
    return {
        "wake": wake_button(staging.id),
        "undo": button("Bring it back", "undo", staging.id, style="primary"),
        "rollback": button("Roll back", "rollback", drawn_for, confirm=_sure_to_roll_back(staging)),
        "sleep": button(again, "sleep", drawn_for),
        "delete now": button("Delete now", "delete_now", drawn_for, style="danger", confirm=_sure_to_delete(staging)),
    }


def wake_button(staging: str) -> Block:
    return button("Wake", "wake", staging, style="primary")


def _sure_to_roll_back(staging: Staging) -> Block:
    said = "Commit and configuration go back to the last release before it that was live; data stays as it is."
    return confirm(f"Roll {staging.name} back?", said, "Roll back", "Leave it")


def _sure_to_delete(staging: Staging) -> Block:
    said = f"{data_of(staging.claims)} is lost at once, and nothing brings it back."
    return confirm(f"Delete {staging.name} now?", said, "Delete now", "Not yet")


# --- the card --------------------------------------------------------------------------------------------------------


def since(staging: Staging) -> str | None:
    """Since when it sleeps, and by whom."""
    if staging.phase is Phase.ASLEEP and staging.asleep_at:
        return f"{date(staging.asleep_at)} by {who(staging.slept_by)}"
    return None


def standing(staging: Staging) -> str | None:
    """A sentence or two for the card of a staging that rests, wakes or goes."""
    match staging.phase:
        case Phase.ASLEEP if staging.lost is not None:
            return f"*Nothing of it is there any more*: {_REMOVED}. {lost_data(staging.lost)} {_comes_back(staging)}"
        case Phase.ASLEEP:
            kept = f"{data_of(staging.claims)} is kept." if staging.claims else "It has no data of its own."
            return f"Nothing of it runs. {kept} {_comes_back(staging)}"
        case Phase.FALLING_ASLEEP | Phase.RESETTING if staging.health_reason:
            return f"*Not yet:* {escape(staging.health_reason)}"
        case Phase.FALLING_ASLEEP:
            return f"{who(staging.slept_by)} puts it to sleep. Its processes are being ended; its data is kept."
        case Phase.WAKING if staging.deleted_by:
            back = f"{who(staging.woken_by)} takes back the delete by {who(staging.deleted_by)}"
            return f"{back}: release {staging.attempt.number} comes back as it was, with its data."
        case Phase.WAKING:
            return f"{who(staging.woken_by)} wakes it: release {staging.attempt.number} comes back as it was."
        case Phase.RESETTING if staging.lost is not None:
            return f"{who(staging.woken_by)} wakes it: its release starts anew, as nothing of it was there any more."
        case Phase.RESETTING:
            return f"{who(staging.woken_by)} resets it: its data is wiped, and its release starts anew."
        case Phase.DELETING if staging.undo_until:
            late = f" *Still running:* {escape(staging.health_reason)}" if staging.health_reason else ""
            return (
                f"*{data_of(staging.claims)} is lost {date(staging.undo_until)}.* Until then it can be brought back "
                f"as it was.{late}"
            )
        case _:
            return None


def _comes_back(staging: Staging) -> str:
    release = staging.live or staging.attempt
    back = "comes back" if staging.live else "is tried again"
    back = "starts anew" if staging.lost is not None else back
    return f"Release {release.number}, {code(release.commit[:7])}, {back} when it is woken."


# --- replies in the thread, and edits of an alert --------------------------------------------------------------------


def slept(facts: Mapping[str, Any], staging: Staging) -> Said:
    kept = f"{data_of(facts['claims'])} is kept." if facts["claims"] else "It has no data of its own."
    said = f"{who(facts['by'])} put {escape(staging.name)} to sleep: nothing of it runs any more. {kept}"
    how = f"{code(f'/octopod wake {staging.name}')} brings back what ran, and so does a deploy of its branch."
    return said, [section(f"{said} {how}"), actions(wake_button(staging.id))]


def lost(facts: Mapping[str, Any], staging: Staging) -> Said:
    said = f"{who(facts['owner'])} {escape(staging.name)} is gone: {_REMOVED}. {lost_data(facts['claims'])}"
    anew = f"starts release {(staging.live or staging.attempt).number} anew, with its hooks for seeds and migrations"
    how = f"{code(f'/octopod wake {staging.name}')} {anew}; {code(f'/octopod delete {staging.name}')} clears it away."
    return said, [section(f"{said} {how}"), actions(wake_button(staging.id))]


def alert_over(facts: Mapping[str, Any], staging: Staging) -> Said:
    what = escape(facts["reason"]) or "it is put to sleep"
    said = f"⚪ {escape(staging.name)} was broken, and {what}, by {who(facts['by'])}."
    return said, [section(said)]


def awake(facts: Mapping[str, Any], staging: Staging) -> Said:
    urls = [escape(url) for url in facts["urls"].values()]
    shown = [f"<{url}>" for url in urls]
    return _awake(facts, staging, urls), [section(_awake(facts, staging, shown))]


def _awake(facts: Mapping[str, Any], staging: Staging, shown: Sequence[str]) -> str:
    at = f" at {' and '.join(shown)}" if shown else ""
    after = f"{at} after {format_duration(timedelta(seconds=facts['seconds']))}"
    trouble = f"\nBut: {escape(facts['trouble'])}" if facts["trouble"] else ""
    return f"{who(facts['by'])} {_what_came(facts, staging, after)}{trouble}"


def _what_came(facts: Mapping[str, Any], staging: Staging, after: str) -> str:
    """`after`: where, and how long it took."""
    release = f"release {facts['number']}"
    if facts.get("lost"):
        return f"Started anew{after}: {release}, without what was lost."
    if facts["reset"] is not None:
        data = f"its data ({', '.join(map(code, facts['reset']))}) was wiped, and " if facts["reset"] else ""
        return f"Reset{after}: {data}{release} was started anew."
    if deleted_by := facts.get("undone"):
        back = f"{escape(staging.name)} is back{after}, with {release} as it was"
        return f"{back}: the delete by {who(deleted_by)} was taken back. {data_of(facts['claims'])} is kept."
    return f"Awake again{after}, with {release} as it was."


def not_awake(facts: Mapping[str, Any], staging: Staging) -> Said:
    said = f"{who(facts['by'])} 🟠 Release {facts['number']} did not come back: {escape(facts['reason'])}"
    branch = code(f"/octopod deploy {cut(staging.branch, 200)}")
    step = (
        escape(facts["next_step"])
        or f"{branch} starts it anew, and {code(f'/octopod sleep {staging.name}')} frees it again."
    )
    lines = [preformatted(facts["details"])] if facts["details"] else []
    kept = "Its data is kept. " if facts.get("kept", True) else ""
    return said, [section(said), *lines, section(f"{kept}{step}")]


def visited(facts: Mapping[str, Any], staging: Staging) -> Said:
    what = escape(facts["url"]) or escape(staging.name)
    said = f"Somebody opened {what} while it is asleep."
    return said, [section(f"{said} {who(facts['by'])} put it to sleep."), actions(wake_button(staging.id))]


def notice(kind: NoticeKind, facts: Mapping[str, Any], staging: Staging, in_alert: bool) -> Said:
    match kind:
        case NoticeKind.SLEPT if in_alert:
            return alert_over(facts, staging)
        case NoticeKind.SLEPT:
            return slept(facts, staging)
        case NoticeKind.AWAKE:
            return awake(facts, staging)
        case NoticeKind.NOT_AWAKE:
            return not_awake(facts, staging)
        case NoticeKind.LOST:
            return lost(facts, staging)
        case _:
            return visited(facts, staging)


def releases(staging: Staging, options: Sequence[tuple[str, str]]) -> Said:
    """A menu of the releases that were live. `options`: what is shown and what is then said."""
    said = f"To which release of *{escape(staging.name)}* shall it return? Those that were live, the newest first:"
    return said, [section(said), actions(menu("Choose a release", "choose", options[:LONGEST_LIST]))]
