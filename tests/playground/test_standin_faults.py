"""Failures on demand, and Slack's rate limits."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import pytest
from standin_kit import Clock, Workspace, bolt_app, in_socket_mode, refusal, workspace


@pytest.fixture
async def slack(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with workspace(tmp_path) as there:
        yield there


async def post(slack: Workspace, text: str = "x") -> tuple[int, str | None]:
    """The status and Retry-After of a plain chat.postMessage."""
    headers = {"Authorization": f"Bearer {slack.secrets.bot_token}"}
    body = {"channel": "stagings", "text": text}
    async with slack.http.post(f"{slack.base}/api/chat.postMessage", json=body, headers=headers) as answer:
        await answer.read()
        return answer.status, answer.headers.get("Retry-After")


async def test_before_nothing_is_done(slack: Workspace) -> None:
    await slack.post("fault", method="chat.postMessage", when="before", status=503, times=2)
    assert [await post(slack) for _ in range(3)] == [(503, None), (503, None), (200, None)]
    assert len(await slack.messages("stagings")) == 1


async def test_too_many_requests_on_demand(slack: Workspace) -> None:
    await slack.post("fault", method="chat.postMessage", when="before", status=429, retry_after=7)
    assert await post(slack) == (429, "7")


async def test_an_error_of_slacks_own(slack: Workspace) -> None:
    await slack.post("fault", method="chat.postMessage", error="fatal_error")
    assert await refusal(slack.client.chat_postMessage(channel="stagings", text="x")) == "fatal_error"


async def test_after_it_is_done_but_nobody_is_told(slack: Workspace) -> None:
    await slack.post("fault", method="chat.postMessage", when="after")
    with pytest.raises(aiohttp.ClientError):
        await post(slack, "lost")
    await slack.post("fault", method="chat.postMessage", when="after", status=500)
    assert await post(slack, "denied") == (500, None)
    assert [m["text"] for m in await slack.messages("stagings")] == ["lost", "denied"]


async def test_a_connection_that_hangs_and_breaks(slack: Workspace) -> None:
    await slack.post("fault", method="*", when="before", status="drop", delay_ms=100)
    start = monotonic()
    with pytest.raises(aiohttp.ClientError):
        await post(slack)
    assert monotonic() - start >= 0.1
    assert await slack.messages("stagings") == []


async def test_stopping_does_not_wait_for_what_hangs(tmp_path: Path) -> None:
    start = monotonic()
    async with workspace(tmp_path) as slack:
        await slack.post("fault", method="*", status="drop", delay_ms=60_000)
        hanging = asyncio.create_task(post(slack))
        done, _ = await asyncio.wait({hanging}, timeout=0.1)
        assert not done
    with pytest.raises((aiohttp.ClientError, asyncio.CancelledError)):
        await hanging
    assert monotonic() - start < 10


async def test_a_true_answer_that_is_slow(slack: Workspace) -> None:
    await slack.post("fault", method="chat.postMessage", when="after", status=200, delay_ms=50)
    start = monotonic()
    assert await slack.posted()
    assert monotonic() - start >= 0.05


async def test_faults_are_cleared_and_checked(slack: Workspace) -> None:
    await slack.post("fault", method="chat.postMessage", status=500, times=100)
    await slack.post("fault", method="*", times=0)
    assert await post(slack) == (200, None)
    for body in ({}, {"method": "*", "when": "never"}, {"method": "*", "status": 7}, {"method": "*", "sttaus": 500}):
        assert not (await slack.post("fault", **body))["ok"]


async def test_response_urls_fail_too(slack: Workspace) -> None:
    app, urls = bolt_app(slack), []

    @app.command("/octopod")
    async def command(ack: Any, body: dict[str, Any]) -> None:
        urls.append(body["response_url"])
        await ack()

    async with in_socket_mode(slack, app):
        await slack.post("command", user="alice", channel="stagings", text="/octopod list")
    await slack.post("fault", method="response_url", when="before", status=500)
    for status in (500, 200):
        async with slack.http.post(urls[0], json={"text": "x"}) as answer:
            assert answer.status == status
    assert len(await slack.messages("stagings")) == 1


@pytest.mark.parametrize("fault", [{}, {"error": "refresh_requested", "delay_ms": 20}], ids=["cut", "refresh"])
async def test_connections_end_and_come_back(slack: Workspace, fault: dict[str, Any]) -> None:
    app = bolt_app(slack)

    @app.command("/octopod")
    async def command(ack: Any) -> None:
        await ack("here")

    async with in_socket_mode(slack, app, ping_interval=0.2):
        assert (await slack.post("fault", method="socket", **fault))["connections"] == 1
        async with asyncio.timeout(20):
            answer = await slack.post("command", user="alice", channel="stagings", text="/octopod list")
            while not answer["ok"]:
                await asyncio.sleep(0.05)
                answer = await slack.post("command", user="alice", channel="stagings", text="/octopod list")
        assert answer["response"] == {"text": "here"}


async def test_a_ticket_is_good_once_and_for_a_short_time(tmp_path: Path) -> None:
    clock = Clock()
    async with workspace(tmp_path, clock=clock) as slack:

        async def ticket() -> str:
            answer = await slack.client.apps_connections_open(app_token=slack.secrets.app_token)
            return str(answer["url"])

        async def connects(url: str) -> bool:
            try:
                async with slack.http.ws_connect(url) as socket:
                    return bool((await socket.receive_json())["type"] == "hello")
            except aiohttp.WSServerHandshakeError:
                return False

        url = await ticket()
        assert [await connects(url), await connects(url)] == [True, False]
        late = await ticket()
        clock.now += 31
        assert not await connects(late)


async def test_messages_are_limited_per_channel(tmp_path: Path) -> None:
    clock = Clock()
    async with workspace(tmp_path, clock=clock, rate_limits=True) as slack:
        answers = [await post(slack) for _ in range(6)]
        assert answers == [(200, None)] * 5 + [(429, "1")]
        assert (await slack.call("chat.postMessage", channel="general", text="elsewhere"))["ok"]
        clock.now += 1
        assert [await post(slack), await post(slack)] == [(200, None), (429, "1")]


async def test_methods_are_limited_by_tier(tmp_path: Path) -> None:
    clock = Clock()
    async with workspace(tmp_path, clock=clock, rate_limits=True) as slack:
        ts = await slack.posted()
        for method, body, tier in (
            ("conversations.list", {}, 20),
            ("chat.update", {"channel": "C02STAGINGS", "ts": ts, "text": "y"}, 50),
            ("users.info", {"user": "U01ALICE"}, 100),
        ):
            for n in range(tier):
                assert (await slack.call(method, **body))["ok"], (method, n)
            assert await slack.error(method, **body) == "ratelimited"
        clock.now += 60
        assert (await slack.call("conversations.list"))["ok"]
