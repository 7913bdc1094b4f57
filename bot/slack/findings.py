"""What is said of a finding: what happened, and why. Pure.

Who wrote what is named only where it is proven; what is not, is called a guess.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.evidence import Says
from bot.domain.finding import Cause, Confidence, Finding, Offer
from bot.domain.model import Health, Staging
from bot.slack.blocks import code, cut, date, escape, link, listed
from bot.slack.evidence import Named, Voice, commits, keys, sentence, signs, witnesses
from bot.slack.messages import Compared

GUESS = "*A guess, as nothing proves it:* "
OF_SIGNS = (Cause.RESTART, Cause.MEMORY, Cause.NODE)


@dataclass(frozen=True, slots=True)
class Around:
    """What texts about a staging need besides it. `card_link`: to its card, for messages that stand elsewhere.
    `compared`: with what it can be compared; None: with nothing, as it is the baseline's. `at`: when it is said.
    `called`: how a Slack user is called, without a mention."""

    card_link: str | None = None
    compared: Compared | None = None
    at: datetime = datetime.min
    called: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class Told:
    """A finding as it is told. `calls`: who surely did it is mentioned, not only named."""

    finding: Finding
    staging: Staging
    around: Around
    calls: bool = False

    @property
    def voice(self) -> Voice:
        return Voice(self.around.called, self.calls)

    @property
    def named(self) -> str:
        """The staging."""
        link_to = self.around.card_link
        return link(link_to, self.staging.name) if link_to else escape(self.staging.name)

    @property
    def sure(self) -> bool:
        return self.finding.confidence is Confidence.PROVEN

    @property
    def way_back(self) -> bool:
        """There is a release that was well, and that a rollback returns to."""
        return Offer.ROLLBACK in self.finding.offers and self.staging.can_roll_back

    @property
    def main(self) -> str:
        """The branch that it is measured by."""
        return code(cut(self.around.compared.branch if self.around.compared else self.staging.branch, 100))

    @property
    def foreign(self) -> str:
        """The other feature whose commits did it, if that is so."""
        feature = self.finding.feature
        return feature if feature != self.staging.branch else ""


def happened(told: Told, health: str = Health.DEGRADED) -> str:
    """What is wrong, in the words of who asked. `breaks` is said only of whose commits surely did it."""
    found = told.finding.symptom
    also = f" {_also(found.also)}" if found.also else ""
    if not found.check:
        return f"*{told.named}* is broken ({health}): {sentence(found.text)}{also}"
    check = f"*{escape(found.check)}*"
    if told.sure and told.finding.cause is Cause.CODE and not told.foreign:
        return f"*{told.named}* breaks {check}: {sentence(found.text)}{also}"
    return f"{check} fails on *{told.named}*: {sentence(found.text)}{also}"


def _also(checks: tuple[str, ...]) -> str:
    names = [f"*{escape(cut(check, 80))}*" for check in checks]
    return f"{listed(names)} fail{'s' if len(names) == 1 else ''}, too."


def why(told: Told) -> str:
    """What is known, and what follows from it."""
    said = [_known(told), _concluded(told), _others(told)]
    return " ".join(filter(None, said))


def _known(told: Told) -> str:
    """What was seen: of releases before, of witnesses, by the engine."""
    finding = told.finding
    if finding.cause in (Cause.BASELINE, Cause.BEHIND):
        return ""
    live, before = told.staging.live, finding.passed_before
    well = f"Release {before} was well." if before is not None else ""
    if live and before == live.number:
        well = "This very release was well before."
    seen = signs(finding.signs) if finding.cause in OF_SIGNS else ""
    return " ".join(filter(None, [well, heard(told), seen]))


def _concluded(told: Told) -> str:
    cause = told.finding.cause
    if cause is Cause.UNKNOWN:
        return _not_known(told)
    said = {
        Cause.CODE: _of_code,
        Cause.CONFIGURATION: _of_configuration,
        Cause.DATA: _of_data,
        Cause.SHARED: _of_what_is_shared,
        Cause.BASELINE: _of_baseline,
        Cause.BEHIND: _behind,
    }.get(cause, _of_signs)(told)
    return f"{said[0].upper()}{said[1:]}" if told.sure else f"{GUESS}{said}"


def _not_known(told: Told) -> str:
    """Also of what can't be told apart."""
    finding = told.finding
    seen = f"Seen lately: {signs(finding.signs)} " if finding.signs else ""
    if finding.commits and finding.changes:
        both = f"its code ({commits(finding.commits)}), or its configuration ({_keys(told)})"
        return f"{seen}*What did it is not known:* {both}."
    return f"{seen}*What did it is not known.*"


