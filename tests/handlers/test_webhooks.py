"""The doors for git hosts, CI and registries, over real HTTP: who is believed, what is answered, what is handed on."""

import asyncio
import gzip
import hashlib
import hmac
import io
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from forge_kit import COMMIT, payload
from slack_bolt.async_app import AsyncApp
from structlog.testing import capture_logs

from bot.domain.hearsay import CiRun, CiState, Hearsay, ImagePushed, Pushed
from bot.domain.project import Manifests, Project
from bot.site import listen, site
from handlers.webhooks import LONGEST, Webhooks

NEW, OLD = "new-0123456789abcdef", "old-0123456789abcdef"
SECRETS = {
    "GITHUB_WEBHOOK_SECRET": [NEW, OLD],
    "GITLAB_WEBHOOK_TOKEN": [NEW],
    "OCTOPOD_WEBHOOK_SECRET": [NEW],
    "OCTOPOD_API_TOKEN": [NEW],
}
DOORS = [
    "/webhooks/github",
    "/webhooks/gitlab",
    "/webhooks/generic",
    "/webhooks/registry",
    "/webhooks/visits",
    "/api/ci",
]
PUSHED = Pushed("feature-x", COMMIT, "bob")


def a_project(name: str, repo: str) -> Project:
    hosts = {"web": "${staging}.shop.example.com"}
    return Project(name, repo, Manifests(PurePosixPath("deploy")), "stagings", "alerts", hosts=hosts)


class Heard:
    """What was handed on, and which deliveries there were; `broken`: the store fails."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Sequence[str], Sequence[Hearsay]]] = []
        self.broken = False

    async def heard(self, source: str, delivery: str, projects: Sequence[str], said: Sequence[Hearsay]) -> bool:
        if self.broken:
            raise OSError("the disk is full")
        new = (source, delivery) not in [call[:2] for call in self.calls]
        self.calls.append((source, delivery, projects, said))
        return new


class Host:
    """Somebody who sends. `secrets`: those of the bot's settings."""

    def __init__(self, http: aiohttp.ClientSession, url: str, heard: Heard, secrets: dict[str, list[str]]) -> None:
        self.http, self.url, self.heard, self.secrets = http, url, heard, secrets

    async def send(self, path: str, body: bytes, **headers: str) -> tuple[int, Any]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.post(self.url + path, data=io.BytesIO(body), headers=given) as answer:
            return answer.status, await (answer.json() if answer.content_type == "application/json" else answer.text())

    async def github(self, body: bytes, event: str = "push", secret: str = NEW, **headers: str) -> tuple[int, Any]:
        given = {"X_GitHub_Event": event, "X_Hub_Signature_256": signature(body, secret), **headers}
        return await self.send("/webhooks/github", body, **given)


def signature(body: bytes, secret: str = NEW) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with listening() as there:
        yield there


@asynccontextmanager
async def listening(seconds: float = 10.0) -> AsyncIterator[Host]:
    heard, secrets, port = Heard(), dict(SECRETS), unused_port()
    projects = {
        "shop": a_project("shop", "git@github.com:Acme/Shop.git"),
        "shop-eu": a_project("shop-eu", "https://github.com/acme/shop"),
        "hosted": a_project("hosted", "ssh://git@git.acme.example:2222/group/shop.git"),
        "other": a_project("other", "https://github.com/acme/other"),
    }

    async def no(request: web.Request) -> web.StreamResponse:
        return web.Response(text="a staging")

    doors = Webhooks(lambda name: secrets.get(name, ()), projects, heard, seconds)
    bolt = AsyncApp(signing_secret="unused", token="xoxb-unused")
    app = site(bolt, no, no, no, no, projects.values(), more=doors.routes())
    runner = await listen(app, "127.0.0.1", port)
    try:
        async with aiohttp.ClientSession() as http:
            yield Host(http, f"http://127.0.0.1:{port}", heard, secrets)
    finally:
        await runner.cleanup()


async def test_a_push_is_handed_on_for_all_projects_of_its_repository(host: Host) -> None:
    answer = await host.github(payload("github_push"), X_GitHub_Delivery="d1")
    assert answer == (202, {"heard": ["feature-x is at 1a2b3c4"]})
    assert host.heard.calls == [("github", "d1", ["shop", "shop-eu"], (PUSHED,))]


