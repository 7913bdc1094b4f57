"""What installs the bot, read as text: the image's recipe and the manifests agree with each other and with the bot."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import NAMES, load_settings

ROOT = Path(__file__).parents[1]
RUN = ROOT / "manifests" / "bot" / "run"
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def things() -> list[dict[str, Any]]:
    named = yaml.safe_load((RUN / "kustomization.yaml").read_text())["resources"]
    return [thing for name in named for thing in yaml.safe_load_all((RUN / name).read_text())]


def one(kind: str) -> dict[str, Any]:
    [found] = [thing for thing in things() if thing["kind"] == kind]
    return found


@pytest.fixture
def pod() -> dict[str, Any]:
    spec: dict[str, Any] = one("Deployment")["spec"]["template"]["spec"]
    return spec


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    [found] = pod["containers"]
    assert isinstance(found, dict)
    return found


def test_one_bot_at_a_time_under_the_account_of_the_roles(pod: dict[str, Any]) -> None:
    spec = one("Deployment")["spec"]
    assert (spec["replicas"], spec["strategy"]["type"]) == (1, "Recreate")
    accounts = list(yaml.safe_load_all((ROOT / "manifests" / "bot" / "account.yaml").read_text()))
    names = {(thing["kind"], thing["metadata"]["name"]) for thing in accounts}
    assert ("ServiceAccount", pod["serviceAccountName"]) in names
    assert ("Namespace", yaml.safe_load((RUN / "kustomization.yaml").read_text())["namespace"]) in names


def test_it_fits_the_strictest_pod_security(pod: dict[str, Any], container: dict[str, Any]) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    user = pod["securityContext"]["runAsUser"]
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == [f"{user}:{pod['securityContext']['runAsGroup']}"]


def test_the_settings_are_ones_that_the_bot_reads(pod: dict[str, Any], container: dict[str, Any]) -> None:
    env = {entry["name"]: entry["value"] for entry in container["env"]}
    assert env.keys() <= set(NAMES)
    settings = load_settings({"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", **env})
    assert not settings.listens_on_loopback
    assert [port["containerPort"] for port in container["ports"]] == [settings.octopod_http_port]
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted == {str(settings.octopod_data), str(settings.octopod_config.parent), "/tmp"}
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_the_probes_ask_what_the_bot_answers(container: dict[str, Any]) -> None:
    asked = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert asked == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}


def test_the_wildcard_leads_to_the_bot(pod: dict[str, Any]) -> None:
    service, deployment = one("Service"), one("Deployment")
    assert service["spec"]["selector"] == deployment["spec"]["template"]["metadata"]["labels"]
    for rule in one("Ingress")["spec"]["rules"]:
        assert rule["host"].startswith("*.")
        [path] = rule["http"]["paths"]
        assert path["backend"]["service"] == {
            "name": service["metadata"]["name"],
            "port": {"name": service["spec"]["ports"][0]["name"]},
        }
    [claim] = [volume for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
    assert claim["persistentVolumeClaim"]["claimName"] == one("PersistentVolumeClaim")["metadata"]["name"]


def test_the_image_is_made_of_files_that_reach_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored and not any(name.startswith((".env", "octopod.yaml")) for name in let_in)
    copied = {
        name.partition("/")[0]
        for words in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in words.split()
    }
    assert {name.partition("/")[0] for name in let_in} == copied
    assert all((ROOT / name).exists() for name in let_in)


def test_the_image_holds_no_settings_but_places() -> None:
    assert set(re.findall(r"\b((?:SLACK|OCTOPOD)_[A-Z_]+)=", DOCKERFILE)) == {
        "OCTOPOD_CONFIG",
        "OCTOPOD_DATA",
        "OCTOPOD_HTTP_HOST",
    }
    assert not re.search("xoxb|xapp|TOKEN|SECRET|KEY", DOCKERFILE)


def test_the_guide_needs_no_more_than_fifteen_commands_and_names_what_is_there() -> None:
    guide = (ROOT / "docs" / "install.md").read_text()
    steps = guide.partition("## Into a cluster")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```sh\n(.*?)^```", steps, re.MULTILINE | re.DOTALL)
    joined = "".join(blocks).replace("\\\n", "")
    assert 5 <= len([line for line in joined.splitlines() if line and not line.startswith("#")]) <= 15
    for folder in re.findall(r"kubectl \w+ -k (manifests\S+)", guide):
        assert (ROOT / folder / "kustomization.yaml").exists()
