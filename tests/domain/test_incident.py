"""Which breakages are one incident, and what becomes of it: evidence that all share, not coincidence."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from builders import NOW, seconds
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.incident import Breakage, Closed, Group, Incident, Joined, Left, Opened, Step, groups, steps

NODE, PAY, DNS = "node worker-2", "address pay.example.com:443", "dns pay.example.com"
TEST, LIVE = "PAYMENTS=test", "PAYMENTS=live"


def broke(staging: str, *shared: str, at: float = 0, check: str = "login", unchanged: bool = True) -> Breakage:
    return Breakage(staging, NOW + seconds(at), check, unchanged, shared)


def told(found: Sequence[Group]) -> str:
    return "; ".join(f"{group.word}: {' '.join(group.stagings)}" for group in found)


Words = tuple[str, ...]


@pytest.mark.parametrize(
    ("breakages", "healthy", "expected"),
    [
        pytest.param([], (), "", id="nothing is broken"),
        pytest.param([broke("a", NODE)], (), "", id="one is no incident"),
        pytest.param([broke("a", NODE), broke("b", NODE, at=60)], (), f"{NODE}: a b", id="a node"),
        pytest.param([broke("a", NODE), broke("b", NODE, at=120)], (), f"{NODE}: a b", id="within two minutes"),
        pytest.param([broke("a", NODE), broke("b", NODE, at=121)], (), "", id="a second later"),
        pytest.param([broke("a"), broke("b")], (), "", id="at the same time, the same check, nothing shared"),
        pytest.param([broke("a", PAY), broke("b", NODE)], (), "", id="different words"),
        pytest.param(
            [broke("a", PAY, check="cart"), broke("b", PAY, check="", unchanged=False)],
            (),
            f"{PAY}: a b",
            id="what can't be reached may fail different checks, and of new releases as well",
        ),
        pytest.param(
            [broke("a", PAY), broke("b", PAY)], ((PAY,),), "", id="who is well can't reach it either: it is no matter"
        ),
        pytest.param(
            [broke("a", PAY), broke("b", PAY, at=100), broke("c", PAY, at=200)],
            (),
            f"{PAY}: b c",
            id="of three in a row the two that are newest",
        ),
        pytest.param(
            [broke("a", PAY), broke("b", PAY, at=60), broke("c", PAY, at=110), broke("d", PAY, at=900)],
            (),
            f"{PAY}: a b c",
            id="the most within two minutes",
        ),
        pytest.param(
            [broke("a", NODE, PAY), broke("b", NODE, PAY)], (), f"{NODE}: a b", id="the node tells more than an address"
        ),
        pytest.param(
            [broke("a", NODE, PAY), broke("b", NODE, PAY), broke("c", PAY)],
            (),
            f"{PAY}: a b c",
            id="what explains most of them counts",
        ),
        pytest.param(
            [broke("a", NODE), broke("b", NODE), broke("c", DNS), broke("d", DNS)],
            (),
            f"{NODE}: a b; {DNS}: c d",
            id="two incidents at a time",
        ),
        pytest.param(
            [broke("a", TEST), broke("b", TEST)], ((LIVE,),), f"{TEST}: a b", id="a value that nobody has who is well"
        ),
        pytest.param([broke("a", TEST), broke("b", TEST)], ((TEST,), (LIVE,)), "", id="who is well has it, too"),
        pytest.param([broke("a", TEST), broke("b", TEST)], (), "", id="nobody is well, so a value tells nothing"),
        pytest.param([broke("a", TEST), broke("b", LIVE)], ((),), "", id="one of them lacks it"),
        pytest.param(
            [broke("a", TEST), broke("b", TEST), broke("c", LIVE)],
            ((LIVE,),),
            "",
            id="one that fails the same lacks it",
        ),
        pytest.param(
            [broke("a", TEST), broke("b", TEST, unchanged=False)], ((LIVE,),), "", id="one of them has been changed"
        ),
        pytest.param(
            [broke("a", TEST), broke("b", TEST, check="cart")], ((LIVE,),), "", id="they fail different checks"
        ),
        pytest.param(
            [broke("a", TEST, check=""), broke("b", TEST, check="")],
            ((LIVE,),),
            "",
            id="workloads end for many reasons",
        ),
        pytest.param([broke("a", TEST), broke("b", TEST, at=3600)], ((LIVE,),), "", id="an hour apart"),
    ],
)
def test_what_belongs_together(breakages: list[Breakage], healthy: tuple[Words, ...], expected: str) -> None:
    assert told(groups(breakages, healthy)) == expected


OPEN = Incident("i1", PAY, NOW, frozenset({"a", "b"}))
OF_VALUE = replace(OPEN, word=TEST)
TWO = [broke("a", PAY), broke("b", PAY)]


@pytest.mark.parametrize(
    ("incidents", "breakages", "healthy", "expected"),
    [
        pytest.param([], TWO, (), [Opened(Group(PAY, ("a", "b")))], id="it begins"),
        pytest.param([OPEN], TWO, (), [], id="it goes on"),
        pytest.param([OPEN], [*TWO, broke("c", PAY, at=900)], (), [Joined("i1", "c")], id="a later one meets the same"),
        pytest.param([OPEN], [*TWO, broke("c", PAY, at=-900)], (), [], id="that was broken long before"),
        pytest.param([OPEN], [*TWO, broke("c", NODE)], (), [], id="that has another reason"),
        pytest.param([OPEN], TWO[:1], (), [Left("i1", "b")], id="one is well again"),
        pytest.param([OPEN], [], (), [Left("i1", "a"), Left("i1", "b"), Closed("i1")], id="all are well again"),
        pytest.param(
            [OPEN],
            [broke("c", PAY, at=900)],
            (),
            [Left("i1", "a"), Left("i1", "b"), Closed("i1")],
            id="it is over, and a new one alone is no incident",
        ),
        pytest.param(
            [OPEN],
            [broke("a"), broke("b")],
            (),
            [],
            id="who is in it stays until it is well, whatever is said later",
        ),
        pytest.param(
            [OPEN],
            [*TWO, broke("c", NODE), broke("d", NODE)],
            (),
            [Opened(Group(NODE, ("c", "d")))],
            id="a second one begins",
        ),
        pytest.param(
            [OPEN],
            [*TWO, broke("c", PAY, NODE, at=60), broke("d", NODE, at=60)],
            (),
            [Joined("i1", "c")],
            id="nobody is in two",
        ),
        pytest.param(
            [OF_VALUE],
            [broke("a", TEST), broke("b", TEST), broke("c", TEST, at=900)],
            ((LIVE,),),
            [Joined("i1", "c")],
            id="a later one with the value",
        ),
        pytest.param(
            [OF_VALUE],
            [broke("a", TEST), broke("b", TEST), broke("c", TEST, unchanged=False), broke("d", TEST, check="cart")],
            ((LIVE,),),
            [],
            id="with the value, but changed, or failing something else",
        ),
        pytest.param(
            [OF_VALUE],
            [broke("a", TEST), broke("b", TEST), broke("c", TEST)],
            ((TEST,),),
            [],
            id="by now one that is well has the value",
        ),
    ],
)
def test_what_becomes_of_incidents(
    incidents: list[Incident], breakages: list[Breakage], healthy: tuple[Words, ...], expected: list[Step]
) -> None:
    assert list(steps(incidents, breakages, healthy)) == expected


words = st.lists(st.sampled_from([NODE, PAY, DNS, TEST, LIVE]), max_size=3).map(tuple)
some = st.lists(
    st.builds(
        Breakage,
        st.sampled_from("abcdef"),
        st.integers(0, 300).map(lambda after: NOW + seconds(after)),
        st.sampled_from(["", "login", "cart"]),
        st.booleans(),
        words,
    ),
    unique_by=lambda one: one.staging,
)
healthy_ones = st.lists(words, max_size=3).map(tuple)


def after(incidents: Sequence[Incident], done: Sequence[Step]) -> list[Incident]:
    """The incidents that are open then."""
    found = {one.id: one for one in incidents}
    for step in done:
        match step:
            case Opened(group):
                found[group.word] = Incident(group.word, group.word, NOW, frozenset(group.stagings))
            case Joined(id, staging):
                found[id] = replace(found[id], members=found[id].members | {staging})
            case Left(id, staging):
                found[id] = replace(found[id], members=found[id].members - {staging})
            case Closed(id):
                assert not found.pop(id).members
    return list(found.values())


@settings(max_examples=60)
@given(some, some, healthy_ones)
def test_nobody_is_in_two_and_it_comes_to_rest(
    first: list[Breakage], second: list[Breakage], healthy: tuple[Words, ...]
) -> None:
    incidents: list[Incident] = []
    for breakages in (first, second):
        incidents = after(incidents, steps(incidents, breakages, healthy))
        # Who broke too late to be among those that open one, joins it.
        incidents = after(incidents, steps(incidents, breakages, healthy))
        members = [staging for one in incidents for staging in one.members]
        assert len(members) == len(set(members))
        assert set(members) <= {one.staging for one in breakages}
        assert not steps(incidents, breakages, healthy)
    assert not after(incidents, steps(incidents, (), healthy))


@settings(max_examples=60)
@given(some, healthy_ones)
def test_what_is_together_shares_the_word_and_the_time(breakages: list[Breakage], healthy: tuple[Words, ...]) -> None:
    known = {one.staging: one for one in breakages}
    for group in groups(breakages, healthy):
        members = [known[staging] for staging in group.stagings]
        assert len(members) >= 2 and all(group.word in one.shared for one in members)
        assert members[-1].began_at - members[0].began_at <= seconds(120)
        assert not any(group.word in words for words in healthy)
    assert groups(breakages[::-1], healthy) == groups(breakages, healthy)
