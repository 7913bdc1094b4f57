"""What holds for whatever is known of a breakage; and nobody is named who has done nothing, in whatever small world."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from builders import NOW, seconds
from facts import (
    ALICE,
    BASE,
    BEGAN,
    BOB,
    BY_BOB,
    CAROL,
    CART,
    CRASHES,
    FORMER,
    HEAD,
    LOGIN,
    LONG_AGO,
    MAIN,
    NONE,
    OWN,
    WITH_CART,
    a_range,
    facts,
    includes,
    key,
    other,
    sign,
    was_well,
)
from hypothesis import event, given, settings
from hypothesis import strategies as st
from worlds import OF_MAIN, Put, World, Wrong, commit, culprits, facts_of

from bot.domain import evidence
from bot.domain.evidence import NOBODY, Facts, Range, Says
from bot.domain.finding import Cause, Confidence, Finding, Offer, find
from bot.domain.status import SignKind
from bot.written import finding_json, finding_of

thorough = settings(max_examples=100)
worldly = settings(max_examples=300)

moments = st.sampled_from([LONG_AGO, BEGAN - seconds(700), BEGAN - seconds(15), BEGAN, BEGAN + seconds(10), NOW])
maybe_moments = st.none() | moments
commits = st.sampled_from([BASE, HEAD, FORMER, MAIN, "7" * 40])
ranges = st.sampled_from(
    [OWN, BY_BOB, NONE, CART, WITH_CART, replace(OWN, count=90), a_range(("9", CAROL), ("4", BOB), old=FORMER)]
)
differing = st.sampled_from([(), (), ("A",), ("A", "B")])
testimonies = st.just(NOBODY) | st.builds(
    evidence.Testimony, st.sampled_from(Says), commits, differing, maybe_moments, maybe_moments, fresh=st.booleans()
)
formers = st.none() | st.builds(
    lambda commits, changes, **more: was_well(commits, *changes, **more),
    st.none() | ranges,
    st.sampled_from([(), (key("A"),), (key("A"), key("B"))]),
    until=moments,
    first_bad=st.sampled_from([3, 4]),
    bad_since=maybe_moments,
    brought=st.none() | ranges,
    rewritten=st.booleans(),
)
signs = st.lists(
    st.builds(sign, st.sampled_from(SignKind), st.sampled_from([-600, -30, 0, 30, 600]), st.sampled_from(["", "w-2"]))
)
WORDS = ("node w-2", "address a.example.com:443", "A=1")
others = st.lists(
    st.builds(
        lambda name, words, **more: other(name, *words, **more),
        st.sampled_from(["cart", "pay"]),
        st.lists(st.sampled_from(WORDS)),
        since=moments,
        unchanged=st.booleans(),
        check=st.sampled_from(["login", "cart"]),
    ),
    max_size=2,
    unique_by=lambda one: one.staging,
)
included = st.lists(st.builds(includes, testimonies, st.sampled_from(["f/a", "f/b"]), ranges), max_size=2)
known: st.SearchStrategy[Facts] = st.fixed_dictionaries(
    {},
    optional={
        "symptom": st.sampled_from([LOGIN, CRASHES]),
        "is_baseline": st.booleans(),
        "commit": commits,
        "release": st.sampled_from([1, 4]),
        "passed_here": maybe_moments,
        "former": formers,
        "base": st.just("") | commits,
        "base_says": testimonies,
        "own": st.none() | ranges,
        "behind": st.sampled_from([None, 0, 3]),
        "main": testimonies,
        "healed": st.sampled_from(["", MAIN]),
        "included": included.map(tuple),
        "same_commit": testimonies,
        "has_data": st.booleans(),
        "data_since": maybe_moments,
        "ill_since": maybe_moments,
        "main_has_base": st.booleans(),
        "signs": signs.map(tuple),
        "others": others.map(tuple),
        "shared": st.lists(st.sampled_from(WORDS)).map(tuple),
        "healthy": st.lists(st.lists(st.sampled_from(WORDS)).map(tuple), max_size=2).map(tuple),
    },
).map(lambda some: facts(**some))


@thorough
@given(known)
def test_whatever_is_known_something_follows_that_can_be_kept(known: Facts) -> None:
    finding = find(known)
    assert finding_of(finding_json(finding)) == finding


@thorough
@given(known)
def test_people_are_named_only_for_commits_of_which_it_is_proven(known: Facts) -> None:
    finding = find(known)
    proven = finding.confidence is Confidence.PROVEN
    if finding.people:
        assert proven and finding.cause is Cause.CODE and finding.commits
        assert finding.people == finding.commits.authors
    if finding.suspects:
        assert not proven and not finding.feature
    if finding.cause is Cause.UNKNOWN:
        assert not proven and not finding.feature


@thorough
@given(known)
def test_what_is_proven_needs_no_more_witnesses(known: Facts) -> None:
    finding = find(known)
    if finding.confidence is Confidence.PROVEN:
        assert not {Offer.CHECK_BASE, Offer.FRESH_DATA} & set(finding.offers)
    former = known.former
    assert (Offer.ROLLBACK in finding.offers) is (former is not None and former.number != former.first_bad)


@thorough
@given(known)
def test_no_commits_are_to_blame_where_they_can_not_be(known: Facts) -> None:
    finding = find(known)
    if known.is_baseline:
        assert finding.cause not in (Cause.BASELINE, Cause.BEHIND)
    elif known.main.says is Says.FAILS:
        assert finding.cause is Cause.BASELINE
    elif known.passed_here or (known.own is not None and not known.own.count):
        assert finding.cause is not Cause.CODE


def irrelevant(known: Facts) -> Sequence[dict[str, Any]]:
    """What has nothing to do with it."""
    long_ago = sign(SignKind.RESTARTED, -3000)
    elsewhere = other("far", "address far.example.com:1", since=LONG_AGO, unchanged=True, check="other")
    unmet = includes(NOBODY, "f/far", a_range(("e", CAROL), new="e"))
    return (
        {"signs": (*known.signs, long_ago)},
        {"others": (*known.others, elsewhere)},
        {"shared": (*known.shared, "address near.example.com:1")},
        {"now": known.now + timedelta(minutes=1)},
        {"main_passed": LONG_AGO},
        {"included": (*known.included, unmet)},
    )


@thorough
@given(known)
def test_what_has_nothing_to_do_with_it_changes_nothing(known: Facts) -> None:
    finding = find(known)
    for more in irrelevant(known):
        if "included" in more and not _all_known(known):
            continue
        assert replace(find(replace(known, **more)), signs=()) == replace(finding, signs=())


def _all_known(known: Facts) -> bool:
    """Of a range that is not known whole, anything may be part."""
    former = known.former.commits if known.former else None
    ranges = [former, known.own, *(one.commits for one in known.included)]
    return all(one is None or one.count <= len(one.changes) for one in ranges)


@thorough
@given(known)
def test_to_know_less_of_the_well_makes_nobody_else_guilty(known: Facts) -> None:
    finding = find(known)
    if finding.people and known.main.says is Says.PASSES:
        assert find(replace(known, main=NOBODY)).people in ((), finding.people)
    if finding.people and known.base_says.says is Says.PASSES:
        assert find(replace(known, base_says=NOBODY)).people in ((), finding.people)


# --- worlds ----------------------------------------------------------------------------------------------------------


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """One thing is wrong with each. What can't be told from anything else is left out: an outage that begins just when
    something is put there, while nobody else is asked."""
    wrong = draw(st.sampled_from(Wrong))
    releases = draw(histories())
    main = frozenset(OF_MAIN[: draw(st.integers(1, 3))])
    world = World(
        wrong,
        releases=releases,
        main=main,
        mended=draw(st.booleans()),
        main_asked=draw(st.booleans()),
        base_asked=draw(st.booleans()),
        base_recorded=draw(st.booleans()),
        other_asked=draw(st.booleans()),
        data=draw(st.booleans()) or wrong is Wrong.DATA,
        fresh_asked=draw(st.booleans()),
        neighbour=draw(st.booleans()),
    )
    if wrong is Wrong.COMMIT:
        return replace(world, bad=draw(st.sampled_from(sorted(world.ill.commits))))
    if wrong in (Wrong.KEY, Wrong.OUTAGE_OF_KEY):
        world = replace(world, bad=draw(st.sampled_from(["A", "B"])))
    if wrong is Wrong.KEY:
        own = sorted(world.ill.commits - set(OF_MAIN))
        return replace(world, reads=frozenset(draw(st.sampled_from([*own, ""])) for _ in "1") - {""})
    return replace(world, since=draw(times(releases)))


@st.composite
def times(draw: st.DrawFn, releases: Sequence[Put]) -> int:
    """While somebody looks; or in a long time in which nobody does."""
    watched = [at + 5 for put in releases for at in range(put.at + 10, put.seen_until - 10, 10)]
    asleep = [one.seen_until + 300 for one, next_ in pairwise(releases) if next_.at - one.seen_until > 600]
    return draw(st.sampled_from([*asleep, *watched]))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Put, ...]:
    """One to three releases, each with at least what the one before it had; the last one is seen until the end."""
    count = draw(st.integers(1, 3))
    commits, keys = {"b"}, set[str]()
    commits.update(draw(st.sampled_from([(), ("o1",), ("x1", "x2", "o1")])))
    puts: list[Put] = []
    for turn in range(count):
        commits.update(draw(st.sampled_from([(), ("o2",), ("o2", "o3"), ("m",), ("m", "o2"), ("x1", "x2")])))
        keys ^= set(draw(st.sampled_from([(), (), ("A",), ("A", "B")])))
        at = 3600 - (count - turn) * 1100
        until = at + draw(st.sampled_from([60, 1060])) if turn < count - 1 else 3600
        puts.append(Put(at, until, frozenset(commits), frozenset(keys)))
    return tuple(puts)


RIGHT = {
    Cause.CODE: {Wrong.COMMIT, Wrong.KEY},
    Cause.CONFIGURATION: {Wrong.KEY, Wrong.OUTAGE_OF_KEY},
    Cause.DATA: {Wrong.DATA},
    Cause.BASELINE: {Wrong.COMMIT, Wrong.OUTAGE},
    Cause.BEHIND: {Wrong.COMMIT},
    Cause.RESTART: {Wrong.PROCESS},
}


@worldly
@given(worlds())
def test_nobody_is_named_who_has_done_nothing(world: World) -> None:
    known = facts_of(world)
    if known is None:
        return
    finding = find(known)
    event(f"{world.wrong}: {finding.cause} {finding.confidence}")
    if finding.people:
        assert _did_it(world, finding.commits)
    if finding.confidence is Confidence.PROVEN:
        assert world.wrong in RIGHT[finding.cause], (world.wrong, finding.cause)
        if finding.cause is Cause.CODE:
            assert finding.feature == _whose(world)
        if finding.cause in (Cause.BASELINE, Cause.BEHIND) and world.wrong is Wrong.COMMIT:
            assert world.bad in OF_MAIN


def _did_it(world: World, named: Range | None) -> bool:
    guilty = {commit(frozenset({one})) for one in culprits(world)}
    return named is not None and any(change.commit in guilty for change in named.changes)


def _whose(world: World) -> str:
    return "feature/cart" if any(one.startswith("x") for one in culprits(world)) else "feature/login"


def _found(**of: Any) -> Finding:
    plain = World(Wrong.COMMIT, releases=(Put(0, 3600, frozenset({"b", "o1", "o2"})),))
    known = facts_of(replace(plain, **of))
    assert known
    return find(known)


def test_in_a_world_where_all_are_asked_it_is_found_out() -> None:
    two = (Put(0, 1800, frozenset({"b", "o1"})), Put(1810, 3600, frozenset({"b", "o1", "o2"})))
    assert _found(bad="o1").people == (ALICE, BOB)[::-1]
    assert _found(bad="o2", releases=two).people == (BOB,)
    assert _found(bad="b").cause is Cause.BASELINE
    assert _found(bad="b", mended=True, main=frozenset(OF_MAIN)).cause is Cause.BEHIND
    assert _found(wrong=Wrong.DATA, since=1000, data=True, fresh_asked=True).cause is Cause.DATA
    assert _found(wrong=Wrong.OUTAGE, since=1000).cause is Cause.BASELINE
