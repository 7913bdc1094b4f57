"""`/octopod projects`, and what it says of a configuration that is wrong."""

from dataclasses import replace
from pathlib import Path

from talk_kit import Talk, talking

from bot.domain.project import Limits, Profile


async def test_projects_are_told_with_all_that_people_ask_for(tmp_path: Path, database: Path) -> None:
    changes = {
        "limits": Limits(40, 5),
        "profiles": {
            "production-payments": Profile(
                "production-payments", allowed=("@payers", "U02BOB"), description="Real <b>."
            ),
            "load": Profile("load"),
        },
        "alerts": "C0123ABCD",
    }
    async with talking(tmp_path, database, project=changes) as talk:
        await talk.deploy("feature-x")
        told = await talk.say("alice", "/octopod projects")
        assert "*shop* · 1 staging (at most 40 at once, 5 per person) · #stagings, alerts in <#C0123ABCD>" in told
        assert f"`{talk.origin.path}`, baseline `main`" in told
        assert "web `${staging}.localhost`" in told
        assert "Profile `production-payments` Real &lt;b&gt;. · for payers, <@U02BOB>" in told
        assert "Profile `load` · for everyone" in told
        assert "wrong" not in told


async def test_a_wrong_configuration_and_a_project_that_left_are_told(talk: Talk) -> None:
    await talk.deploy("feature-x")
    talk.bot.projects.replace({"blog": replace(talk.bot.projects["shop"], name="blog")})
    talk.bot.projects.refused = [f"octopod.yaml:{n}:1: wrong" for n in range(12)]
    told = await talk.say("alice", "/octopod projects")
    assert "Not in octopod.yaml any more: shop (1 staging)" in told
    assert "*octopod.yaml has changed and is wrong.* These projects are as they were before." in told
    assert "octopod.yaml:9:1: wrong\n… 2 more; the bot's log has all" in told
