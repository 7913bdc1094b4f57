"""One key back to what it was in an earlier release: by what people had said then, or by its value."""

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from builders import a_release

from bot.domain.changes import Change, applied
from bot.domain.configuration import Overrides, Secret, effective, flat
from bot.domain.errors import UserError
from bot.domain.model import Release
from bot.domain.project import Key, Manifests, Profile, Project, SecretPlace
from bot.domain.reverting import reverted, taken_back

PROJECT = Project(
    "shop", "/shop", Manifests(PurePosixPath("deploy")), "stagings", "alerts",
    env={"PAYMENTS": "sandbox", "PUBLIC_URL": "${url.web}"},
    values={"web": {"replicas": 1}},
    secrets={"TOKEN": SecretPlace("TOKEN")},
    keys={"PASSWORD": Key(secret=True)},
    profiles={"real": Profile("real", env={"PAYMENTS": "production", "AUDIT": "yes"})},
)  # fmt: skip


def released(overrides: Overrides, project: Project = PROJECT) -> Release:
    layer = effective(project, overrides)
    return a_release(overrides=overrides, env=layer.env, values=layer.values, secrets=layer.secrets)


@pytest.mark.parametrize(
    ("then", "now", "level", "key", "change"),
    [
        ({}, {"env": {"PAYMENTS": "production"}}, "env", "PAYMENTS", Change(unset_env=("PAYMENTS",))),
        ({}, {"env": {"NEW": "1"}}, "env", "NEW", Change(unset_env=("NEW",))),
        ({"env": {"RETRIES": "5"}}, {}, "env", "RETRIES", Change(env=(("RETRIES", "5"),))),
        ({"env": {"A": "${x}"}}, {"env": {"A": "y"}}, "env", "A", Change(env=(("A", "${x}"),))),
        ({}, {"profiles": ("real",)}, "env", "PAYMENTS", Change(env=(("PAYMENTS", "sandbox"),))),
        ({}, {"values": {"web.replicas": 3}}, "values", "web.replicas", Change(unset=("web.replicas",))),
        ({"values": {"a": [1]}}, {"values": {"a": 2}}, "values", "a", Change(values=(("a", [1]),))),
        ({}, {"values": {"web": {"replicas": 2}}}, "values", "web.replicas", Change(values=(("web.replicas", 1),))),
        (
            {"secrets": {"PASSWORD": Secret(sealed="s", mark="m")}},
            {"secrets": {"PASSWORD": Secret(sealed="t", mark="n")}},
            "env",
            "PASSWORD",
            Change(secrets={"PASSWORD": Secret(sealed="s", mark="m")}),
        ),
        ({}, {"env": {"TOKEN": "open"}}, "env", "TOKEN", Change(unset_env=("TOKEN",))),
    ],
)
def test_the_key_is_what_it_was(
    then: dict[str, Any], now: dict[str, Any], level: str, key: str, change: Change
) -> None:
    former, before = released(Overrides(**then)), Overrides(**now)
    assert reverted(PROJECT, before, former, level, key) == change
    after = effective(PROJECT, applied(before, change))
    if level == "values":
        assert dict(flat(after.values)).get(key) == dict(flat(former.values)).get(key)
    else:
        assert (after.env.get(key), after.secrets.get(key)) == (former.env.get(key), former.secrets.get(key))


def test_what_octopod_yaml_said_then_is_said_by_the_staging_now() -> None:
    former = released(Overrides(), replace(PROJECT, env={"PAYMENTS": "test"}))
    assert reverted(PROJECT, Overrides(), former, "env", "PAYMENTS") == Change(env=(("PAYMENTS", "test"),))


@pytest.mark.parametrize(
    ("project", "key", "why"),
    [
        (replace(PROJECT, env={}), "PAYMENTS", "had no value then"),
        (replace(PROJECT, env={"PAYMENTS": "${url.web}"}), "PAYMENTS", "references"),
        (replace(PROJECT, secrets={"TOKEN": SecretPlace("OLD")}), "TOKEN", "is secret"),
    ],
)
def test_what_only_octopod_yaml_can_say_is_refused(project: Project, key: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        reverted(PROJECT, Overrides(), released(Overrides(), project), "env", key)


def test_what_was_changed_here_is_taken_back() -> None:
    now = Overrides(env={"PAYMENTS": "production"}, values={"web.replicas": 2})
    assert taken_back(now, "env", "PAYMENTS") == Change(unset_env=("PAYMENTS",))
    assert taken_back(now, "values", "web.replicas") == Change(unset=("web.replicas",))
    with pytest.raises(UserError, match="was not changed on this staging"):
        taken_back(now, "env", "AUDIT")
