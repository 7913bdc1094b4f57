"""Templates: manifests of this machine that a branch need not have, and what a project says to them."""

import json
from pathlib import Path
from typing import Any

import pytest
from render_kit import KUBERNETES, LOCAL, facts

from bot.domain.errors import PermanentError
from bot.domain.project import Template
from bot.kube.engine import KINDS
from bot.local.reader import read_release
from bot.ports import EngineFacts
from bot.render.plain import PlainRenderer

SHIPPED = Path(__file__).parents[2] / "manifests" / "templates"
CLUSTER = EngineFacts("kubernetes", KINDS)
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\n"


def shipped(tree: Path, name: str, engine: EngineFacts = CLUSTER, **changes: Any) -> dict[str, dict[str, Any]]:
    """By kind and name, as `Kind/name`."""
    usual: dict[str, Any] = {"source": Template(name, SHIPPED / name), "image": "shop:1", "seed": "s"}
    objects = PlainRenderer().render(tree, facts(**(usual | changes)), engine)
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in objects}


def own(folder: Path, files: dict[str, str], **changes: Any) -> list[dict[str, Any]]:
    """Of a template of our own."""
    place = folder / "templates" / "mine"
    place.mkdir(parents=True)
    for name, content in files.items():
        (place / name).write_text(content)
    return PlainRenderer().render(folder, facts(source=Template("mine", place), **changes), LOCAL)


def refused(folder: Path, files: dict[str, str], **changes: Any) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        own(folder, files, **changes)
    return caught.value


def container(deployment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def test_what_is_not_said_is_as_the_template_has_it(tmp_path: Path) -> None:
    found = shipped(tmp_path, "web", values={"command": ["python", "app.py"], "health": {"path": "/healthz"}})
    web = container(found["Deployment/web"])
    assert web["command"] == ["python", "app.py"] and web["image"] == "shop:1"
    assert web["ports"] == [{"name": "http", "containerPort": 8080}], "a number stays one"
    assert web["startupProbe"]["httpGet"]["path"] == "/healthz" and web["startupProbe"]["failureThreshold"] == 120
    assert found["Ingress/web"]["spec"]["rules"][0]["host"] == "orange.localhost"


def test_the_database_has_a_password_of_its_own_that_stays(tmp_path: Path) -> None:
    def password(**changes: Any) -> str:
        secret = shipped(tmp_path, "web-postgres", **changes)["Secret/postgres"]["stringData"]
        assert f":{secret['PGPASSWORD']}@postgres:5432/app" in secret["DATABASE_URL"]
        return str(secret["PGPASSWORD"])

    assert len(password()) == 32
    assert password() == password(release="r2", commit="b" * 40)
    assert password() != password(seed="another staging's")


def test_what_is_generated_is_told_apart_by_its_name(tmp_path: Path) -> None:
    [_, config] = own(
        tmp_path, {"a.yaml": f"{MAP}data: {{a: '${{generated.a}}', b: '${{generated.b}}', again: '${{generated.a}}'}}"},
        seed="s",
    )  # fmt: skip
    data = config["data"]
    assert data["a"] == data["again"] != data["b"]


@pytest.mark.parametrize("name", ["generated.", "generated.a b", "generated"])
def test_no_other_name_is_generated(tmp_path: Path, name: str) -> None:
    error = refused(tmp_path, {"a.yaml": f"{MAP}data: {{a: '${{{name}}}'}}"}, seed="s")
    assert error.details[0].startswith(f"templates/mine/a.yaml:4:11: `${{{name}}}` is unknown")


def test_mistakes_are_told_with_their_places_in_the_template(tmp_path: Path) -> None:
    files = {"a.yaml": f"{MAP}data: {{a: '${{values.port}}'}}", "values.yaml": "ports: 80\n", "b.yaml": "kind: ["}
    error = refused(tmp_path, files, values={"host": "${nothing}"})
    assert error.text == "In this project the template mine has 3 mistakes."
    assert error.details[0].startswith("octopod.yaml: values.host: `${nothing}` is unknown")
    assert error.details[1].startswith(
        "templates/mine/a.yaml:4:11: `${values.port}` has no value; there is values.host"
    )
    assert error.details[2].startswith("templates/mine/b.yaml:")
    assert "octopod.yaml" in error.next_step


@pytest.mark.parametrize("values", ["- 1\n", "just text\n", "a: 1\n---\nb: 2\n"])
def test_defaults_must_be_one_mapping(tmp_path: Path, values: str) -> None:
    [mistake] = refused(tmp_path, {"a.yaml": MAP, "values.yaml": values}).details
    assert mistake == "templates/mine/values.yaml:1:1: must be one mapping of names with values"


def test_a_template_without_manifests(tmp_path: Path) -> None:
    assert "The template mine has no manifests." in refused(tmp_path, {"values.yaml": "a: 1\n"}).text


def test_nothing_of_the_branch_is_read(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("replicas: 7\n")
    found = shipped(tmp_path, "web", LOCAL)
    assert found["Deployment/web"]["spec"]["replicas"] == 1


@pytest.mark.parametrize("name", sorted(folder.name for folder in SHIPPED.iterdir() if folder.is_dir()))
def test_each_one_fits_both_hosts_and_kinds(tmp_path: Path, name: str) -> None:
    found = shipped(tmp_path, name)
    assert {"Deployment/web", "Service/web", "Ingress/web"} <= found.keys()


def test_the_example_shops_template_runs_on_the_local_engine(tmp_path: Path) -> None:
    runs: Any = {name: {"command": ["python", "-m", name]} for name in ("web", "api", "migrate")}
    runs["web"]["replicas"], runs["data"] = 2, {"claim": "shop-data"}
    read = read_release(list(shipped(tmp_path, "web-api", LOCAL, values=runs).values()))
    assert {(one.name, one.replicas, one.containers[0].claims) for one in read.workloads} == {
        ("web", 2, ()),
        ("api", 1, ("shop-data",)),
        ("migrate", 1, ("shop-data",)),
    }


def test_a_database_is_nothing_for_the_local_engine(tmp_path: Path) -> None:
    with pytest.raises(PermanentError) as caught:
        shipped(tmp_path, "web-postgres", KUBERNETES)
    assert any("StatefulSet is not applied" in detail for detail in caught.value.details)


def test_a_branch_begins_with_the_data_of_the_baseline_if_both_say_so(tmp_path: Path) -> None:
    def seeding(values: dict[str, Any], baseline: str) -> tuple[dict[str, str], list[str]]:
        found = shipped(tmp_path, "web-postgres", values=values, baseline=baseline)
        [dump] = found["Job/seed"]["spec"]["template"]["spec"]["initContainers"]
        notes = found["StatefulSet/postgres"]["spec"]["template"]["metadata"]["annotations"]
        return {one["name"]: one["value"] for one in dump["env"]}, json.loads(notes["octopod.dev/snapshot"])

    wish, gives = seeding({"seed": {"from": "baseline", "dump": "https://x/y"}}, "main")
    assert wish == {"FROM": "baseline", "BASELINE": "main", "DUMP": "https://x/y"} and gives[-1] == "baseline"
    wish, gives = seeding({}, "main")
    assert wish["FROM"] == gives[-1] == "", "neither wished for nor given"
    wish, _ = seeding({"seed": {"from": "baseline"}}, "")
    assert wish["BASELINE"] == "", "the baseline itself has nobody to begin with"
