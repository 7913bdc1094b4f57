"""What is odd about keys and values, and what is not: notes, which refuse nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from test_configuration import a_project

from bot.domain.changes import Change
from bot.domain.known import KnownValue
from bot.domain.notes import note, odd
from bot.domain.project import Helm, Project, Source, Template

CHART = {
    "replicas": KnownValue("1", "How many"),
    "image.pullPolicy": KnownValue("Always", choices=("Always", "IfNotPresent")),
    "image.tag": KnownValue('""'),
    "annotations": KnownValue("{}"),
    "cache.enabled": KnownValue("true", choices=("true", "false")),
}


HELM = Helm("chart")


def charted(source: Source = HELM, known: dict[str, KnownValue] = CHART) -> Project:
    return replace(a_project(), source=source, known=known)


def test_unknown_keys_get_a_hint() -> None:
    project = a_project()
    assert note(project, "env", "RETRYS") == "octopod.yaml does not know this key; did you mean `RETRIES`?"
    assert note(project, "env", "TOKEN") == "" == note(project, "values", "web.replicas")
    assert note(project, "values", "web.replica") == "octopod.yaml does not know this key; did you mean `web.replicas`?"
    assert note(project, "values", "web") == "" == note(project, "values", "web.replicas.x")
    assert note(a_project(env={}, keys={}, profiles={}), "env", "ANY") == ""


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("replicas", ""),
        ("replica", "neither octopod.yaml nor the chart knows this key; did you mean `replicas`?"),
        ("zzz", "neither octopod.yaml nor the chart knows this key"),
        ("web.replicas", ""),  # octopod.yaml knows it
        ("image", ""),
        ("image.pullpolicy", "neither octopod.yaml nor the chart knows this key; did you mean `image.pullPolicy`?"),
        ("annotations.example\\.com/x", ""),
        ("imag", "neither octopod.yaml nor the chart knows this key; did you mean `image`?"),
        ("imag.pullPolicy", "neither octopod.yaml nor the chart knows this key; did you mean `image.pullPolicy`?"),
        ("pullPolicy", "neither octopod.yaml nor the chart knows this key; did you mean `image.pullPolicy`?"),
    ],
)
def test_a_chart_knows_keys_besides(key: str, said: str) -> None:
    assert note(charted(), "values", key) == said


def test_a_template_is_called_by_its_name_and_what_was_not_seen_yet_marks_nothing() -> None:
    web = Template("web", Path("/templates/web"))
    assert note(charted(web), "values", "replica").startswith("neither octopod.yaml nor the template web knows")
    assert note(charted(web, {}), "values", "replica") == "" == note(charted(known={}), "values", "web.replica")


@pytest.mark.parametrize("value", ["Always", None, "${policy}"])
def test_choices_that_fit(value: object) -> None:
    assert note(charted(), "values", "image.pullPolicy", value) == ""


def test_choices_that_do_not_fit() -> None:
    said = "the chart takes only `Always`, `IfNotPresent`; did you mean `Always`?"
    assert note(charted(), "values", "image.pullPolicy", "alway") == said
    assert note(charted(), "values", "cache.enabled", True) == ""
    assert note(charted(), "values", "cache.enabled", 1) == "the chart takes only `true`, `false`"
    many = {"a": KnownValue(choices=tuple(f"c{number}" for number in range(30)))}
    assert note(charted(known=many), "values", "a", "x").endswith("`c9` and 20 more")


def test_each_key_of_what_is_set_as_a_whole() -> None:
    change = Change(
        env=(("RETRYS", "1"),), values=(("image", {"pullPolicy": "Never", "tags": 1, "tag": "x"}), ("zzz", {}))
    )
    assert [key for key, _ in odd(charted(), change)] == ["RETRYS", "image.pullPolicy", "image.tags", "zzz"]
