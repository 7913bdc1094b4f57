"""Health checks against real servers: what passes, and what is said about what does not."""

import asyncio
import os
import resource
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from aiohttp.abc import ResolveResult as Resolved
from aiohttp.test_utils import TestServer
from check_kit import FACTS, KEY, LOGIN, NOON, Site, asked, nobody, told, unreachable
from raw_server import raw_server
from tls_kit import certificate

from bot.domain.checks import CheckResult, HealthCheck
from bot.domain.errors import OctopodError, PermanentError, TemporaryError
from bot.ports import PROBE_AGENT, CheckFacts, Heard
from bot.probe.checks import HealthChecker
from handlers.tombstone import HEADER

# What passes


async def test_it_passes_and_is_no_visit() -> None:
    site = Site(body="Please sign in.")
    result = await asked(replace(LOGIN, path="/login?next=/", contains="sign in"), site)
    assert result == CheckResult("login", True, "`/login?next=/` answers 200", NOON)
    [request] = site.asked
    assert (request.method, request.host) == ("GET", "orange-button.localhost:8080")
    assert request.headers["User-Agent"] == PROBE_AGENT and request.query_string == "next=/"


@pytest.mark.parametrize(
    ("changes", "site"),
    [
        ({"status": (404, 410)}, Site(410)),
        ({"method": "HEAD"}, Site(204)),
        ({"method": "POST"}, Site(201)),
        ({"status": (302,)}, Site(302, headers={"Location": "http://elsewhere.invalid/"})),
        ({"redirect": "/setup"}, Site(303, headers={"Location": "/setup?from=/"})),
        ({"redirect": "/setup"}, Site(302, headers={"Location": "https://orange-button.localhost/setup"})),
        ({"redirect": "https://login.example.com/x"}, Site(302, headers={"Location": "https://login.example.com/x"})),
        ({"contains": "grüße"}, Site(body="grüße".encode("cp1252"), headers={"Content-Type": "a/b; charset=cp1252"})),
        ({"contains": "on"}, Site(body="on", headers={"Content-Type": "text/html; charset=nonsense"})),
        ({"json": {"a.0.b": "1.10", "c": "true"}}, Site(body='{"a": [{"b": 1.10}], "c": true}')),
        ({"json": {"a": "null", "b": "", "c": '["d"]'}}, Site(body='{"a": null, "b": "", "c": ["d"]}')),
    ],
)
async def test_what_passes(changes: dict[str, object], site: Site) -> None:
    result = await asked(replace(LOGIN, **changes), site)  # type: ignore[arg-type]
    assert (result.ok, result.text.rpartition(" ")[2]) == (True, str(site.status))


async def test_what_streams_for_ever_answers_as_well() -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        await asyncio.Event().wait()
        return answer

    assert (await asked(LOGIN, stream)).ok
    result = await asked(replace(LOGIN, contains="end", seconds=0.2), stream)
    assert (result.ok, result.answered) == (False, True)
    assert result.text == "`/login` answers 200, but not all of it within 0.2 s"


async def test_no_more_than_256_kib_are_read() -> None:
    body = b"x" * 256 * 1024 + b"end"
    assert await told(replace(LOGIN, contains="end"), Site(body=body)) == (
        "`/login` answers 200, but without “end” in its first 256 KiB"
    )
    assert await told(replace(LOGIN, json={"a": "b"}), Site(body=body)) == (
        "`/login` answers 200, but its JSON is longer than 256 KiB"
    )


# What fails


