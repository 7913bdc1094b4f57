"""Which charts of a branch are taken, and what they may need."""

from pathlib import Path, PurePosixPath

import pytest
import yaml
from helm_stub import CHART, WEB, Stub
from render_kit import KUBERNETES, a_tree, facts

from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.project import Helm


async def refusal(stub: Stub, tree: Path, source: Helm = WEB) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        await stub.renderer().render(source, tree, facts(source=source), KUBERNETES)
    assert stub.calls == [], "nothing was run"
    return caught.value


async def test_no_chart_there(tmp_path: Path) -> None:
    error = await refusal(Stub(tmp_path / "stub"), a_tree(tmp_path, CHART), Helm("deploy/chart"))
    assert error.text == "Branch orange-button has no chart in `deploy/chart`. There is one in `web`."


async def test_charts_outside_of_the_branch(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, CHART)
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "Chart.yaml").write_text("name: x\n")
    assert "has no chart" in (await refusal(Stub(tmp_path / "stub"), tree, Helm("../chart"))).text
    (tree / "linked").symlink_to(tmp_path / "chart")
    assert "has no chart" in (await refusal(Stub(tmp_path / "stub"), tree, Helm("linked"))).text


async def test_links_out_of_the_branch(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {**CHART, "other/a.yaml": "a: b\n", "web/templates/a.yaml": ""})
    (tree / "web" / "secret").symlink_to("/etc/passwd")
    (tree / "web" / "templates" / "more").symlink_to(tree / "other")
    error = await refusal(Stub(tmp_path / "stub"), tree)
    assert error.details == (
        "web/secret: is a link that leads out of the branch's files",
        "web/templates/more: is a link to a folder; move the folder here",
    )


async def test_links_within_the_branch(tmp_path: Path) -> None:
    tree, stub = a_tree(tmp_path, {**CHART, "shared.yaml": "a: b\n"}), Stub(tmp_path / "stub")
    (tree / "web" / "shared.yaml").symlink_to(tree / "shared.yaml")
    assert await stub.renderer().render(WEB, tree, facts(source=WEB), KUBERNETES)


async def test_values_files(tmp_path: Path) -> None:
    names = tuple(map(PurePosixPath, ("a,b.yaml", "deploy/c.yaml")))
    source = Helm("web", files=names)
    tree = a_tree(tmp_path, {**CHART, "a,b.yaml": "size: ${x}\n", "deploy/c.yaml": "size: 2\n"})
    stub = Stub(tmp_path / "stub")
    await stub.renderer().render(source, tree, facts(source=source), KUBERNETES)
    assert stub.calls[0][2][:2] == ["size: ${x}\n", "size: 2\n"], "in their order, as they are"


async def test_values_files_that_can_not_be_read(tmp_path: Path) -> None:
    source = Helm("web", files=tuple(map(PurePosixPath, ("missing.yaml", "out.yaml", "bytes.yaml"))))
    tree = a_tree(tmp_path, {**CHART, "bytes.yaml": b"\xff"})
    (tree / "out.yaml").symlink_to("/etc/passwd")
    error = await refusal(Stub(tmp_path / "stub"), tree, source)
    assert error.details == (
        "missing.yaml: can't be read: No such file or directory",
        "out.yaml: leads out of the branch's files",
        "bytes.yaml: can't be read: it is not UTF-8 text",
    )


def needing(repository: str) -> dict[str, str | bytes]:
    dependency = {"name": "cache", "version": "1.0.0", "repository": repository}
    return {
        **CHART,
        "web/Chart.yaml": yaml.safe_dump({"name": "web", "version": "1.0.0", "dependencies": [dependency]}),
    }


@pytest.mark.parametrize("there", ["web/charts/cache/Chart.yaml", "web/charts/cache-1.0.0.tgz"])
async def test_what_is_there_is_not_fetched(tmp_path: Path, there: str) -> None:
    tree, stub = a_tree(tmp_path, needing("https://charts.test") | {there: ""}), Stub(tmp_path / "stub")
    await stub.renderer().render(WEB, tree, facts(source=WEB), KUBERNETES)
    assert [words[0] for words, _, _ in stub.calls] == ["template"]


async def test_what_is_missing_is_fetched(tmp_path: Path) -> None:
    tree, stub = a_tree(tmp_path, needing("https://charts.test")), Stub(tmp_path / "stub")
    await stub.renderer(registry_config=Path("/own/config.json")).render(WEB, tree, facts(source=WEB), KUBERNETES)
    build = stub.calls[0][0]
    assert build[:2] == ["dependency", "build"] and build[-1] == str(tree / "web")
    assert not any("registry-config" in word for word in build), "a branch gets nothing of the bot's own credentials"


@pytest.mark.parametrize(
    ("repository", "why"),
    [
        ("file://../../elsewhere", "is no folder of the branch"),
        ("file:///etc", "is no folder of the branch"),
        ("@bitnami", "must be a URL"),
        ("", "must be a URL"),
        ("s3://bucket", "must be a URL"),
    ],
)
async def test_what_no_branch_can_have_fetched(tmp_path: Path, repository: str, why: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    error = await refusal(Stub(tmp_path / "stub"), a_tree(tmp_path, needing(repository)))
    assert why in error.details[0]


@pytest.mark.parametrize(
    "complains",
    [
        'Error: looks like "https://charts.test" is not reachable: dial tcp: lookup charts.test: no such host\n',
        "Error: failed to fetch https://charts.test/index.yaml : 503 Service Unavailable\n",
        'Error: Get "https://charts.test/index.yaml": context deadline exceeded\n',
    ],
)
async def test_a_repository_that_can_not_be_reached_is_tried_again(tmp_path: Path, complains: str) -> None:
    stub, source = Stub(tmp_path / "stub", complains=complains, code=1), Helm("web", "https://charts.test", "1.0.0")
    with pytest.raises(TemporaryError) as caught:
        await stub.renderer().render(source, a_tree(tmp_path, CHART), facts(source=source), KUBERNETES)
    assert caught.value.text.startswith("The chart `web` 1.0.0 can't be fetched: ")


async def test_a_chart_that_is_not_in_its_repository(tmp_path: Path) -> None:
    complains = 'Error: chart "web" version "9.9.9" not found in https://charts.test repository\n'
    stub, source = Stub(tmp_path / "stub", complains=complains, code=1), Helm("web", "https://charts.test", "9.9.9")
    with pytest.raises(PermanentError) as caught:
        await stub.renderer().render(source, a_tree(tmp_path, CHART), facts(source=source), KUBERNETES)
    assert caught.value.details == ('chart "web" version "9.9.9" not found in https://charts.test repository',)
    words = stub.calls[0][0]
    assert words[0] == "pull" and "--repo=https://charts.test" in words and words[-2:] == ["--", "web"]


async def test_what_was_left_by_a_bot_that_died_goes(tmp_path: Path) -> None:
    stub = Stub(tmp_path / "stub")
    left = tmp_path / "stub" / "data" / "work" / "left"
    left.mkdir(parents=True)
    stub.renderer()
    assert not left.exists()


async def test_a_chart_yaml_that_would_exhaust_its_reader(tmp_path: Path) -> None:
    tree, stub = (
        a_tree(tmp_path, {**CHART, "web/Chart.yaml": "dependencies: " + "[" * 100_000}),
        Stub(tmp_path / "stub"),
    )
    assert await stub.renderer().render(WEB, tree, facts(source=WEB), KUBERNETES), "Helm itself refuses it"
