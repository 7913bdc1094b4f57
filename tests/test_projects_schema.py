"""`octopod schema`: what editors accept in octopod.yaml is what the bot accepts, as far as a schema can say."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from test_projects_health import FULL

from bot.cli import main
from bot.projects.json_schema import file

DATA = Path(__file__).parent / "data"
LEAST = "engine: local\nprojects:\n  shop:\n    repo: ./shop.git\n    source: {manifests: .}\n    channel: stagings\n"
SHOP = Draft202012Validator(file())


class Loader(yaml.SafeLoader):
    """As editors read YAML 1.2: dates are text, and so are keys."""


Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda loader, node: str(node.value))


def mistakes(text: str) -> list[str]:
    data = json.loads(json.dumps(yaml.load(text, Loader)))
    return [error.json_path for error in SHOP.iter_errors(data)]


def test_what_is_printed_is_a_schema() -> None:
    printed = CliRunner().invoke(main, ["schema"])
    assert printed.exit_code == 0 and json.loads(printed.output) == file()
    Draft202012Validator.check_schema(json.loads(printed.output))


def test_every_key_is_described() -> None:
    nameless = [path for path, of in _properties(file()) if not of.get("description")]
    assert nameless == []


def _properties(schema: object, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(schema, Mapping):
        for name, of in schema.get("properties", {}).items():
            yield f"{path}.{name}", of
        for key, value in schema.items():
            yield from _properties(value, f"{path}.{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from _properties(value, f"{path}.{index}")


@pytest.mark.parametrize("name", ["projects_full.yaml", "projects_configured.yaml"])
def test_what_the_bot_takes_is_taken(name: str) -> None:
    assert (
        mistakes((DATA / name).read_text().replace("12: 12:30", "'12': 12:30").replace("on: 2026", "'on': 2026")) == []
    )


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "    ttl: never\n    image_wait: 1h30m\n    roles: {deploy: everyone, admin: ['@a', U0123ABCD]}\n",
        "    env:\n    values:\n  blog: {extends: shop, env: {A: }, profiles: {live: }, limits: {stagings: }}\n",
        "    url_probe: {from: off, accept: [404], seconds: 0.5}\n    env: {DEBUG: off, PORT: 80}\n",
        f"    {FULL}",
    ],
)
def test_what_people_write_is_taken(lines: str) -> None:
    assert mistakes(LEAST + lines) == []


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (LEAST.replace("local", "docker"), "$.engine"),
        (LEAST + "    chanel: x\n", "$.projects.shop"),
        (LEAST.replace("    repo: ./shop.git\n", ""), "$.projects.shop"),
        (LEAST.replace("manifests: .", "manifests: ., template: web"), "$.projects.shop.source"),
        (LEAST.replace("manifests: .", "helm: {version: 1.0.0}"), "$.projects.shop.source.helm"),
        (LEAST + "    limits: {stagings: 0}\n", "$.projects.shop.limits.stagings"),
        (LEAST + "    ttl: soon\n", "$.projects.shop.ttl"),
        (LEAST + "    env: {A: {default: x, choises: [x]}}\n", "$.projects.shop.env.A"),
        (LEAST + "    secrets: {A: hunter 22}\n", "$.projects.shop.secrets.A"),
        (LEAST + "    profiles: {live: {alowed: x}}\n", "$.projects.shop.profiles.live"),
        (LEAST + "    fence: {pod_security: privileged}\n", "$.projects.shop.fence.pod_security"),
        (LEAST + "    health_checks: {login: {path: /}}\n", "$.projects.shop.health_checks"),
        (LEAST + "    health_checks: [{path: /}]\n", "$.projects.shop.health_checks[0]"),
        (LEAST + "    health_checks: [{name: x, method: PUT}]\n", "$.projects.shop.health_checks[0].method"),
        (LEAST + "    health_checks: [{name: x, session: {}}]\n", "$.projects.shop.health_checks[0].session"),
        (LEAST + "    witnesses: always\n", "$.projects.shop.witnesses"),
        (LEAST + "    people: {a@b.example: bob}\n", "$.projects.shop.people['a@b.example']"),
        ("engine: local\nprojects: {}\n", "$.projects"),
        ("engine: local\n", "$"),
    ],
)
def test_what_the_bot_refuses_is_marked_at_its_place(text: str, where: str) -> None:
    assert where in mistakes(text)