async def test_what_was_heard_before_is_said_to_be(host: Host) -> None:
    sent = [await host.github(payload("github_push"), X_GitHub_Delivery="d1") for _ in range(2)]
    assert sent[1] == (202, {"ignored": "This was heard before."})


async def test_without_an_id_nothing_is_a_repetition(host: Host) -> None:
    assert [await host.github(payload("github_push")) for _ in range(2)] == [
        (202, {"heard": ["feature-x is at 1a2b3c4"]})
    ] * 2


async def test_a_form_is_what_github_sends_unless_told_otherwise(host: Host) -> None:
    body = urlencode({"payload": payload("github_push").decode()}).encode()
    answer = await host.github(body, Content_Type="application/x-www-form-urlencoded")
    assert answer == (202, {"heard": ["feature-x is at 1a2b3c4"]})


async def test_gitlab(host: Host) -> None:
    headers = {"X_Gitlab_Event": "Push Hook", "X_Gitlab_Token": NEW}
    await host.send("/webhooks/gitlab", payload("gitlab_push"), Idempotency_Key="k1", **headers)
    older = {**headers, "X_Gitlab_Event_UUID": "e1"}
    sent = [await host.send("/webhooks/gitlab", payload(f"gitlab_{name}"), **older) for name in ("push", "pipeline")]
    assert sent[1] == (202, {"heard": ["Pipeline of 1a2b3c4: running"]})
    assert host.heard.calls[0] == ("gitlab", "k1", ["hosted"], (PUSHED,))
    assert (await host.send("/webhooks/gitlab", payload("gitlab_push"), **older))[1] == {
        "ignored": "This was heard before."
    }


async def test_anybody_who_signs(host: Host) -> None:
    repo = "https://github.com/acme/other.git"
    body = json.dumps({"repo": repo, "branch": "feature-x", "deleted": True}).encode()
    answer = await host.send("/webhooks/generic", body, X_Octopod_Signature=signature(body), Idempotency_Key="ü")
    assert answer == (202, {"heard": ["feature-x was deleted"]})
    assert host.heard.calls == [("generic", "?", ["other"], (Pushed("feature-x", None),))]


async def test_ci(host: Host) -> None:
    said = {
        "repo": "https://github.com/acme/other",
        "commit": COMMIT,
        "state": "failure",
        "url": "https://ci.example/8",
    }
    answer = await host.send("/api/ci", json.dumps(said).encode(), Authorization=f"Bearer {NEW}")
    assert answer == (202, {"heard": ["CI of 1a2b3c4: failed"]})
    assert host.heard.calls[0][2:] == (["other"], (CiRun(COMMIT, CiState.FAILED, url="https://ci.example/8"),))


async def test_images_concern_whoever_waits_for_them(host: Host) -> None:
    body = payload("registry_harbor")
    proofs = [{"Authorization": f"Bearer {NEW}"}, {"X_Octopod_Signature": signature(body)}]
    for proof in proofs:
        assert (await host.send("/webhooks/registry", body, **proof))[0] == 202
    image = ImagePushed(f"harbor.acme.example/acme/shop:{COMMIT}")
    assert [call[2:] for call in host.heard.calls] == [([], (image,))] * 2


async def test_a_secret_that_is_rotated_counts_as_long_as_it_is_there(host: Host) -> None:
    assert (await host.github(payload("github_push"), secret=OLD))[0] == 202
    host.secrets["GITHUB_WEBHOOK_SECRET"] = [NEW]
    assert (await host.github(payload("github_push"), secret=OLD))[0] == 401


@pytest.mark.parametrize("path", DOORS)
async def test_nobody_else_is_believed(host: Host, path: str) -> None:
    """A wrong proof, none, and that of another door are answered alike; what was sent is not even read."""
    body = payload("github_push")
    changed = {"X_Hub_Signature_256": signature(body + b" "), "X_Octopod_Signature": signature(body, OLD)}
    guesses = [{}, changed, {"X_Gitlab_Token": OLD}, {"X_Gitlab_Token": ""}, {"Authorization": f"Bearer {OLD}"}]
    answers = [await host.send(path, sent, **guess) for guess in guesses for sent in (body, b"not json")]
    assert [status for status, _ in answers] == [401] * 10
    assert len({json.dumps(said) for _, said in answers}) == 1
    assert not host.heard.calls