@pytest.mark.parametrize(
    ("changes", "site", "text"),
    [
        ({}, Site(500), "`/login` answers 500"),
        ({"host": "api"}, Site(503), "`/login` of api answers 503"),
        ({"method": "POST"}, Site(405), "`POST /login` answers 405"),
        ({"status": (200, 204)}, Site(201), "`/login` answers 201, not 200 or 204"),
        ({}, Site(302, headers={"Location": "/setup"}), "`/login` answers 302 (to /setup)"),
        ({"redirect": "/setup"}, Site(200), "`/login` answers 200 and does not lead to /setup"),
        ({"redirect": "/setup"}, Site(302), "`/login` answers 302 and leads nowhere, not to /setup"),
        (
            {"redirect": "/setup"},
            Site(302, headers={"Location": "http://elsewhere.invalid/setup"}),
            "`/login` answers 302 and leads to http://elsewhere.invalid/setup, not to /setup",
        ),
        (
            {"redirect": "/a?b=1"},
            Site(302, headers={"Location": "/a"}),
            "`/login` answers 302 and leads to /a, not to /a?b=1",
        ),
        ({"contains": "Sign in"}, Site(body="Oops"), "`/login` answers 200, but without “Sign in”"),
        ({"json": {"a": "b"}}, Site(body="<html>"), "`/login` answers 200, but no JSON"),
        ({"json": {"a": "b"}}, Site(body="[" * 100_000), "`/login` answers 200, but no JSON"),
        ({"json": {"a.b": "c"}}, Site(body='{"a": {}}'), "`/login` answers 200, but `a.b` is not there"),
        ({"json": {"a.1": "c"}}, Site(body='{"a": ["c"]}'), "`/login` answers 200, but `a.1` is not there"),
        (
            {"json": {"a": "up"}},
            Site(body='{"a": "down\\n now"}'),
            "`/login` answers 200, but `a` is “down now”, not “up”",
        ),
        ({"path": f"/{'x' * 99}"}, Site(500), f"`/{'x' * 58}…` answers 500"),
    ],
)
async def test_what_fails(changes: dict[str, object], site: Site, text: str) -> None:
    assert await told(replace(LOGIN, **changes), site) == text  # type: ignore[arg-type]


async def test_octopods_own_page_is_no_answer() -> None:
    result = await asked(LOGIN, Site(200, headers={HEADER: "asleep"}))
    assert (result.ok, result.answered, result.unknown) == (False, False, False)
    assert result.text == "`/login` is answered by Octopod itself, as nothing of this staging does"


async def test_nothing_listens() -> None:
    async with nobody() as address:
        assert await unreachable(LOGIN, address) == "`/login` can't be reached: nothing listens there"
        assert await unreachable(replace(LOGIN, address=address)) == "`/login` can't be reached: nothing listens there"
        tcp = HealthCheck("db", tcp=address)
        assert await unreachable(tcp) == f"`{address}` can't be reached: nothing listens there"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (b"", "`/login` can't be reached: it hung up before it had answered"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "`/login` can't be reached: what it answers is no HTTP"),
        (b"HTTP/1.1 banana\r\n\r\n", "`/login` can't be reached: what it answers is no HTTP"),
    ],
)
async def test_no_http(said: bytes, text: str) -> None:
    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)

    async with raw_server(odd) as address:
        assert await unreachable(LOGIN, address) == text


async def test_it_hangs_up_in_the_middle() -> None:
    async def odd(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    async with raw_server(odd) as address, HealthChecker(address) as asking:
        result = await asking.check(replace(LOGIN, contains="whole"), FACTS)
    assert (result.ok, result.answered) == (False, True)
    assert result.text == "`/login` answers 200, but hung up in the middle of it"


async def test_each_try_is_one_request() -> None:
    """What ends a process should not be sent to the next one."""
    heard = 0

    async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard += 1
        await reader.readuntil(b"\r\n\r\n")

    async with raw_server(dying) as address:
        await unreachable(LOGIN, address)
    assert heard == 1


async def test_silence_ends_at_the_time_limit() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(silent) as address:
        assert await unreachable(replace(LOGIN, seconds=0.1), address) == "`/login` did not answer within 0.1 s"


class Resolver(AbstractResolver):
    """Refuses with a code, or says nothing."""

    def __init__(self, code: int | None) -> None:
        self._code = code

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[Resolved]:
        if self._code is None:
            await asyncio.Event().wait()
        raise socket.gaierror(self._code, "whatever the system says")

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (socket.EAI_NONAME, "its host is unknown: DNS has no `orange-button.localhost`"),
        (socket.EAI_AGAIN, "no DNS server says where `orange-button.localhost` is"),
    ],
)
async def test_the_host_is_unknown(code: int, text: str) -> None:
    async with HealthChecker(resolver=Resolver(code)) as asking:
        for check in (LOGIN, HealthCheck("db", tcp="${host.web}:5432")):
            result = await asking.check(check, FACTS)
            assert (result.ok, result.answered, result.unknown) == (False, False, False)
            assert result.text.endswith(f" can't be reached: {text}")


