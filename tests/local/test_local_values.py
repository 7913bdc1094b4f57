"""Values that people type, all the way into a process: nothing breaks manifests, files or a subprocess."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from render_kit import deployment, rendered

from bot.domain.configuration import Overrides, typed_layer
from bot.local.environment import Surroundings, launch
from bot.local.reader import read_release

SHOW = "import json, os; print(json.dumps([os.environ['TYPED'], os.environ['HIDDEN']]))"
HOSTILE = (
    "a\nb: c", "\r\n", "- [", "{}", "${image}", "$${image}", "$(PATH) `id` ; rm -rf / #", "🐙", "<!channel>",
    "x" * 100_000, "true", "null", "007", " padded ", "'\"", "a=b,c={d}", "\u2028\x1b[31m", "",
)  # fmt: skip


def started(folder: Path, value: str) -> Mapping[str, str]:
    """The variables that a container's process is started with, by what is stored in between as JSON and as YAML."""
    layer = typed_layer(Overrides(env={"TYPED": value}, values={"typed": value}))
    manifest = deployment('[{name: web, command: ["${values.typed}", serve]}]')
    objects = rendered(folder, manifest, env=layer.env, values=layer.values, secrets={"HIDDEN": value})
    stored: list[Any] = json.loads(json.dumps(objects))
    assert yaml.safe_load(yaml.safe_dump(stored)) == stored
    [workload] = read_release(stored).workloads
    assert workload.containers[0].command[0] == value
    around = Surroundings(folder, folder, folder, folder, {}, "/usr/bin")
    return launch(workload.containers[0], "web-1", {}, around).env


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_process_gets_what_was_typed(tmp_path: Path, value: str) -> None:
    env = {**started(tmp_path, value), "PYTHONUTF8": "1"}
    said = subprocess.run([sys.executable, "-c", SHOW], env=env, capture_output=True, check=True)
    assert json.loads(said.stdout) == [value, value]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_arrives(value: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        env = started(Path(folder), value)
    assert (env["TYPED"], env["HIDDEN"]) == (value, value)
