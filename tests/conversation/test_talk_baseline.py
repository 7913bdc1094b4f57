"""What a staging is told of the project's baseline: its branch, and the staging whose data it may begin with."""

from pathlib import Path

from talk_kit import WEB, Talk, talking


def told(talk: Talk, name: str) -> tuple[str, str]:
    order = talk.engine.order(name)
    web = next(one for one in order.objects if one["kind"] == "Deployment")
    return web["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"], order.baseline


async def test_every_staging_but_the_baselines_own_is_told_of_it(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database) as talk:
        knows = WEB.replace("image:", 'env: [{name: BASELINE, value: "${baseline}"}], image:')
        for branch in ("main", "feature-x"):
            talk.origin.commit(branch, {"deploy/web.yaml": knows}, "Ask")
        await talk.deploy("feature-x")
        assert told(talk, "feature-x") == ("main", ""), "nobody has deployed it yet"
        await talk.deploy("main")
        main = talk.engine.order("main").staging
        assert told(talk, "main") == ("", "")
        await talk.say("bob", "/octopod sleep feature-x")
        await talk.report(talk.engine.asleep, "feature-x")
        await talk.say("bob", "/octopod wake feature-x")
        assert told(talk, "feature-x") == ("main", main), "what is asked of the engine is what is there by now"
        await talk.say("bob", "/octopod deploy main as second")
        assert told(talk, "second") == ("main", main)
