"""Stories of secrets: they reach the containers, and nothing and nobody else."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from talk_kit import Talk, talking

from bot.domain.errors import PermanentError
from bot.domain.project import Key, Profile, SecretPlace

LIVE = "sk_never_seen_4f9a"
SHOP: dict[str, Any] = {
    "env": {"PAYMENTS": "sandbox"},
    "secrets": {"SMTP": SecretPlace("SMTP_PASSWORD")},
    "keys": {"TOKEN": Key("The partner's", secret=True)},
    "profiles": {
        "live": Profile("live", secrets={"PAYMENTS_KEY": SecretPlace("LIVE_KEY")}, allowed=("@platform",)),
        "gone": Profile("gone", secrets={"A": SecretPlace("NO_SUCH"), "B": SecretPlace("key", "payments")}),
    },
}
ENVIRON = {"SMTP_PASSWORD": "plain", "LIVE_KEY": LIVE}


@pytest.fixture
async def shop(tmp_path: Path, database: Path) -> AsyncIterator[Talk]:
    async with talking(tmp_path, database, project=SHOP, environ=ENVIRON) as there:
        yield there


def secret_env(talk: Talk, name: str) -> dict[str, str]:
    own = next(o for o in talk.engine.order(name).objects if o["kind"] == "Secret")
    return {key: base64.b64decode(value).decode() for key, value in own["data"].items()}


def on_disk(folder: Path, which: str = "*") -> bytes:
    """All of the database, what is not checkpointed yet as well, and all that the stand-in keeps."""
    return b"".join(file.read_bytes() for file in sorted(folder.rglob(which)) if file.is_file())


async def test_secrets_reach_containers_and_nothing_else(shop: Talk, tmp_path: Path) -> None:
    with capture_logs() as said:
        await shop.say("carol", "/octopod deploy feature-x --profile live")
        await shop.report(shop.engine.ready, "feature-x")
        for words in ("config feature-x", "info feature-x", "logs feature-x", "list"):
            await shop.say("bob", f"/octopod {words}")
    assert secret_env(shop, "feature-x") == {"SMTP": "plain", "PAYMENTS_KEY": LIVE}
    order = shop.engine.order("feature-x")
    [container] = next(o for o in order.objects if o["kind"] == "Deployment")["spec"]["template"]["spec"]["containers"]
    own = {"name": "octopod-env"}
    assert container["envFrom"] == [{"configMapRef": own}, {"secretRef": own}]
    told = await shop.say("bob", "/octopod config feature-x")
    assert "`PAYMENTS_KEY` = ••• · profile `live` from `env:LIVE_KEY`" in told
    assert "`SMTP` = ••• · default from `env:SMTP_PASSWORD`" in told
    assert LIVE not in json.dumps(said) and LIVE not in json.dumps(await shop.slack.state())
    assert (tmp_path / "octopod.db").exists() and LIVE.encode() not in on_disk(tmp_path)
    assert base64.b64encode(LIVE.encode()) not in on_disk(tmp_path)


async def test_a_secret_that_changed_rolls_out(shop: Talk) -> None:
    def digest() -> str:
        found = next(o for o in shop.engine.order("feature-x").objects if o["kind"] == "Deployment")
        return str(found["spec"]["template"]["metadata"]["annotations"]["octopod.dev/config-hash"])

    await shop.deploy("feature-x")
    first = digest()
    ENVIRON["SMTP_PASSWORD"] = "another"
    try:
        shop.origin.commit("feature-x", {"README": "more\n"})
        await shop.say("alice", "/octopod deploy feature-x")
    finally:
        ENVIRON["SMTP_PASSWORD"] = "plain"
    assert digest() != first and secret_env(shop, "feature-x") == {"SMTP": "another"}


async def test_a_deploy_of_what_is_live_looks_whether_its_secrets_have_new_values(shop: Talk) -> None:
    await shop.say("carol", "/octopod deploy feature-x --profile live")
    await shop.report(shop.engine.ready, "feature-x")
    assert "already" in await shop.say("carol", "/octopod deploy feature-x")
    ENVIRON["LIVE_KEY"] = "sk_another_never_seen"
    try:
        told = await shop.say("carol", "/octopod deploy feature-x")
        assert "Updating feature-x: release 2. The secret `PAYMENTS_KEY` has a new value." in told
        assert "already" in await shop.say("carol", "/octopod deploy feature-x"), "it is under way"
        await shop.report(shop.engine.ready, "feature-x")
        assert "already" in await shop.say("carol", "/octopod deploy feature-x")
        del ENVIRON["LIVE_KEY"]
        assert "already" in await shop.say("carol", "/octopod deploy feature-x"), "what is gone is no new value"
    finally:
        ENVIRON["LIVE_KEY"] = LIVE
    assert secret_env(shop, "feature-x") == {"SMTP": "plain", "PAYMENTS_KEY": "sk_another_never_seen"}
    journal = await shop.say("bob", "/octopod info feature-x")
    assert "configure (release 2: feature-x at " in journal and "the secret PAYMENTS_KEY has a new value" in journal


async def test_missing_secrets_fail_the_release_and_are_named_all_at_once(shop: Talk) -> None:
    await shop.say("alice", "/octopod deploy feature-x --profile gone")
    [reply] = await shop.replies("feature-x")
    assert "Secret values of its configuration are missing." in reply
    assert "A: The bot's own environment has no variable `NO_SUCH`." in reply.replace("ˋ", "`")
    assert "with engine: local only env:NAME can be used" in reply
    assert shop.engine.orders == [] and "has *failed*" in (await shop.card("feature-x")).text


async def test_a_secret_typed_in_a_channel_is_refused_and_not_kept(shop: Talk, tmp_path: Path) -> None:
    with capture_logs() as said:
        for key in ("TOKEN", "SMTP", "PAYMENTS_KEY"):
            told = await shop.say("alice", f"/octopod deploy feature-x --env {key}=hush-hush-42")
            assert f"`{key}` is secret: enter it with [Config…]" in told and "not kept" in told
            assert "hush-hush" not in told
    assert "hush-hush" not in json.dumps(said) and await shop.posts() == []
    assert b"hush-hush" not in on_disk(tmp_path, "octopod.db*")


async def test_an_engines_refusal_does_not_repeat_a_secret(shop: Talk, tmp_path: Path) -> None:
    shop.engine.refusal = PermanentError(f"can't run with {LIVE}", [f"PAYMENTS_KEY={LIVE}"], f"Use less than {LIVE}.")
    with capture_logs() as said:
        await shop.say("carol", "/octopod deploy feature-x --profile live")
    [reply] = await shop.replies("feature-x")
    assert "can't run with •••" in reply and LIVE not in reply
    assert LIVE not in json.dumps(said) and LIVE.encode() not in on_disk(tmp_path)


async def test_secrets_are_compared_without_being_seen(shop: Talk) -> None:
    await shop.say("carol", "/octopod deploy feature-x --profile live")
    await shop.deploy("feature-y")
    told = await shop.say("bob", "/octopod diff feature-x feature-y")
    assert "`PAYMENTS_KEY` feature-y: _not set_ · feature-x: •••" in told and "SMTP" not in told
    ENVIRON["SMTP_PASSWORD"] = "another"
    try:
        shop.origin.commit("feature-y", {"README": "more\n"})
        await shop.say("alice", "/octopod deploy feature-y")
    finally:
        ENVIRON["SMTP_PASSWORD"] = "plain"
    assert "`SMTP` ••• differs" in await shop.say("bob", "/octopod diff feature-x feature-y")
