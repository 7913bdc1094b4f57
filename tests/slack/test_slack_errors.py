"""Slack's failures in our words, from a real server that fails in each way."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from raw_server import raw_server
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import MessageGone, OctopodError, OutcomeUnknown, PermanentError, TemporaryError
from bot.slack.errors import DEFAULT_RETRY_AFTER, NotThere, translated

Answer = Callable[[], web.StreamResponse]


@asynccontextmanager
async def slack(answer: Answer) -> AsyncIterator[AsyncWebClient]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return answer()

    app = web.Application()
    app.router.add_post("/api/{method}", handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield AsyncWebClient(token="xoxb-1", base_url=f"{server.make_url('/api')}/", session=session, retry_handlers=[])


async def failure(answer: Answer) -> OctopodError:
    async with slack(answer) as client:
        with pytest.raises(OctopodError) as raised, translated():
            await client.chat_postMessage(channel="C1", text="hello")
    return raised.value


def saying(error: str, status: int = 200, **more: object) -> Answer:
    return lambda: web.json_response({"ok": False, "error": error, **more}, status=status)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("message_not_found", MessageGone),
        ("thread_not_found", MessageGone),
        ("cant_update_message", MessageGone),
        ("not_in_channel", NotThere),
        ("channel_not_found", NotThere),
        ("is_archived", NotThere),
        ("token_revoked", TemporaryError),
        ("ratelimited", TemporaryError),
        ("internal_error", OutcomeUnknown),
        ("fatal_error", OutcomeUnknown),
        ("service_unavailable", OutcomeUnknown),
        ("invalid_blocks", PermanentError),
        ("msg_too_long", PermanentError),
    ],
)
async def test_what_slack_says(error: str, kind: type[OctopodError]) -> None:
    assert type(await failure(saying(error))) is kind


async def test_what_somebody_must_mend_is_said_in_words() -> None:
    assert "/invite @octopod" in (await failure(saying("not_in_channel"))).text


async def test_a_refusal_tells_the_places_that_slack_named() -> None:
    places = {"messages": ["must be more than 0 characters [json-pointer:/blocks/0/text]"]}
    assert "json-pointer:/blocks/0/text" in (await failure(saying("invalid_blocks", response_metadata=places))).text


@pytest.mark.parametrize(("headers", "wait"), [({"Retry-After": "7"}, 7.0), ({}, DEFAULT_RETRY_AFTER)])
async def test_a_wish_to_slow_down(headers: dict[str, str], wait: float) -> None:
    body = {"ok": False, "error": "ratelimited"}
    error = await failure(lambda: web.json_response(body, status=429, headers=headers))
    assert type(error) is TemporaryError and error.retry_after == wait


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_answer_that_is_no_json_leaves_the_outcome_open(status: int) -> None:
    error = await failure(lambda: web.Response(status=status, text="<html>oops</html>"))
    assert isinstance(error, OutcomeUnknown)


async def test_json_that_is_no_answer_leaves_the_outcome_open() -> None:
    error = await failure(lambda: web.Response(status=500, text=json.dumps({"ok": False})))
    assert isinstance(error, OutcomeUnknown)


async def test_nothing_was_sent_where_nobody_listens() -> None:
    async with slack(lambda: web.Response()) as client:
        pass  # it is closed from here on
    async with aiohttp.ClientSession() as session:
        client.session = session
        with pytest.raises(TemporaryError) as raised, translated():
            await client.chat_postMessage(channel="C1", text="hello")
    assert type(raised.value) is TemporaryError


async def test_a_connection_that_breaks_leaves_the_outcome_open() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with raw_server(cut) as address, aiohttp.ClientSession() as session:
        client = AsyncWebClient(token="xoxb-1", base_url=f"http://{address}/api/", session=session, retry_handlers=[])
        with pytest.raises(OutcomeUnknown), translated():
            await client.chat_postMessage(channel="C1", text="hello")


async def test_a_timeout_leaves_the_outcome_open() -> None:
    with pytest.raises(OutcomeUnknown), translated():
        async with asyncio.timeout(0):
            await asyncio.Event().wait()


async def test_our_own_errors_pass() -> None:
    with pytest.raises(MessageGone), translated():
        raise MessageGone("x")
