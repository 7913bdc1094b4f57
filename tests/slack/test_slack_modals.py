"""The configuration's dialog, with values nobody wants: Slack takes it, and what it holds comes back as it was."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from builders import a_staging
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.changes import Mistake, applied
from bot.domain.configuration import Overrides, Secret
from bot.domain.forms import Conflict, change_by
from bot.domain.known import KnownValue
from bot.domain.project import Key, Profile, Project, SecretPlace, Template
from bot.playground.blocks import check_view, too_large
from bot.playground.controls import state
from bot.slack.modals import Form, config_form, read_form, wrong

NASTY = ("<!channel> & `x` ```y``` *b* <@U99EVE> 🐙", "x" * 10_000, "\n\n|>", "", " padded ", '"quoted"', "a\u2028b\rc")
TEXTS = st.sampled_from(NASTY) | st.text(max_size=20)
ENV_KEYS = st.sampled_from(["KNOWN", "CHOICE", "OTHER", "LONGER_ONE"])
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | TEXTS
OWN = st.builds(
    Overrides,
    st.lists(st.sampled_from(["many", "few"]), unique=True).map(tuple),
    st.dictionaries(ENV_KEYS, TEXTS),
    st.dictionaries(st.sampled_from(["web.replicas", "a\\.b", "title"]), LEAVES | st.lists(LEAVES, max_size=2)),
    st.dictionaries(st.just("HIDDEN"), st.just(Secret(sealed="x", mark="y"))),
)


def a_project(text: str = "3", many: int = 1) -> Project:
    known = {
        key: KnownValue(text, text, (text, "b")) for key in ("web.replicas", text, *(f"k{n}" for n in range(many)))
    }
    return Project(
        name="shop",
        repo="/shop",
        source=Template(text[:100], Path("/templates")),
        channel="stagings",
        alerts="alerts",
        env={"KNOWN": text, "CHOICE": text, **{f"K{n}": text for n in range(many)}},
        values={"web": {"replicas": text}},
        secrets={"HIDDEN": SecretPlace("HIDDEN")},
        keys={"CHOICE": Key(text, ("a", "b", "")), "KNOWN": Key(text)},
        profiles={name: Profile(name, allowed=(text,), description=text) for name in ("many", "few", "not-for-you")},
        known=known,
    )


def a_form(own: Overrides, project: Project, conflicts: tuple[Conflict, ...] = ()) -> Form:
    staging = a_staging()
    staging = replace(staging, attempt=replace(staging.attempt, overrides=own))
    return Form(project, staging, frozenset({"many", "few"}), own, conflicts)


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("many", [1, 300])
def test_slack_takes_it(text: str, many: int) -> None:
    own = Overrides(("many",), {"KNOWN": text, "X": text, "CHOICE": text}, {"web.replicas": text})
    levels = ("env", "values", "profiles", "secrets")
    told = tuple(Conflict(level, "x" * 300, now, "U01ALICE") for level in levels for now in (text, None))
    view = config_form(a_form(own, a_project(text, many), told))
    assert check_view(view) == [] and not too_large(view)
    shown = [block for block in view["blocks"] if block["type"] in ("section", "context")]
    assert "<!channel>" not in str(shown) and ("… and" in str(shown)) is (many > 1)


@given(OWN)
def test_a_form_that_is_saved_as_it_is_changes_nothing(own: Overrides) -> None:
    view = config_form(a_form(own, a_project()))
    filled, mistakes = read_form({**view, "state": {"values": state(view["blocks"], {})}})
    assert mistakes == [] and filled.secrets == {}
    assert not change_by(filled, own)


@given(OWN, OWN)
def test_a_form_that_shows_something_else_makes_it_so(own: Overrides, wanted: Overrides) -> None:
    """Secrets apart, which a form does not show; and what is too long for Slack has no field."""
    wanted = replace(wanted, secrets=own.secrets)
    view = config_form(a_form(wanted, a_project()))
    filled, mistakes = read_form({**view, "state": {"values": state(view["blocks"], {})}})
    found = applied(own, change_by(filled, own))
    assert mistakes == [] and set(found.profiles) == set(wanted.profiles)
    if filled.further:
        assert found.env == wanted.env
    if filled.values is not None:
        assert {k: repr(v) for k, v in found.values.items()} == {k: repr(v) for k, v in wanted.values.items()}


def test_mistakes_find_a_field() -> None:
    view: dict[str, Any] = config_form(a_form(Overrides(), a_project()))
    told = [("env", "KNOWN", "`a`"), ("env", "NEW", "b"), ("", "", "c"), ("secrets", "HIDDEN", "d")]
    found = wrong(view, [Mistake(*one) for one in [*told, ("values", "x", "e"), ("values", "y", "f")]])
    assert found == {"env:KNOWN": "a", "more": "b", "profiles": "c", "env:HIDDEN": "d", "values": "e\nf"}
