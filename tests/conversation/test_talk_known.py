"""Stories of keys that charts and templates have: what is marked, what is offered, and that nothing is refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from helm_stub import WEB, Stub
from structlog.testing import capture_logs
from talk_kit import Talk, talking
from test_talk_config_dialog import fields, opened, said, save, told

from bot.domain.project import Template

SHIPPED = Path(__file__).parents[2] / "manifests" / "templates"
CHART = {
    "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
    "web/values.yaml": "# How many pods there are\nreplicas: 1\nimage: {tag: latest, pullPolicy: Always}\n",
    "web/values.schema.json": '{"properties": {"image": {"properties": {"pullPolicy": {"$ref": "#/$defs/policy"}}}},'
    ' "$defs": {"policy": {"enum": ["Always", "Never"]}}}',
}
CHARTED: dict[str, Any] = {"source": WEB, "values": {"image": {"tag": "${commit}"}}}


async def test_the_keys_of_a_template_are_known(tmp_path: Path, database: Path) -> None:
    kiosk = {"source": Template("web", SHIPPED / "web"), "image": "kiosk:${commit}", "values": {"port": 8000}}
    async with talking(tmp_path, database, project=kiosk) as talk:
        assert "⚠️" not in await talk.say("alice", "/octopod deploy feature-y --set replica=2"), "it was not seen yet"
        mark = "`replica`: neither octopod.yaml nor the template web knows this key; did you mean `replicas`?"
        assert f"⚠️ {mark}" in await talk.say("alice", "/octopod deploy feature-x --set replica=2")
        assert f"⚠️ {mark}" in await talk.say("alice", "/octopod config feature-y --set replica=3")
        answer = await talk.say(
            "alice", "/octopod config feature-y --unset replica --set replicas=2 --set health.path=/up"
        )
        assert "⚠️" not in answer
        shown = await talk.say("alice", "/octopod config feature-y")
        assert "`replicas` = `2` · changed here, default `1`" in shown and "`health.path` = `/up` · changed" in shown
        view = await opened(talk, "alice", await talk.card("feature-y"))
        assert "*Keys of the template web*, and what holds without a change:\n`port` = `8000`" in said(view)
        assert "`command` = `null` · What runs; null: what the image runs by itself." in said(view)


async def test_the_keys_of_a_chart_are_known_as_its_branch_has_them(tmp_path: Path, database: Path) -> None:
    stub = Stub(tmp_path / "stub")
    async with talking(tmp_path, database, project=CHARTED, helm=stub.renderer()) as talk:
        talk.origin.commit("main", CHART, "A chart")
        more = CHART["web/values.yaml"] + "cache: {size: 10}\n"
        talk.origin.commit("cached", {**CHART, "web/values.yaml": more}, "A cache")
        await deployed(talk, "cached", "main")
        view = await opened(talk, "bob", await talk.card("cached"))
        assert "`image.tag` = `${commit}`" in said(view) and "`cache.size` = `10`" in said(view)
        assert "`replicas` = `1` · How many pods there are" in said(view)
        assert "`image.pullPolicy` = `Always` · one of Always, Never" in said(view)

        wrong = "replica=2\nimage.pullPolicy=never\ncache.size=20"
        answer = told(await save(talk, "bob", view, values=wrong))
        assert "`replica`: neither octopod.yaml nor the chart knows this key; did you mean `replicas`?" in answer
        assert "`image.pullPolicy`: the chart takes only `Always`, `Never`; did you mean `Never`?" in answer
        assert "`cache.size`:" not in answer and "rolls out the change" in answer, "nothing is refused"
        hint = fields(await opened(talk, "bob", await talk.card("cached")))["values"]["hint"]["text"]
        assert "⚠️ replica: neither" in hint and "⚠️ image.pullPolicy: the chart takes only" in hint

        on_main = "neither octopod.yaml nor the chart knows this key"
        assert f"`cache.size`: {on_main}" in await talk.say("bob", "/octopod config main --set cache.size=1")
        assert f"`cache.size`: {on_main}" in await talk.say("bob", "/octopod deploy feature-y --set cache.size=1")
        assert "⚠️" not in await talk.say("bob", "/octopod deploy cached --set cache.size=1")


async def test_what_was_learned_outlives_the_bot_and_octopod_yaml(tmp_path: Path, database: Path) -> None:
    stub = Stub(tmp_path / "stub")
    async with talking(tmp_path, database, project=CHARTED, helm=stub.renderer()) as talk:
        talk.origin.commit("main", CHART, "A chart")
        await deployed(talk, "main")
        projects = talk.bot.service.projects
        learned = projects.learned("shop", "main")
        projects.replace(dict(projects))
        assert projects.learned("shop", "main") == learned and learned.values["replicas"].default == "1"
    (tmp_path / "next").mkdir()
    kept = tmp_path / "octopod.db"
    async with talking(tmp_path / "next", kept, project=CHARTED, helm=stub.renderer()) as talk:
        assert "nowhere" in await talk.say("bob", "/octopod deploy nowhere"), "its worker works, so it has read"
        assert "did you mean `replicas`?" in await talk.say("bob", "/octopod config main --set replica=2")
        projects = talk.bot.service.projects
        projects.replace({"shop": replace(projects["shop"], source=Template("web", SHIPPED / "web"))})
        assert "⚠️" not in await talk.say("bob", "/octopod config main --set replica=3"), "another source has others"


async def test_a_chart_of_which_nothing_can_be_learned_is_deployed_all_the_same(tmp_path: Path, database: Path) -> None:
    stub = Stub(tmp_path / "stub")
    async with talking(tmp_path, database, project=CHARTED, helm=stub.renderer()) as talk:
        talk.origin.commit("main", CHART, "A chart")
        await deployed(talk, "main")
        async with talk.bot.store.write() as connection:
            await connection.exec_driver_sql("DROP TABLE known")
        talk.origin.commit("main", {"web/values.yaml": "size: 1\n"}, "Another chart")
        with capture_logs() as lines:
            await deployed(talk, "main")
        assert "live" in (await talk.card("main")).text and len(talk.engine.orders) == 2
        assert [line["event"] for line in lines if "learned" in line["event"]] == [
            "what values there are could not be learned"
        ]


async def deployed(talk: Talk, *branches: str) -> None:
    for branch in branches:
        await talk.deploy(branch)
