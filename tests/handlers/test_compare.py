"""The page that shows two stagings side by side: what it holds, and what it cannot be made to hold."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from builders import a_staging

from bot.domain import naming
from bot.domain.errors import UserError
from bot.domain.model import Phase, Staging
from handlers.compare import same_path, shown

FEATURE = replace(a_staging(Phase.LIVE), urls={"web": "http://feature-x.localhost:8080", "api": "http://a.localhost"})
MAIN = replace(FEATURE, id="m", name="main", branch="main", urls={"web": "http://main.localhost:8080"})


class Seen(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.frames: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "iframe":
            self.frames.append(str(dict(attrs)["src"]))


def frames(path: str, staging: Staging = FEATURE, other: Staging | None = MAIN) -> list[str]:
    return Seen(shown((staging, "main", other), path)[1]).frames


def test_both_show_the_same_path() -> None:
    assert frames("/login?next=%2Fcart#top") == [
        "http://feature-x.localhost:8080/login?next=%2Fcart#top",
        "http://main.localhost:8080/login?next=%2Fcart#top",
    ]


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("", "/"),
        ("login", "/login"),
        (" /a b ", "/a b"),
        ("http://main.localhost:8080/cart?x=1", "/cart?x=1"),
        ("//evil.example/x", "/x"),
        ("/\\evil.example", "/evil.example"),
        ("https://[", "/"),
        ("javascript:alert(1)", "/alert(1)"),
        ("@evil.example", "/@evil.example"),
        ("///evil.example", "/evil.example"),
    ],
)
def test_no_path_leads_to_another_host(typed: str, path: str) -> None:
    assert same_path(typed) == path
    assert all(src.startswith((f"{FEATURE.url}/", f"{MAIN.url}/")) for src in frames(typed))


def test_nothing_typed_becomes_part_of_the_page() -> None:
    plain, tricky = (Seen(shown((FEATURE, "main", MAIN), p)[1]).tags for p in ("/", '/"><script>alert(1)</script>'))
    assert plain == tricky and "script" not in plain


def test_only_what_serves_is_shown() -> None:
    asleep = replace(MAIN, serving=None)
    assert len(frames("/", other=asleep)) == 1
    status, text = shown((FEATURE, "main", None), "/")
    assert status == 200 and "/octopod deploy main" in text and len(Seen(text).frames) == 1


def test_what_is_gone_is_said_to_be() -> None:
    status, text = shown(None, "/")
    assert status == 404 and "no such staging" in text


def test_nobodys_staging_gets_its_host() -> None:
    assert not naming.valid_name(naming.COMPARING)
    assert naming.staging_name(naming.COMPARING) != naming.COMPARING
    with pytest.raises(UserError):
        naming.staging_name(naming.COMPARING, lambda name: True)