async def test_dns_is_silent() -> None:
    async with HealthChecker(resolver=Resolver(None)) as asking:
        result = await asking.check(replace(LOGIN, seconds=0.1), FACTS)
    assert (result.ok, result.answered, result.unknown) == (False, False, False)
    assert result.text == "`/login` can't be reached: no DNS server said within 0.1 s where its host is"


async def test_it_takes_no_connection() -> None:
    """As if behind a firewall: its queue is full, and nobody takes from it."""
    with socket.socket() as deaf, socket.socket() as one, socket.socket() as two:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for full in (one, two):
            full.setblocking(False)
            full.connect_ex(deaf.getsockname())
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        text = await unreachable(replace(LOGIN, seconds=0.1), address)
        assert text == "`/login` can't be reached: it took no connection within 0.1 s"
        text = await unreachable(HealthCheck("db", tcp=address, seconds=0.1))
        assert text == f"`{address}` took no connection within 0.1 s"


# TLS

SECURE = replace(FACTS, urls={"web": "https://orange-button.shop.test"})


@asynccontextmanager
async def secure(pem: Path, site: Site) -> AsyncIterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    app = web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        await server.close()


async def test_tls_is_asked_by_the_hosts_own_name(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "orange-button.shop.test")
    trust, other = ssl.create_default_context(cafile=pem), replace(SECURE, urls={"web": "https://another.shop.test"})
    async with secure(pem, site := Site()) as address, HealthChecker(address, trust=trust) as asking:
        result, wrong = await asking.check(LOGIN, SECURE), await asking.check(LOGIN, other)
    assert result.ok and site.asked[0].host == "orange-button.shop.test"
    assert wrong.text.startswith("`/login` can't be reached: its certificate is no good: Hostname mismatch")


async def test_a_certificate_that_nobody_signed(tmp_path: Path) -> None:
    async with secure(certificate(tmp_path, "orange-button.shop.test"), Site()) as address:
        text = await unreachable(LOGIN, address, SECURE)
    assert text.startswith("`/login` can't be reached: its certificate is no good: self-signed certificate")


async def test_no_tls() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with raw_server(plain) as address:
        text = await unreachable(LOGIN, address, SECURE)
    assert text.startswith("`/login` can't be reached: it speaks no TLS that the bot understands")


# Secrets


async def test_a_secret_goes_in_a_header_and_never_comes_back() -> None:
    site = Site(302, headers={"Location": "/setup?key=k3y%20of/the-shop"})
    check = replace(LOGIN, headers={"Authorization": "Bearer ${secret.API_KEY}", "X-Text": "$${x}"})
    assert await told(check, site) == "`/login` answers 302 (to •••)"
    headers = site.asked[0].headers
    assert (headers["Authorization"], headers["X-Text"]) == (f"Bearer {KEY}", "${x}")
    for said in (KEY, f"before {KEY} after", KEY * 2, "x" * 50 + KEY):
        text = await told(replace(check, json={"a": "b"}), Site(body=f'{{"a": "{said}"}}'))
        assert text == "`/login` answers 200, but `a` is “•••”, not “b”"


async def test_the_line_break_at_the_end_of_a_file_is_no_part_of_a_secret() -> None:
    site = Site()
    assert (await asked(replace(LOGIN, headers={"X-Key": "${secret.ENDED}"}), site)).ok
    assert site.asked[0].headers["X-Key"] == "k3y"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"headers": {"X-Key": "${secret.OTHER}"}}, "it needs the secret `OTHER`, which this staging does not have"),
        ({"headers": {"X-Key": "${secret.LINES}"}}, "what goes into its header X-Key has several lines"),
        ({"host": "admin"}, "this staging has no host called admin"),
        ({"tcp": "${host.admin}:80"}, "`${host.admin}` means nothing for this staging"),
    ],
)
async def test_what_can_not_be_asked_says_nothing_of_the_staging(changes: dict[str, object], why: str) -> None:
    site = Site()
    result = await asked(replace(LOGIN, **changes), site)  # type: ignore[arg-type]
    assert (result.ok, result.answered, result.unknown, site.asked) == (False, False, True, [])
    assert result.text == f"can't be asked: {why}"


