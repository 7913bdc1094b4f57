"""When each health check is made, and what its tries decide."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from builders import NOW, a_staging, seconds
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import checking
from bot.domain.checking import BEAT, Beat, Key, Watched
from bot.domain.checks import CheckResult, HealthCheck, Stand

KEY: Key = ("s1", "r1", "login")
LONG_AGO = NOW - timedelta(days=1)
PASSING = Stand("login", True, "answers 200", LONG_AGO)
FAILING = Stand("login", False, "answers 500", LONG_AGO)


def a_result(said: str, at: datetime) -> CheckResult:
    """`said`: P passes, F fails, S is silent, U could not be asked."""
    texts = {"P": "answers 200", "F": "answers 500", "S": "can't be reached", "U": "a secret is missing"}
    return CheckResult("login", said == "P", texts[said], at, answered=said in "PF", unknown=said == "U")


def watched(stand: Stand | None = None, live_at: datetime = LONG_AGO) -> Watched:
    return checking.begins(KEY, live_at, stand, NOW, BEAT)


def tried(said: str, stand: Stand | None = None) -> tuple[Watched, list[tuple[int, bool, datetime]]]:
    """Tries, ten seconds apart. What was decided: at which try, what, and since when that is so."""
    one, decided = watched(stand), []
    for number, what in enumerate(said):
        at = NOW + seconds(10 * number)
        one, news = checking.tried(one, a_result(what, at), at, BEAT)
        decided += [(number, news.ok, news.since)] if news else []
    return one, decided


@pytest.mark.parametrize(
    ("stand", "said", "decided"),
    [
        (None, "P", []),
        (None, "PP", [(1, True, 0)]),
        (None, "FF", [(1, False, 0)]),
        (None, "PFF", [(2, False, 1)]),
        (None, "FPP", [(2, True, 1)]),
        (None, "FPF", [(2, False, 0)]),
        (None, "UUUU", []),
        (None, "FUUF", [(3, False, 0)]),
        (PASSING, "PPPP", []),
        (PASSING, "FPP", []),
        (PASSING, "FPPFPP", []),
        (PASSING, "FF", [(1, False, 0)]),
        (PASSING, "PFF", [(2, False, 1)]),
        (PASSING, "FPF", [(2, False, 0)]),
        (PASSING, "UFUF", [(3, False, 1)]),
        (PASSING, "FFPP", [(1, False, 0), (3, True, 2)]),
        (PASSING, "FPFPFP", [(2, False, 0), (5, True, 3)]),
        (FAILING, "FFFF", []),
        (FAILING, "PP", [(1, True, 0)]),
        (FAILING, "PFPFF", [(2, True, 0), (4, False, 3)]),
    ],
)
def test_two_of_three_decide(stand: Stand | None, said: str, decided: Sequence[tuple[int, bool, int]]) -> None:
    if stand:  # what it says is on record already, and not too long ago
        _, found = tried(said, stand)
    else:
        _, found = tried(said)
    assert found == [(number, ok, NOW + seconds(10 * since)) for number, ok, since in decided]


def test_whether_anything_answers_at_all_is_news_and_other_words_only_now_and_then() -> None:
    one = replace(watched(FAILING), noted_at=NOW)
    for at in (1, 2):
        one, news = checking.tried(one, a_result("S", NOW + seconds(at)), NOW + seconds(at), BEAT)
    assert news == Stand("login", False, "can't be reached", LONG_AGO, answered=False)
    other = CheckResult("login", False, "can't be reached: request 815", NOW, answered=False)
    for at in (3, 4):
        one, news = checking.tried(one, other, NOW + seconds(at), BEAT)
    assert news is None
    later = NOW + seconds(4) + BEAT.noted
    for _ in range(2):
        one, news = checking.tried(one, other, later, BEAT)
    assert news and (news.text, news.since) == (other.text, LONG_AGO)


def test_that_it_still_stands_so_is_noted_once_a_minute() -> None:
    one = watched(PASSING)
    assert checking.still_so(one, a_result("P", NOW), NOW, BEAT), "since a start nothing was noted"
    noted = replace(one, noted_at=NOW)
    assert not checking.still_so(noted, a_result("P", NOW), NOW + BEAT.noted - seconds(1), BEAT)
    assert checking.still_so(noted, a_result("P", NOW), NOW + BEAT.noted, BEAT)
    assert not checking.still_so(noted, a_result("F", NOW), NOW + BEAT.noted, BEAT)


# --- when ------------------------------------------------------------------------------------------------------------


def pauses(said: str, stand: Stand | None, live_at: datetime = LONG_AGO) -> list[float]:
    one, now, found = watched(stand, live_at), NOW, []
    for what in said:
        found.append((one.next_at - now).total_seconds())
        now = one.next_at
        one, _ = checking.tried(one, a_result(what, now), now, BEAT)
    return found


def test_it_is_eager_while_it_is_open_how_it_stands_and_at_first() -> None:
    first, *steady = pauses("PPPPPP", PASSING)
    assert 5 <= first <= 15 and steady == [10.0] * 5
    assert pauses("PFFFPP", PASSING)[3:] == pytest.approx([10, 10, 2], abs=5), "slow, once it is decided"
    assert pauses("PFP", PASSING)[2] <= 3, "eager, once it fails"
    assert all(pause <= 3 for pause in pauses("PUUU", None))
    fresh = pauses("P" * 40, PASSING, live_at=NOW)
    assert fresh[1:25] == [2.0] * 24 and fresh[35:] == [10.0] * 5


def test_checks_are_spread_over_the_interval() -> None:
    def first(number: int) -> datetime:
        return checking.begins((f"s{number}", "r1", "login"), LONG_AGO, PASSING, NOW, BEAT).next_at

    tenths = Counter(int((first(number) - NOW).total_seconds()) for number in range(1000))
    assert len(tenths) == 10 and max(tenths.values()) < 150


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.integers(0, 2**32), st.integers(1, 120))
def test_the_next_try_is_half_an_interval_away_or_more(at: datetime, key: int, length: int) -> None:
    now, beat = at.replace(tzinfo=NOW.tzinfo), Beat(usual=seconds(length))
    one = checking.begins((str(key), "r1", "login"), LONG_AGO - timedelta(days=9000), PASSING, now, beat)
    assert beat.usual / 2 <= one.next_at - now <= 1.5 * beat.usual
    watched = {KEY: one}
    assert checking.due(watched, (), now, beat) == ([], one.next_at)
    assert checking.due(watched, (), one.next_at, beat) == ([KEY], None)


def test_a_clock_that_is_set_back_keeps_nothing_from_being_checked() -> None:
    assert checking.due({KEY: watched(PASSING)}, (), NOW - timedelta(hours=1), BEAT) == ([KEY], None)


def test_what_is_due_for_longest_comes_first_and_what_is_under_way_does_not_come_again() -> None:
    def due_in(number: int) -> Watched:
        return replace(watched(PASSING), next_at=NOW + seconds(number))

    late, later, soon, under_way, then = keys(5)
    known = {late: due_in(-1), soon: due_in(3), under_way: due_in(-5), then: due_in(9), later: due_in(-2)}
    assert checking.due(known, {under_way}, NOW, BEAT) == ([later, late], NOW + seconds(3))


# --- how many --------------------------------------------------------------------------------------------------------


def keys(count: int) -> list[Key]:
    return [(f"s{number}", "r1", "login") for number in range(count)]


def test_few_are_made_at_one_host_and_not_too_many_in_all() -> None:
    beat = Beat(at_once=4, of_host=2)
    assert checking.chosen([(key, "one") for key in keys(5)], {}, beat) == keys(2)
    assert checking.chosen([(key, "one") for key in keys(5)], {"one": 1}, beat) == keys(1)
    assert checking.chosen([(key, key[0]) for key in keys(9)], {}, beat) == keys(4)
    mixed = [(key, "one" if number < 3 else "two") for number, key in enumerate(keys(6))]
    assert [key[0] for key in checking.chosen(mixed, {"other": 1}, beat)] == ["s0", "s1", "s3"]


@pytest.mark.parametrize(
    ("check", "host"),
    [
        (HealthCheck("login"), "https://web.example.com"),
        (HealthCheck("login", host="api"), "https://api.example.com"),
        (HealthCheck("db", tcp="db.example.com:5432"), "db.example.com:5432"),
    ],
)
def test_whom_it_asks(check: HealthCheck, host: str) -> None:
    staging = a_staging(urls={"web": "https://web.example.com", "api": "https://api.example.com"})
    assert checking.host_of(check, staging) == host
