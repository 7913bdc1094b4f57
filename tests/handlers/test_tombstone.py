"""The page at a host whose staging does not answer: what is, or was, there, for people and for the URL probe."""

from collections.abc import Collection
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from builders import NOW, a_staging
from git_kit import a_project

from bot.domain.model import CLOCK, Phase, Staging
from bot.domain.project import Project
from handlers.tombstone import page, told

HOST = "orange-button.localhost"
SHOP = replace(a_project("/srv/shop"), hosts={"web": "${staging}.localhost"})
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


def handle(user: str) -> str:
    return {"UBOB": "bob"}.get(user, "")


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)


def shown(staging: Staging | None, host: str = HOST, projects: Collection[Project] = (SHOP,)) -> tuple[int, str]:
    status, title, lines = told(staging, host, handle, projects)
    return status, page(title, lines)


@pytest.mark.parametrize(
    ("phase", "status", "title"),
    [
        (Phase.WAITING, 503, "orange-button waits for its image"),
        (Phase.ROLLING_OUT, 503, "orange-button is starting"),
        (Phase.LIVE, 503, "orange-button does not answer"),
        (Phase.FAILED, 503, "orange-button"),
        (Phase.BROKEN, 503, "orange-button does not answer"),
        (Phase.DELETING, 410, "orange-button is being deleted"),
        (Phase.DELETED, 410, "orange-button was deleted"),
    ],
)
def test_each_phase_has_its_page(phase: Phase, status: int, title: str) -> None:
    got, text = shown(a_staging(phase))
    assert got == status and f"<h1>{title}" in text and "orange-button</code> at <code>0000000" in text


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.BROKEN])
def test_it_says_why_nothing_answers(phase: Phase) -> None:
    assert "does not answer: web: exit code 1" in shown(a_staging(phase))[1]


def test_it_says_who_removed_it_when_and_how_to_have_it_again() -> None:
    _, text = shown(a_staging(Phase.DELETED))
    assert f"@bob removed it on {NOW:%Y-%m-%d} at 11:59 UTC" in text
    assert "To bring it back, type in <b>#stagings</b>:<br><kbd>/octopod deploy orange-button</kbd>" in text
    expired = a_staging(Phase.DELETED, deleted_by=CLOCK, delete_reason="it expired")
    assert "the clock removed it" in shown(expired)[1] and "because it expired" in shown(expired)[1]
    assert "@USTRANGER removed it" in shown(a_staging(Phase.DELETED, deleted_by="USTRANGER"))[1]


def test_where_none_ever_was() -> None:
    status, text = shown(None, "nobody.localhost")
    assert status == 404 and "nobody.localhost" in text
    assert "in <b>#stagings</b>:<br><kbd>/octopod deploy BRANCH</kbd>" in text
    assert "in Slack:<br><kbd>/octopod deploy BRANCH</kbd>" in shown(None, "no_name.localhost")[1]


def test_what_is_to_be_typed_brings_back_the_same_staging() -> None:
    other = replace(SHOP, name="api", hosts={"web": "${staging}.api.localhost"})
    gone = a_staging(Phase.DELETED)
    assert "<kbd>/octopod deploy orange-button --project shop</kbd>" in shown(gone, projects=[other, SHOP])[1]
    named = replace(gone, name="demo")
    assert "in <b>#stagings</b>:<br><kbd>/octopod deploy orange-button as demo</kbd>" in shown(named)[1]
    assert "in Slack:<br><kbd>/octopod deploy orange-button</kbd>" in shown(gone, projects=[])[1]


@pytest.mark.parametrize("phase", Phase)
def test_nothing_that_people_wrote_becomes_markup(phase: Phase) -> None:
    staging = a_staging(phase, branch=EVIL, health_reason=EVIL, delete_reason=EVIL)
    staging = replace(staging, name=EVIL, attempt=replace(staging.attempt, branch=EVIL, reason=EVIL))
    allowed = {"html", "meta", "title", "style", "h1", "p", "b", "code", "kbd", "br"}
    assert Tags(shown(staging, EVIL)[1]).seen <= allowed
    assert Tags(shown(None, EVIL)[1]).seen <= allowed
    assert "<script" not in page(*told(staging, EVIL, lambda user: EVIL, [SHOP])[1:])
