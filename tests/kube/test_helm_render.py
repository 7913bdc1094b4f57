"""The real helm, without a cluster: what it makes of values and charts, and where it gets them."""

import asyncio
import hashlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from aiohttp import web
from engine_kit import Watched, now, reading
from helm_kit import SHOP, VALUES, WORKER, a_renderer, a_tree, helm_binary
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from local_world import QUICK
from render_kit import KUBERNETES, facts

from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.project import Helm
from bot.keys import keys_in
from bot.local.engine import LocalEngine
from bot.ports import ReleaseOrder
from bot.render.helm import HelmRenderer

pytestmark = pytest.mark.kube
# What hurts where values are put together as text: in YAML, in a shell, by `--set`, in Slack.
HARD = [
    "",
    "a,b",
    "{x}",
    "a=b=c",
    "12",
    "true",
    "null",
    "~",
    "0x1F",
    "1e3",
    "- a",
    "a: b",
    "#",
    "${HOME}",
    "{{ .Values }}",
]
HARD += [
    "two\nlines\n",
    "\ttab",
    "😀 <!channel> é \u2028 \x85",
    "'\"\\",
    "!!int 3",
    "&a *a",
    "%",
    "@",
    "x" * 100_000,
    "…",
]
SCALARS = st.sampled_from(HARD) | st.text(max_size=200) | st.integers(-(2**31), 2**31) | st.booleans()
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner))


@pytest.fixture
def renderer(tmp_path: Path) -> HelmRenderer:
    return a_renderer(tmp_path)


async def rendered(renderer: HelmRenderer, tree: Path, source: Helm, **changes: Any) -> dict[str, dict[str, Any]]:
    """By kind and name."""
    objects = await renderer.render(source, tree, facts(**{"source": source, **changes}), KUBERNETES)
    return {f"{one['kind']} {one['metadata']['name']}": one for one in objects}


async def refusal(renderer: HelmRenderer, tree: Path, source: Helm, **changes: Any) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        await rendered(renderer, tree, source, **changes)
    return caught.value


async def read_back(renderer: HelmRenderer, tree: Path, values: dict[str, Any]) -> Any:
    found = await rendered(renderer, tree, WORKER, values={"settings": values})
    return json.loads(found["ConfigMap settings"]["data"]["all"])


async def test_hard_values_are_read_back(renderer: HelmRenderer, tmp_path: Path) -> None:
    values = {f"key{number}": text.replace("${", "$${") for number, text in enumerate(HARD)}
    there = await read_back(renderer, a_tree(tmp_path / "tree"), values)
    assert there == {f"key{number}": text for number, text in enumerate(HARD)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=20), TREES, max_size=6))
def test_any_values_are_read_back(tmp_path: Path, values: dict[str, Any]) -> None:
    def escaped(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: escaped(one) for key, one in value.items()}
        if isinstance(value, list):
            return [escaped(one) for one in value]
        return value.replace("${", "$${") if isinstance(value, str) else value

    tree = tmp_path / "tree"
    there = asyncio.run(read_back(a_renderer(tmp_path), a_tree(tree), escaped(values)))
    assert there == values


