"""What can be done about a breakage, or to know more of it: in a sentence, and as buttons. Pure."""

import json
from datetime import datetime, timedelta

from bot.domain.finding import Cause, Finding, Offer
from bot.domain.model import Staging
from bot.slack import rest
from bot.slack.blocks import Block, button, code, cut, menu
from bot.slack.findings import Told
from bot.slack.messages import compare_button, logs_button, open_button

MUTED_FOR = timedelta(hours=1)
LONGEST_OPTION = 150


def next_step(told: Told) -> str:
    """What can be done. Of a guess: first how to know more, if there is a way."""
    finding = told.finding
    more = finding.cause is Cause.UNKNOWN or (not told.sure and bool(_ways(finding)))
    back = " Or roll back to the release that was well." if told.way_back else ""
    doubt = " If its data may be to blame: try the same commit with fresh data." if _may_be_data(told) else ""
    return f"{_to_know_more(finding) if more else _mended(told)}.{back}{doubt}"


def _may_be_data(told: Told) -> bool:
    return told.sure and Offer.FRESH_DATA in told.finding.offers


def _mended(told: Told) -> str:
    finding, name = told.finding, told.staging.name
    match finding.cause:
        case Cause.CODE if told.foreign:
            return f"The fix has to come from {code(cut(told.foreign, 100))}; or take its commits out of this branch"
        case Cause.CODE:
            return "Push a fix"
        case Cause.CONFIGURATION:
            revert = "Revert the key" if Offer.REVERT_KEY in finding.offers else "Change the key back"
            return f"{revert}, or see {code(f'/octopod config {name}')}"
        case Cause.DATA:
            return f"{code(f'/octopod reset {name}')} wipes its data and starts the same release anew"
        case Cause.RESTART:
            return "Its logs may say why they ended"
        case Cause.MEMORY:
            return "Give it more memory in its manifests, or find out what needs so much"
        case Cause.NODE:
            return "Whoever runs the cluster has to look there; the branch needs no change"
        case Cause.SHARED:
            return "Look at what they share; each is well again by itself when that is"
        case Cause.BASELINE:
            return f"In the branch there is nothing to do, but to merge {told.main} once that is well again"
        case _:
            return f"Merge {told.main} into the branch and push"


def _to_know_more(finding: Finding) -> str:
    ways = _ways(finding)
    first = f"{', '.join(ways)}, or " if ways else ""
    return f"To know more, {first}see its logs"


def _ways(finding: Finding) -> list[str]:
    ways = {
        Offer.CHECK_BASE: "check the merge base (was it the branch?)",
        Offer.FRESH_DATA: "try the same commit with fresh data (was it the data?)",
    }
    return [way for offer, way in ways.items() if offer in finding.offers]


def buttons(told: Told) -> list[Block]:
    """What can be done, the most usual first."""
    staging, offers, compared = told.staging, told.finding.offers, told.around.compared
    drawn_for = f"{staging.id} {staging.attempt.id}"
    made = [
        logs_button(staging.id),
        compare_button(staging.id, compared) if compared and compared.url else None,
        open_button(staging) if staging.url and not (compared and compared.url) else None,
        rest.buttons(staging)["rollback"] if told.way_back else None,
        _revert(told) if Offer.REVERT_KEY in offers else None,
        button("Check the merge base", "check_base", drawn_for) if Offer.CHECK_BASE in offers else None,
        button("Try with fresh data", "fresh_data", drawn_for) if Offer.FRESH_DATA in offers else None,
        mute_button(staging, told.finding.symptom.check, told.around.at + MUTED_FOR),
    ]
    return [block for block in made if block]


def mute_button(staging: Staging, check: str, until: datetime) -> Block:
    """Carries the time until which it mutes, so that a double click is one."""
    value = {"staging": staging.id, "check": check, "until": until.isoformat()}
    return button("Mute 1 h", "mute", json.dumps(value))


def _revert(told: Told) -> Block | None:
    """A button for the one key that was changed; of several, one is chosen."""
    drawn_for = f"{told.staging.id} {told.staging.attempt.id} {told.finding.passed_before or 0}"
    options = [(one.key, f"{drawn_for} {one.level} {one.key}") for one in told.finding.changes]
    fitting = [(key, value) for key, value in options if len(value) <= LONGEST_OPTION]
    if len(fitting) == 1:
        return button(f"Revert {cut(fitting[0][0], 40)}", "revert_key", fitting[0][1])
    return menu("Revert a key…", "revert_key", fitting) if fitting else None
