"""A running bot follows octopod.yaml."""

import json
from pathlib import Path

import pytest
from crash_kit import Playground
from structlog.testing import capture_logs

from bot.domain.project import EngineKind, Project
from bot.projects import Projects, load_projects
from bot.reload import Reload

SHOP = "engine: local\nprojects:\n  shop: {repo: a, source: {manifests: .}, channel: c}\n"
BLOG = "  blog: {extends: shop}\n"


class Followed:
    """A file that is followed. Two looks: the first one sees it, the second that it stays so."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "octopod.yaml"
        self.file.write_text(SHOP)
        configuration = load_projects(self.file)
        self.projects = Projects(configuration.projects)
        self.told: list[list[str]] = []
        self.reload = Reload(self.file, configuration.engine, self.projects, taken=self.taken)

    async def taken(self) -> None:
        self.told.append(list(self.projects))
        if "blog" in self.projects:
            raise OSError("whoever is told can't do it")

    async def says(self, text: str) -> None:
        self.file.write_text(text)
        await self.looked()

    async def looked(self) -> None:
        await self.reload.look()
        await self.reload.look()


async def test_a_changed_file_counts(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    seen = followed.projects.values()
    with capture_logs() as logs:
        await followed.looked()
    assert (len(seen), logs) == (1, [])
    with capture_logs() as logs:
        await followed.says(SHOP + BLOG)
    assert [project.name for project in seen] == ["shop", "blog"] and followed.told == [["shop"], ["shop", "blog"]]
    assert (logs[0]["added"], logs[0]["changed"], logs[0]["removed"]) == (["blog"], [], [])
    with capture_logs() as logs:
        await followed.says(SHOP.replace("channel: c", "channel: d"))
    assert (logs[0]["added"], logs[0]["changed"], logs[0]["removed"]) == ([], ["shop"], ["blog"])
    assert [project.channel for project in seen] == ["d"]


async def test_a_wrong_file_does_not_count_and_all_its_mistakes_are_told(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    with capture_logs() as logs:
        await followed.says(SHOP.replace("channel", "chanel"))
    assert list(followed.projects) == ["shop"] and followed.projects["shop"].channel == "c"
    told = [
        "octopod.yaml:3:3: projects.shop.channel: is missing; say where the cards go, such as `channel: stagings`",
        "octopod.yaml:3:43: projects.shop.chanel: is not a known key; did you mean channel?",
    ]
    assert list(followed.projects.refused) == logs[0]["mistakes"] == told
    with capture_logs() as logs:
        await followed.looked()
    assert logs == []
    await followed.says(SHOP)
    assert followed.projects.refused == ()


async def test_a_half_written_file_is_waited_for(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    await followed.looked()
    followed.file.write_text("engine: local\nproj")
    await followed.reload.look()
    followed.file.write_text(SHOP + BLOG)
    await followed.reload.look()
    assert (list(followed.projects), followed.projects.refused) == (["shop"], ())
    await followed.reload.look()
    assert list(followed.projects) == ["shop", "blog"]


async def test_a_file_that_is_gone_changes_nothing(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    followed.file.unlink()
    await followed.looked()
    assert list(followed.projects) == ["shop"] and "There is no" in followed.projects.refused[0]
    await followed.says(SHOP + BLOG)
    assert (list(followed.projects), followed.projects.refused) == (["shop", "blog"], ())


async def test_another_engine_needs_a_restart(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    hosts = "hosts: {web: '${staging}.example.com'}, channel: d"
    await followed.says(SHOP.replace("local", "kubernetes").replace("channel: c", hosts))
    assert followed.projects["shop"].channel == "c"
    (told,) = followed.projects.refused
    assert told.startswith("octopod.yaml: engine: is kubernetes now, but this bot runs stagings on local. Restart it")


async def test_a_config_map_is_followed(tmp_path: Path) -> None:
    """Kubernetes mounts it as links, and swaps the one of the folder: octopod.yaml → ..data/octopod.yaml → ..1/…"""
    for name, text in (("..1", SHOP), ("..2", SHOP + BLOG)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "octopod.yaml").write_text(text)
    (tmp_path / "..data").symlink_to("..1")
    file = tmp_path / "octopod.yaml"
    file.symlink_to("..data/octopod.yaml")
    projects = Projects(load_projects(file).projects)
    reload = Reload(file, EngineKind.LOCAL, projects)
    await reload.look()
    (tmp_path / "..new").symlink_to("..2")
    (tmp_path / "..new").rename(tmp_path / "..data")
    await reload.look()
    await reload.look()
    assert list(projects) == ["shop", "blog"]


async def test_a_template_that_comes_is_seen(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    await followed.says(SHOP.replace("manifests: .", "template: mine"))
    assert "is no folder in templates beside this file" in followed.projects.refused[0]
    (tmp_path / "templates" / "mine").mkdir(parents=True)
    await followed.looked()
    assert followed.projects.refused == ()


def test_what_is_said_of_each_project_is_always_of_now(tmp_path: Path) -> None:
    followed = Followed(tmp_path)
    channels = followed.projects.each(lambda project: project.channel)
    assert dict(channels) == {"shop": "c"}
    other: Project = load_projects(followed.file).projects["shop"]
    followed.projects.replace({"other": other})
    assert (dict(channels), channels.get("shop"), len(channels)) == ({"other": "c"}, None, 1)


@pytest.mark.crash
def test_a_second_project_is_there_without_a_restart(tmp_path: Path) -> None:
    playground = Playground(tmp_path / "data")
    try:
        playground.start()
        file, pid = playground.data / "octopod.yaml", playground.bot_pid()
        ready = "127.0.0.1:" + playground.env()["OCTOPOD_HTTP_PORT"]
        before = file.read_text()
        playground.deploy("main")
        # Under way, and goes on at the host that it was told to have.
        file.write_text(before.replace("${staging}.", "${staging}.${project}.") + "  outlet: {extends: shop}\n")
        playground.until(lambda state: "has changed and is taken" in playground.log(), 20, "the file is taken")
        playground.until(lambda state: playground.phases(state).get("main") == "live", 40, "main is live")
        assert "Which project? Add `--project NAME`: shop, outlet." in answer(playground, "deploy green-button")
        playground.say("deploy green-button --project outlet")
        playground.until(lambda state: playground.phases(state).get("green-button") == "live", 40, "it is live")
        host = f"green-button.outlet.localhost:{playground.port}"
        assert (playground.url("main"), playground.get(f"127.0.0.1:{playground.port}", "/", host)[0]) == (200, 200)
        file.write_text(before + "    limits: {stagings: none}\n")
        playground.until(lambda state: "is wrong" in playground.log(), 20, "the file is refused")
        assert "projects.shop.limits.stagings: must be a whole number" in playground.log()
        status, said = playground.get(ready, "/readyz")
        assert (status, json.loads(said)) == (200, {"ok": True, "configuration": "old", "mistakes": 1})
        assert "octopod_configuration_current 0.0" in playground.get(ready, "/metrics")[1].decode()
        file.write_text(before)
        playground.until(lambda state: b"current" in playground.get(ready, "/readyz")[1], 20, "the file is taken")
        # Its project has left, and it can still be removed.
        playground.say("delete green-button --now")
        playground.until(lambda state: "green-button" not in playground.phases(state), 40, "it is deleted")
        assert playground.bot_pid() == pid
        playground.stop()
    finally:
        playground.clear_away()


def answer(playground: Playground, text: str) -> str:
    """What is told privately, at once or by a message."""
    said = playground.say(text)
    return json.dumps(said, ensure_ascii=False) + json.dumps(playground.state(), ensure_ascii=False)