async def test_a_staging_without_urls_is_not_asked() -> None:
    result = await asked(LOGIN, Site(), CheckFacts({}, "orange-button", "shop--orange-button"))
    assert (result.unknown, result.text) == (True, "can't be asked: this staging has no URL")


# The bot's own trouble


@contextmanager
def no_more_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.close(lowest := os.open(os.devnull, os.O_RDONLY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_what_the_bot_lacks_says_nothing_of_the_staging() -> None:
    async with nobody() as address, HealthChecker(address) as asking:
        with no_more_files():
            results = [await asking.check(LOGIN, FACTS), await asking.check(HealthCheck("db", tcp=address), FACTS)]
    for one in results:
        assert (one.ok, one.unknown) == (False, True) and "Too many open files" in one.text


async def test_a_resolver_that_fails_itself_says_nothing_of_the_staging() -> None:
    async with HealthChecker(resolver=Resolver(socket.EAI_SYSTEM)) as asking:
        assert (await asking.check(LOGIN, FACTS)).unknown
        assert (await asking.check(HealthCheck("db", tcp="${host.web}:5432"), FACTS)).unknown


async def test_a_bot_that_is_busy_does_not_call_a_staging_slow() -> None:
    async def answer(request: web.Request) -> web.Response:
        time.sleep(0.7)  # noqa: ASYNC251  the whole loop stands still
        return web.Response()

    result = await asked(replace(LOGIN, seconds=0.1), answer)
    assert (result.unknown, result.text) == (True, "can't be asked: the bot was too busy to hear an answer")


# TCP


async def test_tcp() -> None:
    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(quiet) as address, HealthChecker() as asking:
        port = address.rpartition(":")[2]
        result = await asking.check(HealthCheck("db", tcp=f"${{host.web}}:{port}"), FACTS)
    assert (result.ok, result.text) == (True, f"`orange-button.localhost:{port}` takes connections")


# From inside the cluster

INSIDE = replace(LOGIN, inside=True, host="api", headers={"X-Key": "${secret.ENDED}"})


async def through(check: HealthCheck, answer: Heard | OctopodError) -> tuple[list[object], CheckResult]:
    heard: list[object] = []

    async def inside(*what: object, **more: object) -> Heard:
        heard.extend(what)
        if isinstance(answer, Heard):
            return answer
        raise answer

    async with HealthChecker(inside=inside) as asking:
        return heard, await asking.check(check, FACTS)


async def test_through_the_api_server() -> None:
    heard, result = await through(replace(INSIDE, contains="grüße"), Heard(200, body="grüße".encode()))
    assert result.ok
    assert heard == ["shop--orange-button", FACTS.urls["api"], "/login", 3.0, {"X-Key": "k3y"}, 256 * 1024]
    heard, result = await through(INSIDE, Heard(500))
    assert (result.ok, result.answered, result.text) == (False, True, "`/login` of api answers 500")
    assert heard[-1] == 0, "nothing of the body is read"
    _, result = await through(replace(INSIDE, redirect="/setup"), Heard(302, "/setup"))
    assert result.ok


async def test_nothing_answers_behind_the_api_server() -> None:
    _, result = await through(INSIDE, PermanentError("nothing answers for the Service `web`, port 80"))
    assert (result.ok, result.answered, result.unknown) == (False, False, False)
    assert result.text == "`/login` of api can't be reached: nothing answers for the Service `web`, port 80"


async def test_an_api_server_that_does_not_answer_says_nothing_of_the_staging() -> None:
    _, result = await through(INSIDE, TemporaryError("the API server can't be reached"))
    assert (result.unknown, result.text) == (True, "can't be asked: the API server can't be reached")
