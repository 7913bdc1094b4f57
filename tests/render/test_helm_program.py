"""How helm is run: what it is told, what it gets of the bot's own, and every way in which it can fail."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest
import yaml
from helm_stub import CHART, WEB, Stub
from render_kit import KUBERNETES, a_tree, facts

from bot.domain.errors import PermanentError, TemporaryError
from bot.render.helm import HelmRenderer
from bot.render.helm_program import HelmProgram, Limits


async def refusal(renderer: HelmRenderer, tree: Path, **changes: object) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        await renderer.render(WEB, tree, facts(source=WEB, **changes), KUBERNETES)
    return caught.value


async def test_what_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-its-own")
    monkeypatch.setenv("HELM_NAMESPACE", "kube-system")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    stub, tree = Stub(tmp_path / "stub"), a_tree(tmp_path, {**CHART, "deploy/more.yaml": "size: 10\n"})
    source = facts(source=WEB).source
    await stub.renderer().render(WEB, tree, facts(source=source, values={"tag": "${commit}"}), KUBERNETES)
    [(words, environ, values)] = stub.calls
    assert words[0] == "template" and words[-3:] == ["--", "shop", str(tree / "web")]
    assert "--namespace=shop-orange" in words and "--skip-tests" in words
    assert not any("--set" in word or "dry-run" in word or word == "--is-upgrade" for word in words)
    assert "SLACK_BOT_TOKEN" not in environ and "HELM_NAMESPACE" not in environ
    assert environ["HTTPS_PROXY"] == "http://proxy:3128"
    own = str(tmp_path / "stub" / "data")
    folders = ("HOME", "HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_PLUGINS", "KUBECONFIG")
    assert all(environ[name].startswith(own) for name in folders)
    told = yaml.safe_load(values[-1])
    assert told["tag"] == "a" * 40
    assert told["global"]["octopod"] == {
        "staging": "orange",
        "project": "shop",
        "branch": "orange-button",
        "commit": "a" * 40,
        "image": "",
        "namespace": "shop-orange",
        "baseline": "",
        "hosts": {"web": "orange.localhost", "api": "orange-api.localhost"},
        "urls": {"web": "http://orange.localhost:8080", "api": "http://orange-api.localhost"},
    }
    assert not list((tmp_path / "stub" / "data" / "work").iterdir()), "nothing is left behind"


async def test_later_releases_are_upgrades(tmp_path: Path) -> None:
    stub, tree = Stub(tmp_path / "stub"), a_tree(tmp_path, CHART)
    await stub.renderer().render(WEB, tree, facts(source=WEB, first=False), KUBERNETES)
    assert "--is-upgrade" in stub.calls[0][0]


async def test_without_helm(tmp_path: Path) -> None:
    renderer = HelmRenderer(HelmProgram("no-such-helm", tmp_path / "data"))
    error = await refusal(renderer, a_tree(tmp_path, CHART))
    assert "not installed" in error.text and "OCTOPOD_HELM" in error.next_step


@pytest.mark.parametrize("version", ["v3.16.4", "v2.17.0", "something else"])
async def test_one_that_is_too_old(tmp_path: Path, version: str) -> None:
    error = await refusal(Stub(tmp_path / "stub", version).renderer(), a_tree(tmp_path, CHART))
    assert "too old" in error.text and "3.17" in error.next_step


@pytest.mark.parametrize("version", ["v3.17.0", "v3.20.1+g1234567", "v4.0.0"])
async def test_those_that_will_do(tmp_path: Path, version: str) -> None:
    renderer = Stub(tmp_path / "stub", version).renderer()
    assert len(await renderer.render(WEB, a_tree(tmp_path, CHART), facts(source=WEB), KUBERNETES)) == 2


async def test_its_complaints_are_told_and_redacted(tmp_path: Path) -> None:
    complains = (
        "Error: execution error at (web/templates/a.yaml:3:4): password is hunter2222\n\n"
        "Use --debug flag to render out invalid YAML\n"
    )
    renderer = Stub(tmp_path / "stub", complains=complains, code=1).renderer(secrets=lambda: frozenset({"own-secret"}))
    error = await refusal(renderer, a_tree(tmp_path, CHART), secrets={"PASSWORD": "hunter2222"})
    assert error.details == ("execution error at (web/templates/a.yaml:3:4): password is •••",)
    assert "can't render" in error.text


async def test_mistakes_of_values_are_told_as_such(tmp_path: Path) -> None:
    complains = (
        "Error: values don't meet the specifications of the schema(s) in the following chart(s):\n"
        "web:\n- at '/replicas': got string, want integer\n"
    )
    error = await refusal(Stub(tmp_path / "stub", complains=complains, code=1).renderer(), a_tree(tmp_path, CHART))
    assert error.details == ("web:", "- at '/replicas': got string, want integer")
    assert "schema" in error.text


async def test_a_reference_that_nobody_knows(tmp_path: Path) -> None:
    stub = Stub(tmp_path / "stub")
    error = await refusal(stub.renderer(), a_tree(tmp_path, CHART), values={"tag": "${comit}"})
    assert "did you mean `${commit}`" in error.details[0]
    assert stub.calls == []


async def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    stub, tree = Stub(tmp_path / "stub"), a_tree(tmp_path, CHART)
    await stub.renderer().render(WEB, tree, facts(source=WEB), KUBERNETES)
    children = tmp_path / "children"
    stub.program.write_text(
        f"#!{sys.executable}\nimport os, signal, subprocess, sys, time\n"
        "if sys.argv[1] == 'version':\n    print('v4.0.0')\n    sys.exit()\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(children)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\ntime.sleep(600)\n"
    )
    error = await refusal(stub.renderer(Limits(render=2.0)), tree)
    assert error.text == "The chart takes longer than 2 s to render."
    for pid in map(int, children.read_text().split()):
        assert _ended(pid)


def _ended(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


async def test_one_that_writes_without_end(tmp_path: Path) -> None:
    renderer = Stub(tmp_path / "stub", says="x" * 300_000).renderer(Limits(output=2**20 // 4))
    assert "MiB" in (await refusal(renderer, a_tree(tmp_path, CHART))).text


async def test_a_chart_that_takes_no_other_values_is_not_told_ours(tmp_path: Path) -> None:
    schema = json.dumps({"type": "object", "additionalProperties": False, "properties": {"replicas": {}}})
    stub, tree = Stub(tmp_path / "stub"), a_tree(tmp_path, {**CHART, "web/values.schema.json": schema})
    await stub.renderer().render(WEB, tree, facts(source=WEB, values={"replicas": 2}), KUBERNETES)
    assert yaml.safe_load(stub.calls[0][2][-1]) == {"replicas": 2}


async def test_a_cluster_that_does_not_answer_is_asked_again(tmp_path: Path) -> None:
    complains = "Error: cluster reachability check failed: kubernetes cluster unreachable: context deadline exceeded\n"
    renderer = Stub(tmp_path / "stub", complains=complains, code=1).renderer()
    with pytest.raises(TemporaryError):
        await renderer.render(WEB, a_tree(tmp_path, CHART), facts(source=WEB), KUBERNETES)
