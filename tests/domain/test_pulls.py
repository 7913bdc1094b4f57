"""Pull requests: how they are named, and what their news mean, also when these arrive out of order."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import PurePosixPath

import pytest
from builders import NOW, a_commit
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.hearsay import PullRequest, PullState
from bot.domain.model import Ending, Pull
from bot.domain.project import DeployOn, Manifests, Project
from bot.domain.pulls import Named, arrives, called, ends, from_fork, is_named, named, newest, refs_of

SHOP = Project("shop", "https://github.com/acme/shop.git", Manifests(PurePosixPath(".")), "c", "a")
OPEN = PullRequest(7, "feature-x", a_commit(1), "main", PullState.OPEN, "Orders", updated_at=NOW - timedelta(hours=1))
PUSHED = replace(OPEN, commit=a_commit(2))
LABELLED = replace(OPEN, labels=("staging",))
CLOSED, MERGED = replace(OPEN, state=PullState.CLOSED), replace(OPEN, state=PullState.MERGED)
FORK = replace(OPEN, fork=True)


def shop(deploy_on: DeployOn) -> Project:
    return replace(SHOP, deploy_on=deploy_on)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("#7", Named(7)),
        ("!45", Named(45)),
        ("refs/pull/7/head", Named(7)),
        ("refs/merge-requests/45/head", Named(45)),
        ("https://github.com/acme/shop/pull/7", Named(7, "https://github.com/acme/shop")),
        ("https://github.com/acme/shop/pull/7/files?w=1#diff-1", Named(7, "https://github.com/acme/shop")),
        ("https://gitlab.com/a/b/-/merge_requests/45/diffs", Named(45, "https://gitlab.com/a/b")),
        ("https://git.acme.dev/acme/shop/pulls/7", Named(7, "https://git.acme.dev/acme/shop")),
    ],
)
def test_how_they_are_named(text: str, meant: Named) -> None:
    assert named(text) == meant
    assert named(str(meant)) == meant


@pytest.mark.parametrize("text", ["7", "#0", "#", "#7x", "feature-x", "https://github.com/acme/shop", "#1234567890"])
def test_what_names_none(text: str) -> None:
    assert not is_named(text)
    with pytest.raises(ValueError, match="such as #123"):
        named(text)


def test_where_they_are() -> None:
    assert all(from_fork(ref) and called(ref) == "pull-7" for ref in refs_of(7))
    assert not from_fork("pull/7/head") and called("feature-x") == "feature-x"
    assert Pull(7, url="https://github.com/a/b/pull/7").label == "#7"
    assert Pull(7, url="https://gitlab.com/a/b/-/merge_requests/7").label == "!7"


def test_the_newest_counts_in_whatever_order_it_is_told() -> None:
    later = [replace(one, updated_at=NOW - timedelta(minutes=m)) for m, one in ((3, OPEN), (2, PUSHED), (1, CLOSED))]
    for order in permutations(later):
        known = None
        for said in order:
            known = newest(known, said, NOW) or known
        assert known == later[-1]


@given(st.integers(-100, 100))
def test_a_host_whose_clock_is_ahead_shuts_nothing_out(minutes: int) -> None:
    first = newest(None, replace(OPEN, updated_at=NOW + timedelta(minutes=minutes)), NOW)
    assert first and first.updated_at and first.updated_at <= NOW
    assert newest(first, replace(CLOSED, updated_at=NOW + timedelta(seconds=1)), NOW + timedelta(seconds=1))


def test_what_is_told_twice_is_no_news_and_an_author_is_not_forgotten() -> None:
    known = newest(None, replace(OPEN, author="zoe"), NOW)
    assert newest(known, replace(OPEN, author="zoe", by="somebody else"), NOW) is None
    assert (found := newest(known, replace(CLOSED, updated_at=NOW), NOW)) and found.author == "zoe"


@pytest.mark.parametrize(
    ("deploy_on", "before", "now", "so"),
    [
        (DeployOn.CHAT, None, OPEN, False),
        (DeployOn.PUSH, None, OPEN, False),
        (DeployOn.PULL_REQUEST, None, OPEN, True),
        (DeployOn.PULL_REQUEST, None, CLOSED, False),
        (DeployOn.PULL_REQUEST, OPEN, replace(OPEN, title="Other"), False),
        (DeployOn.PULL_REQUEST, OPEN, PUSHED, True),
        (DeployOn.PULL_REQUEST, CLOSED, OPEN, True),
        (DeployOn.LABEL, None, OPEN, False),
        (DeployOn.LABEL, OPEN, LABELLED, True),
        (DeployOn.LABEL, LABELLED, replace(LABELLED, labels=("staging", "bug")), False),
        (DeployOn.LABEL, LABELLED, OPEN, False),
    ],
)
def test_which_news_make_a_staging(deploy_on: DeployOn, before: PullRequest | None, now: PullRequest, so: bool) -> None:
    assert arrives(shop(deploy_on), before, now) is so


@pytest.mark.parametrize(
    ("deploy_on", "before", "now", "how"),
    [
        (DeployOn.CHAT, OPEN, MERGED, Ending.MERGED),
        (DeployOn.CHAT, None, MERGED, Ending.MERGED),
        (DeployOn.CHAT, MERGED, replace(MERGED, title="Other"), None),
        (DeployOn.CHAT, OPEN, CLOSED, None),
        (DeployOn.CHAT, FORK, replace(CLOSED, fork=True), Ending.CLOSED),
        (DeployOn.PULL_REQUEST, OPEN, CLOSED, Ending.CLOSED),
        (DeployOn.LABEL, OPEN, CLOSED, None),
        (DeployOn.LABEL, LABELLED, replace(CLOSED, labels=("staging",)), Ending.CLOSED),
        (DeployOn.LABEL, LABELLED, OPEN, Ending.UNLABELLED),
        (DeployOn.LABEL, None, OPEN, None),
        (DeployOn.CHAT, LABELLED, OPEN, None),
    ],
)
def test_which_news_end_one(
    deploy_on: DeployOn, before: PullRequest | None, now: PullRequest, how: Ending | None
) -> None:
    assert ends(shop(deploy_on), before, now) is how
