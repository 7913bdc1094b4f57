"""Which branches moved, came and went, as listings and their failures tell it; and when to look again."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from builders import NOW, a_commit, seconds
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.following import (
    RHYTHM,
    Appeared,
    Gone,
    Look,
    Moved,
    News,
    OutageBegan,
    OutageEnded,
    Repository,
    asked,
    at_address,
    failed,
    host_answered,
    listed,
    said_deleted,
)

REPO = "https://git.example.com/shop"
ONE, TWO, THREE = a_commit(1), a_commit(2), a_commit(3)
MAIN = {"main": ONE}


@dataclass
class Follower:
    """A repository that is looked at. Times are seconds after NOW; a look takes one."""

    repository: Repository = field(default_factory=lambda: Repository(REPO, NOW))

    def sees(self, at: float, listing: Mapping[str, str]) -> tuple[News, ...]:
        outcome = listed(self.repository, listing, a_look(at))
        self.repository = outcome.repository
        return outcome.news

    def fails(self, at: float, reason: str = "Can't reach it", chance: float = 0.5) -> tuple[News, ...]:
        outcome = failed(self.repository, reason, a_look(at, chance))
        self.repository = outcome.repository
        return outcome.news

    def asks(self, at: float) -> None:
        self.repository = asked(self.repository, NOW + seconds(at))

    def says_deleted(self, at: float, branch: str) -> None:
        self.repository = said_deleted(self.repository, branch, NOW + seconds(at))

    @property
    def next(self) -> float:
        return (self.repository.next_look - NOW).total_seconds()


def a_look(at: float, chance: float = 0.5) -> Look:
    return Look(NOW + seconds(at), NOW + seconds(at + 1), chance)


def a_follower(at: float = -10, **heads: str) -> Follower:
    """One that has seen main at ONE, and these."""
    follower = Follower()
    assert follower.sees(at, MAIN | heads) == ()
    return follower


# --- branches ---------------------------------------------------------------------------------------------------------


def test_the_first_listing_tells_of_nothing() -> None:
    assert a_follower(login=ONE).repository.heads == MAIN | {"login": ONE}


def test_moves_and_new_branches_are_told_once() -> None:
    follower = a_follower(login=ONE)
    listing = MAIN | {"login": TWO, "cart": ONE}
    assert follower.sees(0, listing) == (Moved("login", ONE, TWO), Appeared("cart", ONE))
    assert follower.sees(40, listing) == ()


def test_pushes_in_a_row_are_one_move_to_the_newest() -> None:
    follower = a_follower(login=ONE)
    assert follower.sees(0, MAIN | {"login": TWO}) == (Moved("login", ONE, TWO),)
    assert follower.sees(4, MAIN | {"login": THREE}) == ()
    assert follower.next == 11  # ten seconds after it was told
    assert follower.sees(9.5, MAIN | {"login": a_commit(4)}) == ()
    assert follower.next == 11.5  # two seconds after it was looked
    assert follower.sees(11.5, MAIN | {"login": a_commit(5)}) == (Moved("login", TWO, a_commit(5)),)


def test_a_push_that_is_taken_back_while_it_settles_is_none() -> None:
    follower = a_follower(login=ONE)
    follower.sees(0, MAIN | {"login": TWO})
    assert follower.sees(4, MAIN | {"login": THREE}) == ()
    assert follower.sees(8, MAIN | {"login": TWO}) == ()
    assert follower.next > 30


def test_a_branch_is_gone_when_it_is_missing_in_two_listings_minutes_apart() -> None:
    follower = a_follower(login=TWO)
    assert follower.sees(0, MAIN) == ()
    assert follower.sees(119, MAIN) == ()
    assert follower.sees(120, MAIN) == (Gone("login", TWO),)
    assert follower.sees(160, MAIN) == ()


def test_a_branch_that_is_seen_in_between_was_never_missing() -> None:
    follower = a_follower(login=ONE)
    follower.sees(0, MAIN)
    assert follower.sees(60, MAIN | {"login": ONE}) == ()
    assert follower.sees(120, MAIN) == ()
    assert follower.sees(239, MAIN) == ()
    assert follower.sees(240, MAIN) == (Gone("login", ONE),)


def test_a_deletion_that_the_host_tells_of_needs_one_listing() -> None:
    follower = a_follower(login=ONE)
    follower.says_deleted(5, "login")
    assert follower.next == 5
    assert follower.sees(5.1, MAIN) == (Gone("login", ONE),)
    follower.says_deleted(6, "login")  # the same once more
    assert follower.sees(8, MAIN) == ()


def test_a_listing_from_before_the_host_told_proves_nothing() -> None:
    follower = a_follower(login=ONE)
    follower.says_deleted(0.5, "login")
    assert follower.sees(0, MAIN | {"login": ONE}) == ()  # it began before, and ended after
    assert follower.next == 2
    assert follower.sees(2, MAIN) == (Gone("login", ONE),)


def test_what_the_host_told_of_a_branch_that_is_there_again_is_over() -> None:
    follower = a_follower(login=ONE)
    follower.says_deleted(5, "login")
    assert follower.sees(6, MAIN | {"login": TWO}) == (Moved("login", ONE, TWO),)
    assert follower.sees(50, MAIN) == ()  # so it has to be missing twice
    assert follower.repository.deleted == {}


def test_a_branch_that_is_back_appears() -> None:
    follower = a_follower(login=ONE)
    follower.says_deleted(0, "login")
    follower.sees(1, MAIN)
    assert follower.sees(40, MAIN | {"login": ONE}) == (Appeared("login", ONE),)


def test_what_another_repository_had_is_not_missing_in_this_one() -> None:
    follower = a_follower(login=ONE)
    assert at_address(follower.repository, REPO, NOW) is follower.repository
    follower.repository = at_address(follower.repository, "https://git.example.com/elsewhere", NOW)
    assert (follower.next, follower.sees(0, MAIN), follower.sees(200, MAIN)) == (0, (), ())
    assert at_address(None, REPO, NOW) == Repository(REPO, NOW)


def test_all_of_that_within_a_moment() -> None:
    follower = a_follower(login=ONE)
    assert follower.sees(0, MAIN | {"login": TWO}) == (Moved("login", ONE, TWO),)
    follower.says_deleted(2, "login")
    assert follower.sees(3, MAIN) == (Gone("login", TWO),)
    assert follower.sees(5, MAIN | {"login": THREE}) == (Appeared("login", THREE),)


# --- outages ----------------------------------------------------------------------------------------------------------


def test_an_hour_without_its_host_removes_nothing_and_is_told_once() -> None:
    follower = a_follower(login=ONE, cart=ONE)
    news: list[News] = []
    looks: list[float] = []
    while follower.next < 3600:
        looks.append(follower.next)
        news += follower.fails(follower.next, f"401, look {len(looks)}")
    assert news == [OutageBegan(NOW + seconds(30), "401, look 9")]
    assert (looks[0], looks[8]) == (30, 630)  # ten minutes later it is told
    assert len(looks) < 15
    back = follower.next
    assert follower.sees(back, MAIN | {"login": TWO}) == (
        OutageEnded(NOW + seconds(looks[0])),
        Moved("login", ONE, TWO),
    )
    assert follower.sees(back + 40, MAIN | {"login": TWO}) == ()
    assert follower.sees(back + 121, MAIN | {"login": TWO}) == (Gone("cart", ONE),)


def test_short_failures_are_not_told() -> None:
    follower = a_follower()
    assert follower.fails(0) == follower.fails(590) == follower.sees(595, MAIN) == ()
    assert follower.fails(600) == follower.fails(1190) == ()
    assert len(follower.fails(1200)) == 1


def test_pauses_double_up_to_ten_minutes_and_vary() -> None:
    def pauses(chance: float) -> list[float]:
        follower, found = a_follower(), []
        for _ in range(100):
            at = follower.next
            follower.fails(at, chance=chance)
            found.append(follower.next - at - 1)
        return found

    assert pauses(1)[:6] == [5, 10, 20, 40, 80, 160]
    assert pauses(0)[:6] == [4, 8, 16, 32, 64, 128]
    assert (pauses(1)[-1], pauses(0)[-1]) == (600, 480)


def test_when_another_repository_of_the_host_answers_it_is_soon_looked() -> None:
    follower = a_follower()
    for at in range(0, 400, 20):
        follower.fails(at)
    assert follower.next == 600  # when it is told
    follower.repository = host_answered(follower.repository, NOW + seconds(400), 0.5)
    assert follower.next == 405
    well = a_follower().repository
    assert host_answered(well, NOW, 0) == well


def test_what_was_told_of_an_outage_is_known_at_another_address() -> None:
    follower = a_follower()
    follower.fails(0)
    assert len(follower.fails(700)) == 1
    follower.repository = at_address(follower.repository, "https://git.example.com/elsewhere", NOW + seconds(800))
    assert follower.sees(800, MAIN) == (OutageEnded(NOW),)


# --- when to look -----------------------------------------------------------------------------------------------------


def test_looks_that_nobody_asked_for_are_jittered() -> None:
    ends = [listed(Repository(REPO, NOW), MAIN, a_look(0, chance)).repository.next_look for chance in (0, 0.5, 1)]
    assert ends == [NOW + seconds(30), NOW + seconds(40), NOW + seconds(50)]


def test_a_long_look_makes_the_next_one_no_later() -> None:
    long = Look(NOW, NOW + seconds(45), 0.5)
    assert listed(Repository(REPO, NOW), MAIN, long).repository.next_look == NOW + seconds(45)


def test_who_asks_is_answered_at_once_but_not_each_time() -> None:
    follower = a_follower()
    follower.asks(0)
    assert follower.next == 0
    follower.sees(0.1, MAIN)
    assert follower.next > 30
    follower.asks(0.5)  # while the look went on, as it took a second
    assert follower.next == 2.1
    follower.asks(30)
    assert follower.next == 2.1


def test_who_asks_during_a_look_is_answered_by_another_one() -> None:
    follower = a_follower()
    follower.asks(0.5)
    follower.sees(0, MAIN)
    assert follower.next == 2
    follower.sees(2, MAIN)
    assert follower.next > 30


def test_while_looks_fail_asking_helps_less() -> None:
    follower = a_follower()
    for at in range(0, 800, 40):
        follower.fails(at)
    follower.asks(770)
    assert follower.next == 790  # thirty seconds after the last one


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    follower = a_follower(at=3600, login=ONE, cart=ONE)
    assert follower.sees(3640, MAIN | {"login": TWO}) == (Moved("login", ONE, TWO),)
    follower.asks(3645)
    follower.says_deleted(3646, "login")
    follower.asks(0)
    assert follower.next == 2
    assert follower.sees(2, MAIN | {"login": THREE}) == (Moved("login", TWO, THREE),)
    assert follower.sees(4, MAIN | {"login": THREE}) == ()
    assert 34 <= follower.next <= 54
    assert follower.sees(122, MAIN) == (Gone("cart", ONE),)  # as at 2 it was missing, too
    assert follower.repository.deleted == {}  # what was said of the other one is over


def test_an_outage_is_told_although_the_clock_was_set_back() -> None:
    follower = a_follower()
    assert follower.fails(3600) == follower.fails(0) == ()
    assert follower.fails(600) == (OutageBegan(NOW, "Can't reach it"),)


# --- any order --------------------------------------------------------------------------------------------------------

BRANCHES = ["main", "login", "cart"]
branches = st.sampled_from(BRANCHES)
waits = st.sampled_from([0.0, 0.4, 3.0, 11.0, 40.0, 130.0, 900.0, -50.0])
happenings = st.one_of(
    st.tuples(st.just("push"), branches),
    st.tuples(st.just("delete"), st.sampled_from(BRANCHES[1:])),
    st.tuples(st.just("look"), st.just("")),
    st.tuples(st.just("look"), st.just("")),
    st.tuples(st.just("fail"), st.just("")),
    st.tuples(st.just("ask"), st.just("")),
    st.tuples(st.just("word"), branches),  # true or not, late, twice
    st.tuples(st.just("push during a look"), branches),
)


class Host:
    """A git host, and what whoever follows it believes of its branches."""

    def __init__(self) -> None:
        self.now = NOW
        self.heads = {"main": a_commit(0)}
        self.commits = 0
        self.repository = Repository(REPO, NOW)
        self.believed: dict[str, str] = {}
        self.told_at: dict[str, datetime] = {}
        self.absent: dict[str, list[datetime]] = {}
        self.words: dict[str, list[datetime]] = {}
        self.outage = False

    def happens(self, what: str, branch: str) -> None:
        match what:
            case "push":
                self.push(branch)
            case "delete":
                self.heads.pop(branch, None)
            case "look":
                self.look()
            case "fail":
                self.fail()
            case "ask":
                self.repository = asked(self.repository, self.now)
            case "word":
                self.words.setdefault(branch, []).append(self.now)
                self.repository = said_deleted(self.repository, branch, self.now)
            case _:
                self.look(lambda: self.push(branch))

    def waits(self, wait: float) -> None:
        self.now += seconds(wait)
        if wait < 0:  # nobody knows any more how long ago it was
            self.told_at.clear()

    def push(self, branch: str) -> None:
        self.commits += 1
        self.heads[branch] = a_commit(self.commits)

    def look(self, meanwhile: object = None) -> None:
        began, listing, first = self.now, dict(self.heads), not self.repository.heads
        self.now += seconds(0.2)
        if callable(meanwhile):
            meanwhile()
            self.repository = asked(self.repository, self.now)
        self.now += seconds(0.2)
        for branch in BRANCHES:
            self.absent[branch] = [] if branch in listing else [*self.absent.get(branch, []), began]
        outcome = listed(self.repository, listing, Look(began, self.now, 0.5))
        self.repository = outcome.repository
        self.believed = listing if first else self.believed
        told = Counter(news.branch for news in outcome.news if isinstance(news, Moved | Appeared | Gone))
        assert not told or max(told.values()) == 1
        for news in outcome.news:
            self.hears(news, listing, began)
        assert not self.outage
        assert began + RHYTHM.apart <= self.repository.next_look <= max(began + RHYTHM.most, self.now)

    def hears(self, news: News, listing: Mapping[str, str], began: datetime) -> None:
        match news:
            case Moved(branch, before, commit):
                assert (self.believed[branch], listing[branch]) == (before, commit) and before != commit
                assert branch not in self.told_at or self.now - self.told_at[branch] >= RHYTHM.settle
                self.believed[branch], self.told_at[branch] = commit, self.now
            case Appeared(branch, commit):
                assert branch not in self.believed and listing[branch] == commit
                self.believed[branch], self.told_at[branch] = commit, self.now
            case Gone(branch, commit):
                assert self.believed.pop(branch) == commit and branch not in listing
                apart = began - min(self.absent[branch]) >= RHYTHM.missing
                assert apart or self.words.get(branch)
            case OutageEnded():
                assert self.outage
                self.outage = False

    def fail(self) -> None:
        before = self.repository
        outcome = failed(before, "401", Look(self.now, self.now + seconds(0.4), 0.5))
        self.now += seconds(0.4)
        self.repository = outcome.repository
        assert (self.repository.heads, self.repository.missing) == (before.heads, before.missing)
        if outcome.news:
            assert isinstance(outcome.news[0], OutageBegan) and not self.outage
            self.outage = True
        assert self.now < self.repository.next_look <= self.now + RHYTHM.longest


@settings(max_examples=200)
@given(st.lists(st.tuples(happenings, waits), max_size=40))
@example([(("look", ""), 0.0), (("push", "cart"), 0.0), (("look", ""), 3.0), (("push during a look", "cart"), 3.0)])
@example([(("push", "cart"), 0.0), (("look", ""), 0.0), (("delete", "cart"), 0.0), (("look", ""), 130.0)])
@example([(("fail", ""), 900.0), (("fail", ""), 0.0), (("look", ""), 0.0)])
def test_whatever_happens_in_whatever_order_it_ends_at_the_heads(
    happened: list[tuple[tuple[str, str], float]],
) -> None:
    host = Host()
    for (what, branch), wait in happened:
        host.happens(what, branch)
        host.waits(wait)
    for _ in range(8):  # and now nothing happens any more
        host.look()
        host.now = max(host.now, host.repository.next_look)
    assert host.believed == host.heads == host.repository.heads
    assert (host.repository.missing, host.repository.deleted, host.repository.asked_at) == ({}, {}, None)
