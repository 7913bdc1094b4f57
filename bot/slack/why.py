"""The answer to `/octopod why`: how a staging is doing, since when, and what did it, as far as is known. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from bot.domain.finding import Cause, Confidence, Finding
from bot.domain.model import Phase, Staging, WitnessOf
from bot.domain.mutes import muted
from bot.domain.past import symptom
from bot.domain.witness import OFFERS, subject
from bot.slack.blocks import Block, actions, code, context, cut, date, escape, link, listed, preformatted, section
from bot.slack.evidence import sentence, testimony
from bot.slack.findings import Around, Told, happened, named, why
from bot.slack.messages import EMOJI, Text, text_of
from bot.slack.remedies import buttons, next_step
from bot.slack.rest import Said
from bot.slack.standing import release_named, standing


def answer(staging: Staging, around: Around, checks: Sequence[str], trying: Sequence[WitnessOf] = ()) -> Text:
    """`checks`: the names of its project's health checks. `trying`: what throw-away stagings are to tell of it."""
    if staging.phase is Phase.BROKEN:
        said, more = _broken(staging, around, trying)
    else:
        said, more = standing(staging, around.at, checks)
    blocks = [section(said), *more, *_before(staging, around)]
    thread = around.card_link
    return text_of(said, *blocks, *([context(link(thread, "To its thread"))] if thread else []))


def _broken(staging: Staging, around: Around, trying: Sequence[WitnessOf]) -> Said:
    wrong = symptom(staging)
    found = staging.finding or Finding(Cause.UNKNOWN, Confidence.GUESS, wrong)
    under_way = {OFFERS[of] for of in trying}
    found = replace(found, offers=tuple(offer for offer in found.offers if offer not in under_way))
    told = Told(found, staging, around)
    since = f" Since {date(found.symptom.since)}."
    head = f"{EMOJI[staging.phase]} {happened(told, staging.health)}{since}{_comes_and_goes(staging)}"
    if staging.finding is None:
        said = f"{head}\nWhat did it is being found out: ask again in some seconds."
    else:
        said = "\n".join([head, why(told), *(_tried(staging, of) for of in trying), next_step(told)])
    lines = [preformatted(wrong.details)] if wrong.details else []
    return said, [*lines, section(_evidence(told)), *_muted(staging, around), actions(*buttons(told))]


def _tried(staging: Staging, of: WitnessOf) -> str:
    what = escape(subject(staging, of))
    return f"⏳ {what} is being tried on a throw-away staging right now. The alert says what comes of it."


def _comes_and_goes(staging: Staging) -> str:
    if staging.breaks < 2:
        return ""
    first = f" since {date(staging.alerted_at, '{time}')}" if staging.alerted_at else ""
    return f" It comes and goes: {staging.breaks} times{first}."


def _evidence(told: Told) -> str:
    """What is known, a line each: its checks, then what witnesses said and when."""
    live = told.staging.live
    lines = [f"• Runs: {release_named(live)}, live since {date(live.ended_at)}."] if live and live.ended_at else []
    for stand in told.staging.checks:
        how = "passes" if stand.ok else f"fails since {date(stand.since)}"
        lines.append(f"• *{escape(stand.check)}* {how}: {sentence(cut(stand.text, 200))}")
    heard = [(name.rstrip(","), said) for name, said in named(told) if said.commit or said.why]
    lines += [testimony(name, said) for name, said in heard]
    lines += [f"• {date(sign.at, '{time}')}: {sentence(sign.text)}" for sign in told.finding.signs]
    return "\n".join(["*What is known*", *lines])


def _muted(staging: Staging, around: Around) -> list[Block]:
    """Why there is no alert, or until when there will be none."""
    now = around.at
    mutes = {check: until for check, until in staging.mutes.items() if until > now}
    told = [f"{f'*{escape(check)}*' if check else 'all of it'} until {date(until)}" for check, until in mutes.items()]
    said = [f"🔇 Muted: {listed(told)}. {code(f'/octopod unmute {staging.name}')} changes that."] if told else []
    if staging.broken_since and not staging.alerted_at and staging.finding and not muted(staging, now):
        said.append("It has no alert of its own: what it shares with others is told where all of them are.")
    return [context(*said)] if said else []


def _before(staging: Staging, around: Around) -> list[Block]:
    """Of what is over: what was found out about it."""
    if staging.finding is None or staging.broken_since:
        return [] if staging.phase is Phase.BROKEN else _muted(staging, around)
    told = Told(staging.finding, staging, around)
    when = date(staging.finding.symptom.since)
    return [section(f"*Its last breakage* was {when}: {happened(told)} {why(told)}"), *_muted(staging, around)]