def _of_code(told: Told) -> str:
    """Only what is proven has names in it."""
    finding = told.finding
    people = [told.voice.author(one) for one in finding.people] if told.sure else []
    span = commits(finding.commits, people) if finding.commits else "its commits"
    if finding.suspects:
        return f"it is one of {listed(_branches(finding.suspects), most=5)}, and can't be told which: {span}."
    if told.foreign:
        return f"it came with commits of {code(cut(told.foreign, 100))}, which are part of this branch: {span}."
    if finding.passed_before is not None:
        return f"only the code has changed since: {span}." if told.sure else f"it came with the code since: {span}."
    return f"only this feature differs: {span}." if told.sure else f"it is the code of this feature: {span}."


def _branches(names: Sequence[str]) -> list[str]:
    return [code(cut(name, 100)) for name in names]


def _of_configuration(told: Told) -> str:
    several = "one of these, or all together: " if len(told.finding.changes) > 1 else ""
    return f"{'it is ' if told.sure else ''}its configuration: {several}{_keys(told)}."


def _changed_since(finding: Finding) -> bool:
    """The keys are those that were changed since it was well. If what it began with is ill, too, they are compared with
    the baseline's instead."""
    return finding.passed_before is not None and finding.base.says is not Says.FAILS


def _keys(told: Told) -> str:
    return keys(told.finding.changes, told.voice, told.sure, "" if _changed_since(told.finding) else told.main)


def _of_data(told: Told) -> str:
    return "it is what it has stored, not its code and not its configuration." if told.sure else "what it has stored."


def _of_signs(told: Told) -> str:
    return {
        Cause.RESTART: "its processes ended and were started again, and that did it.",
        Cause.MEMORY: "it ran out of memory.",
        Cause.NODE: "where it runs is not well.",
    }[told.finding.cause]


def _of_what_is_shared(told: Told) -> str:
    shared = told.finding.shared
    which = f": {code(cut(shared, 200))}" if shared else ""
    return f"it is something that it shares with others{which}. No branch has to do with it."


def _of_baseline(told: Told) -> str:
    main = told.finding.main
    if main.says is not Says.FAILS:
        return "it is not the branch: the commit it started from has the same."
    return f"it is not the branch: {told.main} has the same{f' since {date(main.since)}' if main.since else ''}."


def _behind(told: Told) -> str:
    finding = told.finding
    healed = f", first seen at {code(finding.healed[:7])}" if finding.healed else ""
    count = f"{finding.behind} commit{'s' if finding.behind != 1 else ''}" if finding.behind else "some commits"
    base = "the commit it started from has the same, and " if finding.base.says is Says.FAILS else ""
    main = f"{told.main} is well{' again' if base or healed else ''}{healed}"
    return f"it is not what this branch changes: {base}{main}; the branch is {count} behind."


def _others(told: Told) -> str:
    """Whoever has the same. It came from here only if this is the baseline."""
    others = told.finding.others
    if not others:
        return ""
    names = listed([f"*{escape(one)}*" for one in others], most=10)
    here = f", which {'has' if len(others) == 1 else 'have'} it from here" if told.around.compared is None else ""
    return f"The same happens to {names}{here}."


def heard(told: Told) -> str:
    """What the witnesses say."""
    return witnesses(named(told))


def named(told: Told) -> list[Named]:
    """The witnesses, as texts call them. One who runs the merge base on the baseline is one, not two."""
    finding = told.finding
    base: Named = ("the commit it started from", finding.base)
    main: Named = (told.main, finding.main)
    if finding.base == finding.main and finding.base.commit:
        both = [(f"{told.main}, which still runs the commit it started from,", finding.main)]
    else:
        both = [base, main]
    same = finding.same_commit
    other = f"*{escape(same.staging)}*, which runs the same commit," if same.staging else "the same commit"
    return [*both, ("the same commit with fresh data" if same.fresh else other, same)]