async def test_a_chart_as_teams_write_them(renderer: HelmRenderer, tmp_path: Path) -> None:
    found = await rendered(renderer, a_tree(tmp_path / "tree"), SHOP, values=VALUES)
    assert set(found) == {
        "ConfigMap octopod-env",
        "ConfigMap shop-cache",
        "ConfigMap shop-shop",
        "Deployment shop-shop",
        "Ingress shop-shop",
        "Job shop-shop-migrate",
        "Job shop-shop-prepare",
        "Job shop-shop-seed",
        "Secret shop-shop-key",
        "Secret shop-shop-password",
        "Service shop-shop",
    }
    [container] = found["Deployment shop-shop"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"ghcr.io/acme/shop:{'a' * 40}"
    assert found["Ingress shop-shop"]["spec"]["rules"][0]["host"] == "orange.localhost"
    assert found["ConfigMap shop-cache"]["data"]["staging"] == "orange", "subcharts are told as well"
    assert "${HOME}" in found["ConfigMap shop-shop"]["data"]["script.sh"]
    later = await rendered(renderer, tmp_path / "tree", SHOP, values=VALUES, first=False)
    assert "Job shop-shop-announce" in later and "Job shop-shop-seed" not in later


async def test_which_values_win(renderer: HelmRenderer, tmp_path: Path) -> None:
    tree = a_tree(tmp_path / "tree")
    (tree / "a,1.yaml").write_text("settings: {greeting: from a, farewell: from a, third: from a}\n")
    (tree / "b.yaml").write_text("settings: {farewell: from b, third: from b}\n")
    source = Helm("shop", files=tuple(map(PurePosixPath, ("a,1.yaml", "b.yaml"))))
    found = await rendered(renderer, tree, source, values={**VALUES, "settings": {"third": "ours"}})
    told = json.loads(found["ConfigMap shop-shop"]["data"]["settings.json"])
    assert told == {"greeting": "from a", "farewell": "from b", "third": "ours", "sizes": ["s", "m"]}


async def test_mistakes_are_told_in_helms_words_and_with_the_template(renderer: HelmRenderer, tmp_path: Path) -> None:
    tree = a_tree(tmp_path / "tree")
    schema = await refusal(renderer, tree, SHOP, values={"replicas": "x", "image": {"pullPolicy": "sometimes"}})
    assert "schema" in schema.text and any("replicas" in one for one in schema.details)
    foreign = await refusal(renderer, tree, SHOP, values={"ingress": {"hosts": [{"host": "shop.example.com"}]}})
    assert foreign.details[0].startswith("shop/templates/ingress.yaml: Ingress `shop-shop`: spec.rules.0.host: ")
    (tree / "worker" / "templates" / "bad.yaml").write_text('\n\n{{ fail "say which colour" }}\n')
    [line] = (await refusal(renderer, tree, WORKER)).details
    assert "worker/templates/bad.yaml:3" in line and "say which colour" in line
    (tree / "worker" / "templates" / "bad.yaml").write_text("a: {{ .Values.x }\n")
    [line] = (await refusal(renderer, tree, WORKER)).details
    assert "worker/templates/bad.yaml:1" in line and str(tmp_path) not in line
    (tree / "b.yaml").write_text("a: [")
    [line, *_] = (await refusal(renderer, tree, Helm("worker", files=(PurePosixPath("b.yaml"),)))).details
    assert "b.yaml" in line and str(tmp_path) not in line


async def test_what_is_for_the_whole_cluster_is_refused_by_name(renderer: HelmRenderer, tmp_path: Path) -> None:
    tree = a_tree(tmp_path / "tree")
    thing = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "all"}}
    (tree / "worker" / "templates" / "role.yaml").write_text(yaml.safe_dump(thing))
    (tree / "worker" / "crds").mkdir()
    crd = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a.b"}}
    (tree / "worker" / "crds" / "a.yaml").write_text(yaml.safe_dump(crd))
    [line] = (await refusal(renderer, tree, WORKER)).details
    assert line.startswith("worker/templates/role.yaml: ClusterRole `all`: kind: ClusterRole is for the whole cluster")


async def test_a_chart_that_never_comes_to_an_end(tmp_path: Path) -> None:
    tree = a_tree(tmp_path / "tree")
    endless = "{{ range until 100000000 }}{{ range until 100000000 }}{{ end }}{{ end }}"
    (tree / "worker" / "templates" / "endless.yaml").write_text(endless)
    error = await refusal(a_renderer(tmp_path), tree, WORKER)
    assert "takes longer" in error.text or "memory" in " ".join(error.details) or "signal" in " ".join(error.details)


async def test_on_the_local_engine(renderer: HelmRenderer, tmp_path: Path) -> None:
    async with LocalEngine(tmp_path / "engine", 8080, now, QUICK, keys=keys_in(tmp_path)) as engine:
        there = Watched(engine, tmp_path, "orange")
        async with reading(there):
            tree = a_tree(tmp_path / "tree")
            objects = await renderer.render(WORKER, tree, facts(source=WORKER), engine.facts)
            await there.apply(ReleaseOrder("orange", "orange", "shop", "r1", "a" * 40, objects, tree))
            assert [one.name for one in (await there.live("r1")).workloads] == ["worker"]


async def test_what_is_known_of_a_chart(renderer: HelmRenderer, tmp_path: Path) -> None:
    known = await renderer.known(SHOP, a_tree(tmp_path / "tree"), "main")
    assert known["replicas"].description == "How many pods the shop has"


# Where charts come from


def packed(chart: str, folder: Path) -> Path:
    """An archive as repositories have them."""
    tree = a_tree(folder / "packing")
    [there] = {path.parent for path in tree.rglob("Chart.yaml") if path.parent.name == chart}
    subprocess.run([helm_binary(), "package", there, "-d", folder], check=True, capture_output=True)
    [archive] = folder.glob(f"{chart}-*.tgz")
    return archive


