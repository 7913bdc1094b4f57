"""What installs the bot is taken by a real API server, in a namespace with the strictest Pod Security."""

from pathlib import Path

import pytest
import yaml
from kube_rig import ControlPlane

pytestmark = pytest.mark.kube
pytest_plugins = ["kube_fixtures"]

RUN = Path(__file__).parents[2] / "manifests" / "bot" / "run"


def test_all_of_it_is_taken(plane: ControlPlane, account: Path) -> None:
    label = "pod-security.kubernetes.io/enforce=restricted"
    plane.kubectl("label", "namespace", "octopod", "--overwrite", label)
    said = plane.kubectl("apply", "-k", str(RUN), "--dry-run=server")
    assert {line.split()[0] for line in said.splitlines()} == {
        "persistentvolumeclaim/octopod-data",
        "deployment.apps/octopod",
        "service/octopod",
        "ingress.networking.k8s.io/octopod-tombstones",
    }
    # Of a Deployment's pods only a warning would be told, so the pod itself is tried.
    deployment = next(yaml.safe_load_all((RUN / "bot.yaml").read_text().partition("---\n")[2]))
    pod = {"apiVersion": "v1", "kind": "Pod", **deployment["spec"]["template"]}
    pod["metadata"] |= {"name": "tried", "namespace": "octopod"}
    assert "pod/tried created" in plane.kubectl("create", "-f", "-", "--dry-run=server", given=yaml.safe_dump(pod))