async def test_a_body_that_was_changed_on_its_way_is_refused(host: Host) -> None:
    body = payload("github_push")
    for at in range(0, len(body), 97):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert (await host.send("/webhooks/github", changed, X_Hub_Signature_256=signature(body)))[0] == 401
    assert not host.heard.calls


@pytest.mark.parametrize("path", DOORS)
async def test_a_door_without_a_secret_is_closed_and_the_log_says_why_once(host: Host, path: str) -> None:
    host.secrets.clear()
    with capture_logs() as lines:
        answers = [await host.send(path, b"{}") for _ in range(2)]
    assert answers == [(404, {"errors": ["There is nothing here."]})] * 2
    (line,) = lines
    assert line["event"].startswith(f"something was sent to {path}, which is closed: ")
    assert line["event"].endswith(" is not set")


async def test_a_repository_of_nobody_says_no_more_than_a_closed_door(host: Host) -> None:
    stranger = payload("github_push", repository={"clone_url": "https://github.com/acme/secret.git"})
    assert await host.github(stranger) == (404, {"errors": ["There is nothing here."]})
    assert not host.heard.calls


async def test_a_ping_tells_whether_the_repository_is_known(host: Host) -> None:
    assert await host.github(payload("github_ping"), "ping") == (202, {"ignored": "GitHub is heard."})
    stranger = payload("github_ping", repository={"clone_url": "https://github.com/acme/secret.git"})
    assert (await host.github(stranger, "ping"))[0] == 404


async def test_other_events_are_ignored(host: Host) -> None:
    assert await host.github(b"{}", "issues") == (202, {"ignored": "Nothing follows from this event."})
    assert not host.heard.calls


async def test_all_that_is_wrong_is_told(host: Host) -> None:
    assert await host.github(payload("github_push", ref=None, after="x")) == (
        400,
        {"errors": ["ref is missing: a branch.", "after must be 40 hex digits."]},
    )
    assert await host.github(b"{") == (
        400,
        {
            "errors": [
                "The body is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."
            ]
        },
    )


async def test_a_body_can_be_long_but_not_too_long(host: Host) -> None:
    body = b" " * (LONGEST - 2) + b"{}"
    assert (await host.github(body, "issues"))[0] == 202
    assert await host.github(body + b" ", "issues") == (413, {"errors": ["The body is longer than 5 MB."]})


async def test_a_body_that_does_not_come_keeps_nobody_waiting() -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    async with (
        listening(seconds=0.1) as host,
        host.http.post(f"{host.url}/webhooks/github", data=slowly()) as answer,
    ):
        assert answer.status == 408
        assert await answer.json() == {"errors": ["The body took longer than 0.1 seconds."]}


async def test_bytes_are_signed_not_what_they_unpack_to(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    body = payload("github_push")
    for sent in (gzip.compress(body), b"not packed"):
        answer = await host.github(sent, Content_Encoding="gzip")
        assert answer[0] == 400
    assert (await host.github(gzip.compress(body), Content_Encoding="gzip", X_Hub_Signature_256=signature(body)))[
        0
    ] == 401
    assert not caplog.records


async def test_a_bug_is_told_by_its_id(host: Host) -> None:
    host.heard.broken = True
    with capture_logs() as lines:
        status, said = await host.github(payload("github_push"))
    assert status == 500
    (line,) = lines
    assert line["event"] == "a webhook failed" and said["errors"][0].endswith(f" {line['error_id']}.")


@pytest.mark.parametrize("path", DOORS)
async def test_only_what_is_sent_to_the_bots_own_host_arrives(host: Host, path: str) -> None:
    assert await host.send(path, b"{}", Host="feature-x.shop.example.com") == (200, "a staging")
    async with host.http.get(host.url + path) as answer:
        assert answer.status == 405


async def test_fifty_at_once(host: Host) -> None:
    bodies = [payload("github_push", ref=f"refs/heads/b{number}") for number in range(50)]
    sent = await asyncio.gather(*(host.github(body, X_GitHub_Delivery=f"d{at}") for at, body in enumerate(bodies)))
    assert [status for status, _ in sent] == [202] * 50
    assert len({one.branch for call in host.heard.calls for one in call[3] if isinstance(one, Pushed)}) == 50
