"""What is made of helm's output: objects with their templates, hooks as ours, values that Helm reads back."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from render_kit import KUBERNETES, facts

from bot.domain.hooks import DELETE, HOOK, KEPT, WEIGHT
from bot.render.helm_objects import Made, objects_of, with_hooks
from bot.render.helm_values import as_yaml
from bot.render.helm_values import given as given_values
from bot.render.references import meanings

ANY_TEXT = st.text(st.characters(codec="utf-8"))


def document(source: str, text: str) -> str:
    return f"---\n# Source: {source}\n{text}\n"


def hook(name: str, events: str, kind: str = "Job", **more: str) -> str:
    notes = {"helm.sh/hook": events, **{f"helm.sh/hook-{key}": value for key, value in more.items()}}
    thing = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "annotations": notes}}
    return document(f"web/templates/{name}.yaml", json.dumps(thing))


def objects(*documents: str) -> list[Made]:
    mistakes: list[str] = []
    found = objects_of("".join(documents), mistakes)
    assert mistakes == []
    return found


def run(*documents: str, first: bool = True, keeps: bool = True) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Metadata by name, and mistakes."""
    mistakes: list[str] = []
    found = with_hooks(objects(*documents), first, keeps, mistakes)
    return {one.value["metadata"]["name"]: one.value["metadata"] for one in found}, mistakes


def test_objects_have_their_templates() -> None:
    first = document("web/templates/a.yaml", 'kind: A\nmetadata: {name: "a"}\ntext: |\n  ---\n  not: another one')
    made = objects(
        first, document("web/charts/b/templates/b.yaml", "# nothing\n"), document("web/templates/c.yaml", "[]")
    )
    assert [(one.file, one.value) for one in made] == [
        ("web/templates/a.yaml", {"kind": "A", "metadata": {"name": "a"}, "text": "---\nnot: another one\n"}),
        ("web/templates/c.yaml", []),
    ]
    assert made[0].place("spec", "rules", 0) == "web/templates/a.yaml: A `a`: spec.rules.0"
    assert made[1].place() == "web/templates/c.yaml"


def test_what_helm_takes_is_taken() -> None:
    [one] = objects(document("a", "a: 1\na: 2\nempty:\nlist: [null, {b: null}]\ntext: '${NOT_OURS}'"))
    assert one.value == {"a": 2, "list": [None, {}], "text": "${NOT_OURS}"}


def test_what_is_no_yaml_is_told() -> None:
    mistakes: list[str] = []
    assert objects_of(document("web/templates/a.yaml", "a: [b"), mistakes) == []
    assert mistakes[0].startswith("web/templates/a.yaml (rendered):")


def test_hooks_are_ours_in_the_order_of_their_weights() -> None:
    found, mistakes = run(
        hook("late", "pre-install,pre-upgrade", weight="5"),
        hook("early", "pre-install, pre-upgrade", weight="-5", **{"delete-policy": "before-hook-creation"}),
        hook("b-same", "pre-install", weight="5", **{"delete-policy": "hook-succeeded, hook-failed"}),
        hook("after", "post-install"),
    )
    assert mistakes == []
    before = sorted(
        (name for name in found if found[name]["annotations"][HOOK] == "pre-deploy"),
        key=lambda name: int(found[name]["annotations"][WEIGHT]),
    )
    assert before == ["early", "b-same", "late"]
    assert found["after"]["annotations"][HOOK] == "post-deploy"
    assert found["b-same"]["annotations"][DELETE] == "succeeded,failed"
    assert DELETE not in found["early"]["annotations"], "ours goes before a new one is made, anyway"


@pytest.mark.parametrize(
    ("events", "first", "later"),
    [
        ("pre-install", True, False),
        ("post-upgrade", False, True),
        ("pre-install,pre-upgrade", True, True),
        ("test", False, False),
        ("pre-delete,post-delete,pre-rollback,post-rollback", False, False),
    ],
)
def test_which_hooks_a_release_has(events: str, first: bool, later: bool) -> None:
    assert bool(run(hook("a", events), first=True)[0]) is first
    assert bool(run(hook("a", events), first=False)[0]) is later


def test_configuration_for_hooks_stays_where_the_engine_keeps_it() -> None:
    once, always = hook("once", "pre-install", "Secret"), hook("always", "pre-install,pre-upgrade", "ConfigMap")
    first, _ = run(once, always)
    assert first["once"]["labels"] == {KEPT: "true"} and "labels" not in first["always"]
    assert set(run(once, always, first=False)[0]) == {"always"}
    assert set(run(once, always, first=False, keeps=False)[0]) == {"once", "always"}, "nothing keeps it"


def test_what_is_to_be_kept() -> None:
    text = "kind: ConfigMap\nmetadata: {name: a, annotations: {helm.sh/resource-policy: keep}}"
    assert run(document("a", text))[0]["a"]["labels"] == {KEPT: "true"}


def test_hooks_that_are_not_supported() -> None:
    _, [pod] = run(hook("a", "pre-install", "Pod"))
    assert pod == "web/templates/a.yaml: Pod `a`: is a hook, and Octopod runs Jobs as hooks; a Pod is none"
    _, [both] = run(hook("a", "pre-install,post-install"))
    assert "both pre-install and post-install" in both
    assert run(hook("a", "test", "Pod")) == ({}, [])


ANY_VALUE = st.recursive(
    ANY_TEXT | st.integers(-(2**53), 2**53) | st.booleans(), lambda inner: st.lists(inner, max_size=3), max_leaves=6
)


@settings(max_examples=150)
@given(st.dictionaries(st.text("abc.-", min_size=1, max_size=8), ANY_VALUE, max_size=4))
def test_values_are_read_back_as_they_were(values: dict[str, Any]) -> None:
    assert yaml.safe_load(as_yaml(values)) == values


def test_half_a_character_does_no_harm() -> None:
    assert yaml.safe_load(as_yaml({"a": "x\ud83dy", "b": "\\ud83d", "c": "😀"})) == {
        "a": "x\ufffdy",
        "b": "\\ud83d",
        "c": "😀",
    }


def test_what_octopod_tells_wins_and_what_others_share_stays() -> None:
    asked = facts(values={"global": {"shared": 1, "octopod": {"staging": "mine"}}, "host": "${host.web}"})
    mistakes: list[str] = []
    values = given_values(asked, meanings(asked, KUBERNETES), True, mistakes)
    assert values["global"]["shared"] == 1 and values["global"]["octopod"]["staging"] == "orange"
    assert values["host"] == "orange.localhost" and mistakes == []
    given_values(facts(values={"global": 1}), meanings(facts(), KUBERNETES), True, mistakes)
    assert mistakes == ["octopod.yaml: values.global: must have keys of its own, as charts share them"]