@asynccontextmanager
async def serving(answers: dict[str, bytes], asked: list[str]) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        found = answers.get(request.path)
        manifest = "/manifests/" in request.path
        kind = "application/vnd.oci.image.manifest.v1+json" if manifest else "application/octet-stream"
        if found is None:
            return web.Response(status=404)
        digest = f"sha256:{hashlib.sha256(found).hexdigest()}"
        return web.Response(body=found, content_type=kind, headers={"Docker-Content-Digest": digest})

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def an_index(*archives: Path) -> bytes:
    entries = {}
    for archive in archives:
        name, _, version = archive.stem.rpartition("-")
        entry = {"apiVersion": "v2", "name": name, "version": version, "urls": [archive.name]}
        entries[name] = [{**entry, "digest": hashlib.sha256(archive.read_bytes()).hexdigest()}]
    return yaml.safe_dump({"apiVersion": "v1", "entries": entries}).encode()


async def test_a_chart_of_a_repository(renderer: HelmRenderer, tmp_path: Path) -> None:
    archive, asked = packed("worker", tmp_path), list[str]()
    answers = {"/index.yaml": an_index(archive), f"/{archive.name}": archive.read_bytes()}
    (tmp_path / "tree").mkdir()
    async with serving(answers, asked) as host:
        source = Helm("worker", f"http://{host}", "0.2.0")
        assert "Deployment worker" in await rendered(renderer, tmp_path / "tree", source)
        assert asked
        before = len(asked)
        assert "Deployment worker" in await rendered(renderer, tmp_path / "tree", source)
        assert len(asked) == before, "one version is fetched once"
        missing = await refusal(renderer, tmp_path / "tree", Helm("worker", f"http://{host}", "9.9.9"))
        newest = Helm("worker", f"http://{host}")
        assert "Deployment worker" in await rendered(renderer, tmp_path / "tree", newest)
        before = len(asked)
        for one in (source, newest):
            assert "settings" in await renderer.known(one, tmp_path / "tree", "main")
        assert len(asked) == before, "what was fetched is looked into"
        assert "can't be fetched" in missing.text and "9.9.9" in missing.details[0]
    with pytest.raises(TemporaryError, match="can't be fetched"):
        await rendered(renderer, tmp_path / "tree", Helm("worker", f"http://{host}", "0.3.0"))


async def test_a_chart_of_a_registry(renderer: HelmRenderer, tmp_path: Path) -> None:
    archive, asked = packed("worker", tmp_path).read_bytes(), list[str]()
    config = json.dumps({"name": "worker", "version": "0.2.0", "apiVersion": "v2"}).encode()

    def described(content: bytes, kind: str) -> dict[str, Any]:
        return {"mediaType": kind, "digest": f"sha256:{hashlib.sha256(content).hexdigest()}", "size": len(content)}

    helm = "application/vnd.cncf.helm"
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": described(config, f"{helm}.config.v1+json"),
        "layers": [described(archive, f"{helm}.chart.content.v1.tar+gzip")],
    }
    text = json.dumps(manifest).encode()
    blobs = {f"/v2/charts/worker/blobs/{described(one, '')['digest']}": one for one in (config, archive)}
    names = ("0.2.0", described(text, "")["digest"])
    answers = {"/v2/": b"{}", **blobs, **{f"/v2/charts/worker/manifests/{name}": text for name in names}}
    (tmp_path / "tree").mkdir()
    async with serving(answers, asked) as host:
        source = Helm(f"oci://{host}/charts/worker", version="0.2.0")
        assert "Deployment worker" in await rendered(renderer, tmp_path / "tree", source)
        before = len(asked)
        assert "Deployment worker" in await rendered(renderer, tmp_path / "tree", source)
        assert len(asked) == before > 0
        missing = await refusal(renderer, tmp_path / "tree", Helm(f"oci://{host}/charts/worker", version="9.9.9"))
        assert "can't be fetched" in missing.text


@pytest.mark.parametrize("locked", [False, True])
async def test_what_a_chart_needs_is_fetched(renderer: HelmRenderer, tmp_path: Path, locked: bool) -> None:
    archive, asked, tree = packed("cache", tmp_path), list[str](), a_tree(tmp_path / "tree")
    async with serving({"/index.yaml": an_index(archive), f"/{archive.name}": archive.read_bytes()}, asked) as host:
        dependency = {"name": "cache", "version": "0.1.0", "repository": f"http://{host}"}
        chart = {"apiVersion": "v2", "name": "all", "version": "1.0.0", "dependencies": [dependency]}
        (tree / "all").mkdir()
        (tree / "all" / "Chart.yaml").write_text(yaml.safe_dump(chart))
        if locked:
            words = [helm_binary(), "dependency", "update", str(tree / "all")]
            await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True)
            shutil.rmtree(tree / "all" / "charts")
            assert (tree / "all" / "Chart.lock").exists()
        found = await rendered(renderer, tree, Helm("all"))
        assert found["ConfigMap shop-cache"]["data"] == {"size": "10", "staging": "orange"}
