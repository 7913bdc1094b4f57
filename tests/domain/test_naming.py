"""Names of stagings, their hosts, and when the hosts of two projects could be the same."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import naming
from bot.domain.errors import UserError
from bot.domain.naming import LONGEST_NAME, pattern_mistake, patterns_meet, staging_name, valid_name

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def git_legal(name: str) -> bool:
    """The rules of git-check-ref-format that matter for a generated name."""
    parts = name.split("/")
    return (
        bool(name)
        and name != "@"
        and not name.startswith("-")
        and not any(bad in name for bad in ("..", "@{", "//"))
        and not name.endswith(".")
        and all(part and not part.startswith(".") and not part.endswith(".lock") for part in parts)
    )


characters = st.characters(exclude_characters=" ~^:?*[\\\x7f", exclude_categories=["Cc"])
branches = st.text(characters, min_size=1, max_size=250).filter(git_legal)
names = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=LONGEST_NAME).filter(valid_name)


@pytest.mark.parametrize(
    ("branch", "name"),
    [
        ("main", "main"),
        ("feature-x", "feature-x"),
        ("orange-button", "orange-button"),
        ("feature/PAY-12_X", "feature-pay-12-x"),
        ("release/1.2.x", "release-1-2-x"),
        ("fix---", "fix"),
        ("--weird--", "weird"),
        ("a--b", "a-b"),
        ("xn--abc", "xn-abc"),
        ("2024", "2024"),
        ("Größe", "grosse"),
        ("café/ﬁne-²", "cafe-fine-2"),
        ("smørrebrød", "smorrebrod"),
        ("🚀-launch", "launch"),
        ("a" * 40, "a" * 40),
    ],
)
def test_a_branch_that_its_name_stands_for_gets_that_name(branch: str, name: str) -> None:
    assert staging_name(branch) == name


@pytest.mark.parametrize(
    ("branch", "begin"),
    [
        ("日本語", "branch-"),
        ("feature/логин", "feature-"),
        ("🚀", "branch-"),
        ("a" * 41, "a" * 34 + "-"),
        ("é" * 200, "e"),
    ],
)
def test_what_the_name_cannot_say_a_hash_says(branch: str, begin: str) -> None:
    name = staging_name(branch)
    assert name.startswith(begin)
    assert re.search("-[0-9a-f]{5}$", name)
    assert name != staging_name(branch + "ж")


def test_a_cut_name_does_not_double_its_dash() -> None:
    assert re.fullmatch("a{33}-[0-9a-f]{5}", staging_name("a" * 33 + "/" + "b" * 30))


def test_a_taken_name_gets_a_hash_and_a_taken_hash_another() -> None:
    first = staging_name("feature/a", {"feature-a"})
    second = staging_name("feature/a", {"feature-a", first})
    assert len({"feature-a", first, second}) == 3
    assert first.startswith("feature-a-") and second.startswith("feature-a-")
    assert staging_name("feature_a", {"feature-a"}) != first
    assert staging_name("feature/a", lambda name: name == "feature-a") == first


def test_when_everything_is_taken_people_are_asked_for_a_name() -> None:
    with pytest.raises(UserError, match="as NAME"):
        staging_name("main", lambda name: True)


@given(branches, st.sets(names, max_size=3))
def test_every_git_legal_branch_has_a_name(branch: str, taken: set[str]) -> None:
    name = staging_name(branch, taken)
    assert LABEL.fullmatch(name) and len(name) <= LONGEST_NAME and valid_name(name)
    assert name not in taken
    assert name == staging_name(branch, taken)
    assert staging_name(branch, {*taken, name}) not in {*taken, name}


@given(names)
def test_a_name_that_people_may_choose_is_kept_when_it_is_a_branch(name: str) -> None:
    assert staging_name(name) == name or "--" in name


def test_bytes_that_are_no_utf_8_have_a_name_too() -> None:
    assert valid_name(staging_name("feature-\udcff\udc80"))


@pytest.mark.parametrize("name", ["a", "7", "feature-x", "a--b", "a" * 40])
def test_names_people_may_choose(name: str) -> None:
    assert valid_name(name)


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "A", "a_b", "a.b", "ä", "a b", "a\n", "xn--abc", "ab--c", "a" * 41, "²"]
)
def test_names_people_may_not_choose(name: str) -> None:
    assert not valid_name(name)


def test_every_staging_has_a_namespace_of_its_own() -> None:
    assert naming.namespace("shop", "feature-x") == "shop--feature-x"
    assert naming.namespace("a", "b-c") != naming.namespace("a-b", "c")
    long = naming.namespace("p" * 40, "s" * 39 + "a")
    assert len(long) == 63 and LABEL.fullmatch(long)
    assert long != naming.namespace("p" * 40, "s" * 39 + "b")


def test_hosts_carry_the_port_where_the_pattern_has_none() -> None:
    patterns = {"web": "${staging}.localhost", "api": "${staging}-api.localhost:8443"}
    assert naming.hosts(patterns, "x", 3000) == {"web": "x.localhost:3000", "api": "x-api.localhost:8443"}
    assert naming.hosts(patterns, "x", None) == {"web": "x.localhost", "api": "x-api.localhost:8443"}
    assert naming.without_port("x.localhost:3000") == "x.localhost"


@pytest.mark.parametrize(
    ("scheme", "host", "url"),
    [
        ("https", "x.shop.test", "https://x.shop.test"),
        ("https", "x.shop.test:443", "https://x.shop.test"),
        ("http", "x.shop.test:80", "http://x.shop.test"),
        ("http", "x.shop.test:443", "http://x.shop.test:443"),
        ("http", "x.localhost:3000", "http://x.localhost:3000"),
        ("http", "x.localhost:8080", "http://x.localhost:8080"),
    ],
)
def test_urls_leave_out_the_port_that_goes_without_saying(scheme: str, host: str, url: str) -> None:
    assert naming.url(scheme, host) == url


@pytest.mark.parametrize(
    "pattern",
    [
        "${staging}.localhost",
        "${staging}.shop.example.com",
        "${staging}-api.shop.example.com:8443",
        "web.${staging}.Example.com",
        "${staging}.xn--mnchen-3ya.de",
    ],
)
def test_legal_patterns(pattern: str) -> None:
    assert pattern_mistake(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("shop.example.com", "must contain"),
        ("${staging}.${staging}.com", "once"),
        ("${STAGING}.example.com", "must contain"),
        ("${staging}.${branch}.com", "nothing else but"),
        ("${staging}", "end in a domain"),
        ("shop.${staging}", "end in a domain"),
        ("${staging}.10.0.0.1", "end in a domain"),
        ("${staging}.localhost:0", "port"),
        ("${staging}.localhost:70000", "port"),
        ("${staging}.localhost:http", "letters"),
        ("${staging}.-x.com", "letters"),
        ("${staging}..com", "letters"),
        ("-${staging}.com", "letters"),
        ("${staging}-.com", "letters"),
        ("https://${staging}.com", "letters"),
        ("${staging}.com/x", "letters"),
        ("${staging}.münchen.de", "letters"),
        ("*.${staging}.com", "letters"),
        ("${staging}.com\n", "letters"),
        ("a-rather-long-prefix-x-${staging}.com", None),
        ("a-very-long-prefix-indeed-${staging}.com", "too long"),
        ("${staging}" + ".abcdefghij" * 20, "too long"),
    ],
)
def test_patterns_are_legal_for_the_longest_name(pattern: str, why: str | None) -> None:
    mistake = pattern_mistake(pattern)
    assert (mistake is None) if why is None else (mistake is not None and why in mistake)


def test_patterns_are_the_same_whatever_their_case_and_port() -> None:
    assert naming.same_pattern("${staging}.Localhost:80", "${staging}.localhost")
    assert not naming.same_pattern("${staging}.localhost", "${staging}-api.localhost")


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("${staging}.localhost", "${staging}.localhost:99", True),
        ("${staging}.a.com", "${staging}.b.com", False),
        ("${staging}.a.com", "${staging}.x.a.com", False),
        ("${staging}.a.com", "${staging}-api.a.com", True),
        ("${staging}.a.com", "web-${staging}-x.a.com", True),
        ("web-${staging}.a.com", "${staging}-api.a.com", True),
        ("web-${staging}.a.com", "api-${staging}.a.com", False),
        ("shop-${staging}.a.com", "shop${staging}.a.com", False),
        ("${staging}-x.a.com", "${staging}x.a.com", False),
        ("${staging}.x.com", "api.${staging}.com", True),
        ("${staging}.x.com", "api.v2.${staging}.com", False),
        ("web.${staging}.com", "api.${staging}.com", False),
        ("a.${staging}.com", "${staging}.a.com", True),
    ],
)
def test_patterns_meet_when_some_names_make_one_host_of_them(one: str, other: str, meet: bool) -> None:
    assert patterns_meet(one, other) is meet
    assert patterns_meet(other, one) is meet


short = st.text("ab-", max_size=3)
patterns = st.builds(
    lambda before, left, right, after: f"{before}{left}${{staging}}{right}.{after}com",
    st.sampled_from(["", "a.", "ab."]),
    short,
    short,
    st.sampled_from(["", "a.", "ab."]),
)


@given(patterns, patterns, st.text("ab-", min_size=1, max_size=6), st.text("ab-", min_size=1, max_size=6))
def test_patterns_that_do_not_meet_never_do(one: str, other: str, name: str, other_name: str) -> None:
    if valid_name(name) and valid_name(other_name) and naming.host(one, name) == naming.host(other, other_name):
        assert patterns_meet(one, other)
