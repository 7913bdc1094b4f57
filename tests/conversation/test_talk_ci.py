"""Stories of images that CI is making: what is said of its runs, and what their ends bring about."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from registry_kit import Registry, registry
from talk_kit import PAYLOADS, Talk, talking

from bot.registry.client import Registries

RUN = "https://github.com/acme/shop/actions/runs/550001"


@pytest.fixture
async def shop() -> AsyncIterator[Registry]:
    async with registry() as made:
        yield made


@pytest.fixture
async def talk(tmp_path: Path, database: Path, shop: Registry) -> AsyncIterator[Talk]:
    project = {"image": f"{shop.host}/acme/shop:${{commit}}"}
    async with talking(tmp_path, database, project=project, images=Registries) as there:
        yield there


async def workflow(
    talk: Talk, status: str, *, ago: float = 0, late: float = 0, name: str = "Build", number: int = 812
) -> None:
    """GitHub tells how a run over the head of feature-x stands. `status`: or how it ended. `ago`: minutes since it
    began; `late`: seconds since it was so."""
    began, now = talk.clock() - timedelta(minutes=ago), talk.clock() - timedelta(seconds=late)
    told = json.loads((PAYLOADS / "github_workflow_run.json").read_text())
    ended = status not in ("queued", "in_progress")
    told["workflow_run"] |= {"status": "completed" if ended else status, "conclusion": status if ended else None}
    told["workflow_run"] |= {"head_sha": talk.origin.head("feature-x"), "name": name, "run_number": number}
    told["workflow_run"] |= {"run_started_at": began.isoformat(), "updated_at": now.isoformat()}
    await heard(talk, "github", told, "workflow_run")


async def heard(talk: Talk, host: str, told: dict[str, Any], event: str = "") -> None:
    address = {"clone_url": str(talk.origin.path), "git_http_url": str(talk.origin.path)}
    told["repository" if host == "github" else "project"] |= address
    status, said = await talk.hears(f"/webhooks/{host}", told, event)
    assert status == 202, said


async def ci(talk: Talk, state: str, commit: str = "", **more: Any) -> None:
    """CI tells by itself."""
    told = {"repo": str(talk.origin.path), "commit": commit or talk.origin.head("feature-x"), "state": state, **more}
    status, said = await talk.hears("/api/ci", told)
    assert status == 202, said


def built(talk: Talk, shop: Registry) -> str:
    """The image of the head of feature-x is pushed. Its name."""
    shop.push("acme/shop", talk.origin.head("feature-x"))
    return f"{shop.host}/acme/shop:{talk.origin.head('feature-x')}"


async def test_who_waits_reads_which_run_makes_it_and_how_long_that_usually_takes(talk: Talk, shop: Registry) -> None:
    for number, minutes in enumerate((9, 8, 30)):
        began = (talk.clock() - timedelta(minutes=minutes)).isoformat()
        await ci(talk, "passed", f"{number:040x}", name="Build", started_at=began)
    await workflow(talk, "in_progress", ago=6)
    await talk.say("alice", "/octopod deploy feature-x")
    card, [steps] = await talk.card("feature-x"), await talk.progress("feature-x")
    for text in (card.text, steps):
        assert f"<{RUN}|CI run Build #812> began <!date^" in text and "^{ago}|" in text
        assert "(usually takes 9 min)" in text
    built(talk, shop)
    await workflow(talk, "success", ago=7)
    assert "is *rolling out*" in (await talk.card("feature-x")).text, "it is looked for at once"
    [steps] = await talk.progress("feature-x")
    assert "Build" not in steps and len(talk.engine.orders) == 1


async def test_when_the_run_fails_the_wait_ends_and_the_old_release_serves(talk: Talk, shop: Registry) -> None:
    built(talk, shop)
    await talk.deploy("feature-x")
    await talk.push("feature-x")
    await workflow(talk, "in_progress")
    assert "is *waiting*" in (await talk.card("feature-x")).text
    await workflow(talk, "failure", ago=2)
    card = await talk.card("feature-x")
    assert "has *failed*" in card.text and "CI run Build #812 failed" in card.text
    assert f"<{RUN}|What went wrong there>" in card.text and "still answers with release 1" in card.text
    [*_, failed] = await talk.replies("feature-x")
    assert failed.startswith(
        "<@U01ALICE> 🔴 Release 2 failed: CI run Build #812 failed, and the registry does not have"
    )
    assert "The previous release (1) still serves. Push a fix; or let it run again, and retry here" in failed
    assert RUN in failed and len(talk.engine.orders) == 1


async def test_a_run_that_begins_again_lets_a_retry_wait_for_it(talk: Talk, shop: Registry) -> None:
    await workflow(talk, "failure", ago=2)
    await talk.say("alice", "/octopod deploy feature-x")
    card = await talk.card("feature-x")
    assert "has *failed*" in card.text, "what was heard before counts as well"
    await talk.click("alice", card, "retry")
    assert "has *failed*" in (await talk.card("feature-x")).text, "nothing has changed"
    await talk.later(minutes=1)
    await workflow(talk, "queued")
    await talk.click("alice", await talk.card("feature-x"), "retry")
    assert "is *waiting*" in (await talk.card("feature-x")).text
    built(talk, shop)
    await workflow(talk, "success")
    assert "is *rolling out*" in (await talk.card("feature-x")).text


async def test_an_image_that_is_there_though_the_run_failed_is_taken(talk: Talk, shop: Registry) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    await workflow(talk, "in_progress")
    built(talk, shop)
    await workflow(talk, "failure")
    assert "is *rolling out*" in (await talk.card("feature-x")).text


async def test_while_another_run_goes_on_nothing_has_failed(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    await workflow(talk, "in_progress")
    await workflow(talk, "failure", name="Lint", number=90)
    card = await talk.card("feature-x")
    assert "is *waiting*" in card.text and "CI run Build #812> began" in card.text
    await workflow(talk, "skipped")
    assert "CI run Lint #90 failed" in (await talk.card("feature-x")).text


async def test_checks_and_statuses_end_no_wait_and_look_again_when_they_pass(talk: Talk, shop: Registry) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    told = json.loads((PAYLOADS / "github_status.json").read_text())
    told |= {"sha": talk.origin.head("feature-x"), "context": "image", "state": "failure"}
    await heard(talk, "github", told, "status")
    assert "is *waiting*" in (await talk.card("feature-x")).text
    built(talk, shop)
    await heard(talk, "github", told | {"state": "success"}, "status")
    assert "is *rolling out*" in (await talk.card("feature-x")).text


async def test_of_one_that_is_named_nothing_else_counts(tmp_path: Path, database: Path, shop: Registry) -> None:
    project = {"image": f"{shop.host}/acme/shop:${{commit}}", "ci": "image"}
    async with talking(tmp_path, database, project=project, images=Registries) as talk:
        await talk.say("alice", "/octopod deploy feature-x")
        await workflow(talk, "failure", name="Lint")
        assert "is *waiting*" in (await talk.card("feature-x")).text
        told = json.loads((PAYLOADS / "github_status.json").read_text())
        told |= {"sha": talk.origin.head("feature-x"), "context": "image", "state": "failure"}
        await heard(talk, "github", told, "status")
        assert "CI run image failed" in (await talk.card("feature-x")).text


async def test_a_pipeline_of_gitlab(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    told = json.loads((PAYLOADS / "gitlab_pipeline.json").read_text())
    told["object_attributes"]["sha"] = talk.origin.head("feature-x")
    await heard(talk, "gitlab", told)
    assert "CI run Pipeline #812> began" in (await talk.card("feature-x")).text


async def test_what_arrives_late_or_twice_changes_nothing(talk: Talk) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    await workflow(talk, "failure")
    await workflow(talk, "in_progress", late=10)
    await talk.click("alice", await talk.card("feature-x"), "retry")
    assert "has *failed*" in (await talk.card("feature-x")).text
    told = await talk.replies("feature-x")
    await workflow(talk, "failure")
    assert await talk.replies("feature-x") == told


async def test_a_registry_that_tells_is_asked_at_once(talk: Talk, shop: Registry) -> None:
    await talk.say("alice", "/octopod deploy feature-x")
    asked = len(shop.asked)
    await talk.hears("/webhooks/registry", {"image": f"{shop.host}/acme/another:1"})
    assert len(shop.asked) == asked, "that is another image"
    await talk.hears("/webhooks/registry", {"image": built(talk, shop)})
    assert "is *rolling out*" in (await talk.card("feature-x")).text


async def test_what_the_engine_waits_for_fails_with_its_run(talk: Talk, shop: Registry) -> None:
    """The registry would not tell, so the release was applied; then its engine lacks the image."""
    shop.answers = 503
    await talk.say("alice", "/octopod deploy feature-x")
    await workflow(talk, "in_progress")
    await talk.report(talk.engine.lacks_image, "feature-x", f"{shop.host}/acme/shop:1")
    card = await talk.card("feature-x")
    assert "is *waiting*" in card.text and "CI run Build #812> began" in card.text
    await workflow(talk, "failure")
    assert "CI run Build #812 failed" in (await talk.card("feature-x")).text


async def test_what_was_heard_long_ago_is_forgotten(talk: Talk) -> None:
    await workflow(talk, "failure")
    await talk.later(days=31)
    await ci(talk, "passed", "1" * 40)
    await talk.say("alice", "/octopod deploy feature-x")
    assert "is *waiting*" in (await talk.card("feature-x")).text
