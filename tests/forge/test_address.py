"""Which addresses are of one repository: those that hosts send, and those that people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forge.address import read, same

GITHUB = "https://github.com/acme/shop.git"
HOSTED = "ssh://git@git.example.com:2222/group/sub/shop.git"

words = st.from_regex("[A-Za-z0-9_-]{1,8}", fullmatch=True)
hosts = st.from_regex("[a-z]{1,8}[.]example[.]com", fullmatch=True)
paths = st.lists(words, min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GITHUB, "https://github.com/acme/shop"),
        (GITHUB, "https://GitHub.com/Acme/Shop/"),
        (GITHUB, "git@github.com:acme/shop.git"),
        (GITHUB, "ssh://git@github.com/acme/shop.git"),
        (GITHUB, "ssh://git@ssh.github.com:443/acme/shop.git"),
        (GITHUB, "git://github.com/acme/shop.git"),
        (GITHUB, "https://someone@github.com:443/acme//shop.git"),
        (GITHUB, "http://github.com/acme/shop"),
        (HOSTED, "https://git.example.com/group/sub/shop"),
        (HOSTED, "https://git.example.com:8443/group/sub/shop"),
        ("git@git.example.com:/group/shop.git", "ssh://git@git.example.com:22/group/shop"),
        ("https://git.example.com/a%20b", "https://git.example.com/a b.git"),
        ("/srv/shop.git", "file:///srv/shop.git"),
        ("/srv/work/../shop", "file://localhost/srv/shop/.git"),
    ],
)
def test_one_repository(one: str, other: str) -> None:
    assert same(one, other) and same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GITHUB, "https://github.com/acme/shop2"),
        (GITHUB, "https://github.com/other/shop"),
        (GITHUB, "https://github.com.example.org/acme/shop"),
        (GITHUB, "https://example.org/github.com/acme/shop"),
        (GITHUB, "/acme/shop"),
        (HOSTED, "ssh://git@git.example.com/group/sub/shop.git"),
        (HOSTED, "https://git.example.com/sub/shop.git"),
        ("https://git.example.com:8443/a/b", "https://git.example.com:9443/a/b"),
        ("/srv/shop", "/srv/Shop"),
        ("/srv/shop", "file://elsewhere/srv/shop"),
    ],
)
def test_another_repository(one: str, other: str) -> None:
    assert not same(one, other) and not same(other, one)


@pytest.mark.parametrize(
    "text", ["", "shop", "acme/shop", "https://", "https://[", "ftp://a.example.com/b", "a:", ":b"]
)
def test_what_is_no_address_is_the_same_as_nothing(text: str) -> None:
    assert read(text) is None
    assert not same(text, text)


@given(hosts, paths, st.booleans())
def test_however_it_is_written(host: str, path: str, big: bool) -> None:
    path = path.upper() if big else path
    written = [
        f"https://{host}/{path}",
        f"https://{host.upper()}./{path}.git/",
        f"ssh://git@{host}:22/{path}.git",
        f"git@{host}:{path}.git",
        f"someone@{host}:/{path}",
    ]
    assert all(same(one, other) for one in written for other in written)


@given(hosts, hosts, paths, paths)
def test_other_hosts_and_paths_are_others(host: str, other_host: str, path: str, other_path: str) -> None:
    there, elsewhere = f"https://{host}/{path}", f"git@{other_host}:{other_path}.git"
    assert same(there, elsewhere) == ((host, path.lower()) == (other_host, other_path.lower()))


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    assert same(text, text) is (read(text) is not None)
