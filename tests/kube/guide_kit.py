"""docs/install.md as a program: its files, its commands, and what stands for the pod that runs the bot."""

import asyncio
import os
import re
import shlex
import shutil
import subprocess
import sys
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from kube_rig import Rig

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "install.md").read_text()
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`]+)`")
PROGRAMS = ("kubectl", "docker", "kind", "octopod", "/octopod", "--")


def section(title: str) -> str:
    found = GUIDE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    assert found, title
    return found


def commands(text: str) -> list[str]:
    """All that people type, in order: in blocks for a shell, and in the sentences between."""
    found = []
    for part in re.split(r"(^```.*?^```)", text, flags=re.MULTILINE | re.DOTALL):
        if fence := FENCE.match(part):
            lines = fence[2].replace("\\\n", "").splitlines()
            found += [line for line in lines if fence[1] == "sh" or line.startswith("/octopod")]
        else:
            said = (" ".join(each.split()) for each in INLINE.findall(part))
            found += [each for each in said if each.startswith(PROGRAMS) and " " in each]
    return found


def files() -> dict[str, str]:
    """What people shall write into `install/`, as the page has it."""
    found = re.findall(r"^`(install/\S+)`:.*?^```\w*\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    return dict(found)


@dataclass
class Walk:
    """`folder`: of the repository, as somebody has it who installs from it."""

    rig: Rig
    folder: Path
    done: list[str] = field(default_factory=list)

    def write(self, changes: Mapping[str, Mapping[str, str]]) -> None:
        """The page's files, with what is one's own put in: per file what the page has, and what stands for it."""
        if not (self.folder / "manifests").exists():
            shutil.copytree(ROOT / "manifests", self.folder / "manifests")
        (self.folder / "install").mkdir(exist_ok=True)
        for name, text in files().items():
            for old, new in changes.get(name, {}).items():
                assert old in text, f"{name} of the page has no {old!r}"
                text = text.replace(old, new)
            (self.folder / name).write_text(text)

    async def run(self, command: str, as_typed: str = "") -> str:
        """As in a terminal. `as_typed`: as the page has it, if names were put in. What it says; fails if it does."""
        env = {**os.environ, "KUBECONFIG": str(self.rig.kubeconfig)}
        env["PATH"] = f"{self.rig.programs}{os.pathsep}{env['PATH']}"
        self.done.append(as_typed or command)
        done = await asyncio.to_thread(
            subprocess.run, ["sh", "-c", command], cwd=self.folder, env=env, capture_output=True, text=True, timeout=90
        )
        # The doctor's exit code is 1 if it has found anything, which its lines tell.
        assert done.returncode == 0 or "octopod doctor" in command, f"{command}: {done.stderr}"
        return done.stdout + (done.stderr if done.returncode else "")

    def in_the_pod(self, port: int) -> None:
        """What the pod's container would run as `octopod`: with the Secret, the ConfigMap and the environment of the
        Deployment as the cluster has them, and as its service account."""
        pod = self._get("deployment")["spec"]["template"]["spec"]
        [container] = pod["containers"]
        assert pod["serviceAccountName"] == "octopod"
        secret, projects = self._get("secret")["data"], self._get("configmap")["data"]
        settings = {name: b64decode(value).decode() for name, value in secret.items()}
        settings |= {entry["name"]: entry["value"] for entry in container["env"]}
        mounts = {mount["mountPath"]: self.folder / mount["name"] for mount in container["volumeMounts"]}
        for name, text in projects.items():
            mounts["/etc/octopod"].mkdir(exist_ok=True)
            (mounts["/etc/octopod"] / name).write_text(text)
        settings["OCTOPOD_CONFIG"] = str(mounts["/etc/octopod"] / Path(settings["OCTOPOD_CONFIG"]).name)
        settings["OCTOPOD_DATA"] = str(mounts[settings["OCTOPOD_DATA"]])
        settings |= {"OCTOPOD_HTTP_HOST": "127.0.0.1", "OCTOPOD_HTTP_PORT": str(port)}
        settings |= {"KUBECONFIG": str(self._account()), "HOME": settings["OCTOPOD_DATA"], "PATH": os.environ["PATH"]}
        words = " ".join(shlex.quote(f"{name}={value}") for name, value in settings.items())
        program = self.rig.in_containers / "octopod"
        program.write_text(f'#!/bin/sh\ncd {ROOT} && exec env -i {words} {sys.executable} -m bot "$@"\n')
        program.chmod(0o755)

    def _get(self, kind: str) -> Any:
        return yaml.safe_load(self.rig.kubectl("-n", "octopod", "get", kind, "octopod", "-o", "yaml"))

    def _account(self) -> Path:
        """In place of the token that a kubelet mounts."""
        config = yaml.safe_load(self.rig.kubeconfig.read_text())
        config["users"][0]["user"] = {"token": self.rig.kubectl("-n", "octopod", "create", "token", "octopod").strip()}
        config["contexts"][0]["context"]["namespace"] = "octopod"
        file = self.folder / "account.kubeconfig"
        file.write_text(yaml.safe_dump(config))
        return file
