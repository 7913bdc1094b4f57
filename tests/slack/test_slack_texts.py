"""Every message in every phase, with values nobody wants: Slack takes it, and nobody is notified by accident."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from builders import NOW, a_release, a_staging, updating

from bot.domain import evidence
from bot.domain.commands import Deploy
from bot.domain.comparing import Comparison
from bot.domain.configuration import Difference, Overrides, Secret
from bot.domain.errors import UserError
from bot.domain.events import NoticeKind, Where
from bot.domain.evidence import Author, Change, KeyChange, Range, Says, Symptom
from bot.domain.finding import Cause, Confidence, Finding, Offer
from bot.domain.hearsay import CiRun, CiState
from bot.domain.lookup import Ambiguous
from bot.domain.model import CLOCK, Build, Ending, Phase, Pull, Stage, Staging, WorkloadProgress
from bot.domain.notes import ENV, VALUES
from bot.domain.origins import Line, lines
from bot.domain.status import Sign, SignKind
from bot.playground.blocks import check_blocks
from bot.playground.methods_chat import BLOCKS_TEXT, UPDATE_TEXT
from bot.slack import answers, arrivals, configs, messages, notices, progress
from bot.slack.findings import Around
from bot.slack.messages import Compared, Text

NASTY = ("<!channel> & `x` ```y``` *b* <@U99EVE> 🐙", "feature/" + "x" * 10_000, "&" * 10_000, "`" * 5_000, "\n\n|>")
ORDINARY = "feature-x"
LINK = "https://example.slack.com/archives/C1/p1"
AROUND = Around(LINK, Compared("main", "http://compare.localhost/s1"), NOW)


def staging_with(text: str, phase: Phase) -> Staging:
    staging = a_staging(phase, owner="U01ALICE")
    workloads = tuple(WorkloadProgress(f"w{n}", 0, 1, text) for n in range(20))
    own = Overrides((text,) * 9, {text: text}, {text: text}, {text: Secret(text)})
    release = replace(
        staging.attempt, branch=text, subject=text, author=text, actor="U01ALICE", workloads=workloads,
        env=own.env, values=own.values, overrides=own,
    )  # fmt: skip
    if release.awaits:
        run = CiRun("1" * 40, CiState.RUNNING, text, text[:200], f"http://{text[:200]}", NOW)
        release = replace(release, awaits=text, build=Build(run, timedelta(minutes=9)))
    if release.stage is Stage.FAILED:
        release = replace(release, reason=text, details=(text,) * 50, next_step=text)
    live = release if staging.live else None
    claims = (text[:200],) * 3
    return replace(
        staging,
        branch=text,
        branch_ended=Ending.MERGED,
        branch_ended_by=text,
        pull=Pull(7, text, f"https://{text[:200]}", text),
        attempt=release,
        live=live,
        claims=claims,
        health_reason=text,
        delete_reason=text,
    )


def nasty_finding(text: str) -> Finding:
    who = Author(text, text)
    said = Range("0" * 40, "1" * 40, tuple(Change("1" * 40, text, who) for _ in range(50)), 70)
    witness = evidence.Testimony(Says.FAILS, "1" * 40, (text,) * 30, NOW, NOW, text, staging=text[:40])
    unheard = evidence.Testimony(why=text)
    keys = tuple(KeyChange(f"KEY_{number}", text, text, "push") for number in range(30))
    signs = tuple(Sign(SignKind.NODE, text, NOW, text, text) for _ in range(10))
    wrong = Symptom(text, NOW, "login", also=(text,) * 9, details=(text,) * 50)
    return Finding(
        Cause.CONFIGURATION, Confidence.PROVEN, wrong, text, said, (who,) * 9, keys, witness, unheard, witness,
        3, 12, "1" * 40, signs, text, (text,) * 30, tuple(Offer),
    )  # fmt: skip


def every_notice(staging: Staging, text: str) -> Iterator[Text]:
    facts: dict[str, Any] = {
        "actor": "U01ALICE", "owner": "U01ALICE", "by": CLOCK, "urls": {"web": f"http://{text[:50]}.localhost/"},
        "seconds": 3.2, "number": 2, "probe": "", "release": "r1", "reason": text, "details": [text] * 100,
        "next_step": text, "serves": None, "expires_at": NOW.isoformat(), "claims": [text[:200]], "health": "down",
        "since": NOW.isoformat(), "url": text[:200], "trouble": text, "reset": [text[:200]],
        "commits": 2, "authors": [text] * 5, "rewritten": False, "subject": text, "commit": text, "why": text,
        "how": "merged", "goes_at": NOW.isoformat(), "project": text, "used_at": NOW.isoformat(),
        "until": NOW.isoformat(), "idle": [{
            "name": "orange-button", "owner": "U01ALICE", "deployed_at": NOW.isoformat(), "used_at": NOW.isoformat(),
            "replicas": 2, "claims": [text[:200]],
        }] * 60,
    }  # fmt: skip
    places = [where for where in Where if where is not Where.PRIVATE]
    for kind in NoticeKind:
        if kind is not NoticeKind.ANSWER:
            for where in places:
                yield from of_findings(kind, where, facts, staging, text)
                yield notices.notice(kind, where, facts, staging, AROUND)
                yield notices.notice(kind, where, facts, staging, Around())
    pull = {"number": 7, "label": "#7", "title": text, "url": f"https://{text[:200]}", "author": text}
    told = {"branch": text, "owner": "U01ALICE", "why": text, "commit": "a" * 40, "subject": text, "by": text}
    for kind in (NoticeKind.FORK, NoticeKind.NOT_MADE):
        yield arrivals.notice(kind, {**told, "project": "shop", "pull": pull})
    yield arrivals.notice(NoticeKind.NOT_MADE, {**told, "project": "shop", "pull": None})


def of_findings(kind: NoticeKind, where: Where, facts: dict[str, Any], staging: Staging, text: str) -> Iterator[Text]:
    if kind in (NoticeKind.BROKEN, NoticeKind.RECOVERED):
        for cause in Cause if where is Where.ALERTS else [Cause.CODE]:
            found = replace(nasty_finding(text), cause=cause)
            told = {**facts, "finding": found, "breaks": 3, "first": NOW.isoformat()}
            yield notices.notice(kind, where, told, staging, AROUND)


def private(staging: Staging, text: str) -> Iterator[Text]:
    several = Ambiguous(text, [staging] * 120)
    yield answers.refusal(several, lambda one: f"info {one.name}")
    yield answers.refusal(several)
    yield answers.refusal(UserError(text, [text] * 9))
    yield answers.refused(text, [text], [text] * 200)
    yield answers.listing([(staging, LINK)] * 200, mine=False)
    yield answers.listing([(staging, None)], mine=True)
    yield answers.info(
        staging, "local", False, LINK, [(NOW, "U01ALICE", text, text)] * 30, lines(None, staging.attempt)
    )
    side = [Difference(text, before, text, secret) for before in (None, text) for secret in (True, False)]
    yield configs.comparison(Comparison(staging, text, staging.attempt, side * 40))
    yield configs.comparison(Comparison(staging, "defaults", None, []))
    odd = [Line(level, text, text, "", text, text, text) for level in (ENV, VALUES)]
    yield configs.configuration(staging, [*lines(None, staging.attempt), *odd * 60])
    yield from (configs.configured(staging, changed, odd, None) for changed in (True, False))
    yield answers.deploying(Deploy(text), [(text, text)] * 9)
    yield answers.logs(text[:300], {text[:100]: [text] * 100, "api": []})
    yield from (answers.extended(staging), answers.deleting(staging), answers.ask_delete(staging))
    yield from (answers.sleeping(staging), answers.waking(staging), answers.brought_back(staging))
    yield from (answers.ask_reset(staging), answers.resetting(staging), answers.rolling_back(staging))
    yield answers.deleting(replace(staging, undo_until=NOW))
    yield answers.releases(staging, [staging.attempt] * 120)
    yield answers.releases(staging, [])
    yield from (answers.deploying(Deploy(text)), answers.bug("abc"), answers.already(staging, LINK))
    yield from (answers.updating(staging, True, (), LINK), answers.updating(staging, False, [text], None))


def public(staging: Staging, text: str) -> Iterator[Text]:
    yield messages.card(staging, "kubernetes")
    yield messages.card(staging, "local", probed=False)
    yield progress.progress(staging.attempt, staging)
    yield from every_notice(staging, text)


def letters(thing: object) -> int:
    """As Slack seems to count them."""
    if isinstance(thing, list):
        return sum(map(letters, thing))
    if not isinstance(thing, dict):
        return 0
    return sum(len(v) if k == "text" and isinstance(v, str) else letters(v) for k, v in thing.items())


def refused(texts: Sequence[Text]) -> list[str]:
    found = [mistake for text in texts for mistake in check_blocks(text.blocks)]
    found += [f"text is too long: {text.text[:80]}" for text in texts if len(text.text) > UPDATE_TEXT]
    found += [f"no text: {text.blocks}" for text in texts if not text.text]
    return found + [f"too much to read: {text.text[:80]}" for text in texts if letters(text.blocks) > BLOCKS_TEXT]


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("text", [*NASTY, ORDINARY], ids=["markup", "long", "escapes", "ticks", "breaks", "ordinary"])
def test_slack_takes_whatever_is_said(phase: Phase, text: str) -> None:
    staging = staging_with(text, phase)
    assert refused([*public(staging, text), *private(staging, text)]) == []


@pytest.mark.parametrize("phase", Phase)
def test_what_was_written_by_others_notifies_nobody(phase: Phase) -> None:
    text = NASTY[0]
    staging = staging_with(text, phase)
    for said in [*public(staging, text), *private(staging, text)]:
        shown = str(said.blocks) + said.text
        assert "<!channel>" not in shown and "<@U99EVE>" not in shown, said.text


@pytest.mark.parametrize(
    ("phase", "buttons"),
    [
        (Phase.WAITING, ["extend", "logs", "config", "delete"]),
        (Phase.ROLLING_OUT, ["extend", "logs", "config", "delete"]),
        (Phase.LIVE, ["open", "extend", "logs", "config", "sleep", "delete"]),
        (Phase.FAILED, ["retry", "logs", "config", "sleep", "delete"]),
        (Phase.BROKEN, ["open", "logs", "config", "sleep", "delete"]),
        (Phase.FALLING_ASLEEP, ["wake", "delete"]),
        (Phase.ASLEEP, ["wake", "extend", "delete"]),
        (Phase.WAKING, ["logs", "delete"]),
        (Phase.RESETTING, ["logs", "delete"]),
        (Phase.DELETING, ["delete"]),
        (Phase.DELETED, []),
    ],
)
def test_a_card_offers_what_makes_sense(phase: Phase, buttons: list[str]) -> None:
    shown = messages.card(a_staging(phase), "kubernetes")
    rows = [block["elements"] for block in shown.blocks if block["type"] == "actions"]
    assert [element["action_id"] for row in rows for element in row] == buttons


@pytest.mark.parametrize("phase", Phase)
def test_a_link_promises_an_answer(phase: Phase) -> None:
    """Live and broken ones may be clicked; of the others a URL is said at most."""
    staging = a_staging(phase)
    linked = f"<{staging.url}|" in str(messages.card(staging, "kubernetes").blocks)
    assert linked is (phase in (Phase.LIVE, Phase.BROKEN))


def test_a_card_of_an_update_says_what_serves() -> None:
    assert "Release 1 serves until the new one is ready." in str(messages.card(updating(), "kubernetes").blocks)
    failed = replace(updating(), attempt=a_release("r2", Stage.FAILED))
    assert "still answers with release 1" in str(messages.card(failed, "kubernetes").blocks)


def test_a_card_says_what_is_kept_until_when_and_what_comes_back() -> None:
    asleep = str(messages.card(a_staging(Phase.ASLEEP), "kubernetes").blocks)
    assert "*Asleep since*\\n<!date^" in asleep and "by the UBOB" not in asleep and "<@UBOB>" in asleep
    assert "Its data (`data`) is kept. Release 1, `0000000`, comes back when it is woken." in asleep
    stuck = a_staging(Phase.FALLING_ASLEEP, health_reason="Pod `web-1` can't be ended.")
    assert "*Not yet:* Pod `web-1` can't be ended." in str(messages.card(stuck, "kubernetes").blocks)
    card = messages.card(a_staging(Phase.DELETING, undo_until=NOW), "kubernetes")
    assert "*Its data (`data`) is lost <!date^" in str(card.blocks) and "Until then it can be brought back" in str(card)
    assert [button["action_id"] for button in card.blocks[-1]["elements"]] == ["undo", "delete_now"]


def test_a_card_that_went_wrong_offers_the_way_back_when_there_is_one() -> None:
    failed = replace(updating(), attempt=a_release("r2", Stage.FAILED))
    for staging in (failed, a_staging(Phase.BROKEN, good=1)):
        assert "rollback" in [block["action_id"] for block in messages.staging_buttons(staging)]
    again = replace(failed, attempt=replace(failed.attempt, commit=failed.live.commit if failed.live else ""))
    assert "rollback" not in [block["action_id"] for block in messages.staging_buttons(again)]
    returned = a_staging(attempt=a_release("r3", Stage.LIVE, copy_of=1))
    assert "release 3, as release 1" in str(messages.card(returned, "kubernetes").blocks)


def test_a_removal_that_hangs_says_why() -> None:
    hanging = a_staging(Phase.DELETING, health_reason="1 pods can't go")
    assert "*Not gone yet:* 1 pods can't go" in str(messages.card(hanging, "kubernetes").blocks)
    assert "Not gone yet" not in str(messages.card(a_staging(Phase.DELETING), "kubernetes").blocks)


def test_small_print_names_what_is_unusual() -> None:
    assert "engine" not in str(messages.card(a_staging(), "kubernetes").blocks)
    unusual = str(messages.card(a_staging(), "local", probed=False).blocks)
    assert "local engine" in unusual and "URL not probed" in unusual


@pytest.mark.parametrize(
    ("stage", "ticks"),
    [
        (Stage.QUEUED, "✅✅⏳▫️▫️▫️"),
        (Stage.APPLIED, "✅✅✅✅⏳▫️"),
        (Stage.READY, "✅✅✅✅✅⏳"),
        (Stage.LIVE, "✅✅✅✅✅✅"),
    ],
)
def test_progress_ticks_step_by_step(stage: Stage, ticks: str) -> None:
    release = a_release(stage=stage)
    if stage is not Stage.QUEUED:
        release = replace(release, files_at=NOW, applied_at=NOW)
    if stage in (Stage.READY, Stage.LIVE):
        release = replace(release, ready_at=NOW)
    lines = progress.progress(release, a_staging()).blocks[0]["text"]["text"].splitlines()[1:]
    assert "".join(line.split(" ")[0] for line in lines) == ticks


@pytest.mark.parametrize(("stage", "tick"), [(Stage.FAILED, "❌"), (Stage.SUPERSEDED, "⏹️")])
def test_progress_marks_the_step_that_ended_it(stage: Stage, tick: str) -> None:
    release = a_release(stage=stage, files_at=NOW, applied_at=NOW, ready_at=None, reason="because")
    lines = progress.progress(release, a_staging()).blocks[0]["text"]["text"].splitlines()[1:]
    assert [line.split(" ")[0] for line in lines] == ["✅", "✅", "✅", "✅", tick, "▫️"]


def test_live_is_said_in_one_known_shape() -> None:
    facts = {"actor": "U01ALICE", "urls": {"web": "http://a/", "api": "http://b/"}, "seconds": 3.2, "probe": "200 OK"}
    said = notices.notice(NoticeKind.LIVE, Where.THREAD, facts, a_staging(), Around())
    assert said.text == "<@U01ALICE> Live at http://a/ and http://b/ after 3.2 s"
    assert said.blocks[0]["text"]["text"] == "<@U01ALICE> Live at <http://a/> and <http://b/> after 3.2 s"
    unasked = notices.notice(NoticeKind.LIVE, Where.THREAD, {**facts, "probe": ""}, a_staging(), Around())
    assert "`url_probe` is off" in unasked.text


def test_the_extend_button_carries_the_time_it_extends_to() -> None:
    value = messages.extend_button("s1", NOW)
    assert value and value["value"] == f"s1 {(NOW + timedelta(days=1)).isoformat()}"
    assert messages.extend_button("s1", None) is None


def test_help_names_one_command_or_all() -> None:
    assert "deploy [BRANCH]" in str(answers.helping(None).blocks) and "extend" in str(answers.helping(None).blocks)
    assert "extend" not in str(answers.helping("deploy").blocks)
    assert refused([answers.helping(None), answers.helping("logs")]) == []


def test_a_saved_answer_that_means_nothing_any_more_is_a_bug_with_its_id() -> None:
    assert "`abc`" in answers.answer({"answer": "bug", "id": "abc"}, None, None).text
    assert "inside Octopod" in answers.answer({"answer": "card", "new": True}, None, None).text
