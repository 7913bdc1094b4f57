"""Requests and WebSockets passed on to another server, both ways, as if nobody stood between."""

import asyncio
import gzip
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer, unused_port

from bot.forward import forward, forwarding_session

GO_ON = web.AppKey("go on", asyncio.Event)
CLOSED = web.AppKey("closed", asyncio.Future[int | None])
HEARD = web.AppKey("heard", list[str])


async def echo(request: web.Request) -> web.StreamResponse:
    body = await request.read()
    told = {"method": request.method, "path": request.raw_path, "headers": list(request.headers.items())}
    return web.json_response({**told, "body": body.decode("latin-1")})


async def redirect(request: web.Request) -> web.StreamResponse:
    response = web.Response(status=302, headers={"Location": "/elsewhere"})
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    return response


async def packed(request: web.Request) -> web.StreamResponse:
    return web.Response(
        body=gzip.compress(b"hello"), headers={"Content-Encoding": "gzip", "Content-Type": "text/plain"}
    )


async def nothing(request: web.Request) -> web.StreamResponse:
    return web.Response(status=304, headers={"ETag": '"x"'})


async def drip(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"first")
    await request.app[GO_ON].wait()
    await response.write(b"second")
    return response


async def half(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    await response.write(b"half")
    assert request.transport is not None
    request.transport.abort()
    return response


async def hang_up(request: web.Request) -> web.StreamResponse:
    request.app[HEARD].append(request.path)
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def talk(request: web.Request) -> web.StreamResponse:
    if "refuse" in request.query:
        return web.Response(status=403, text="not you")
    socket = web.WebSocketResponse(protocols=("chat",))
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data[::-1])
        elif message.data == "bye":
            await socket.close(code=4001, message=b"bye")
        else:
            await socket.send_str(f"{request.host} {message.data}")
    request.app[CLOSED].set_result(socket.close_code)
    return socket


def backend() -> web.Application:
    app = web.Application(client_max_size=20_000_000)
    for path, handler in {"redirect": redirect, "packed": packed, "nothing": nothing, "drip": drip}.items():
        app.router.add_get(f"/{path}", handler)
    for path, handler in {"half": half, "hang-up": hang_up, "talk": talk}.items():
        app.router.add_get(f"/{path}", handler)
    app.router.add_route("*", "/{path:.*}", echo)
    app[GO_ON], app[HEARD] = asyncio.Event(), []
    app[CLOSED] = asyncio.get_running_loop().create_future()
    return app


@asynccontextmanager
async def between() -> AsyncIterator[tuple[aiohttp.ClientSession, str, web.Application]]:
    """A browser, the address that it knows, and the application behind it."""
    app = backend()
    async with forwarding_session() as session, TestServer(app) as behind:
        assert behind.port is not None
        port = behind.port

        async def front(request: web.Request) -> web.StreamResponse:
            try:
                return await forward(request, session, "127.0.0.1", port)
            except aiohttp.ClientError:
                return web.Response(status=502, text="it hung up")

        gate = web.Application()
        gate.router.add_route("*", "/{path:.*}", front)
        server = TestServer(gate)
        await server.start_server(auto_decompress=False)
        async with server, aiohttp.ClientSession(auto_decompress=False) as browser:
            yield browser, str(server.make_url("")).rstrip("/"), app


async def test_a_request_arrives_as_it_was_sent() -> None:
    async with between() as (browser, url, _):
        sent = {
            "Host": "orange.localhost:8080",
            "Cookie": "a=1; b=2",
            "X-Own": "yes",
            "User-Agent": "",
            "TE": "trailers",
        }
        async with browser.post(f"{url}/a%2Fb//c?x=%20y&x=2", data=b"body\xff", headers=sent) as response:
            told = await response.json()
    headers = {name.lower(): value for name, value in told["headers"]}
    assert (told["method"], told["path"], told["body"]) == ("POST", "/a%2Fb//c?x=%20y&x=2", "body\xff")
    assert (headers["host"], headers["cookie"], headers["x-own"]) == ("orange.localhost:8080", "a=1; b=2", "yes")
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert headers["x-forwarded-host"] == "orange.localhost:8080"
    assert "te" not in headers


async def test_headers_that_belong_to_the_connection_stay_behind() -> None:
    async with between() as (browser, url, _):
        sent = {
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "1",
            "Proxy-Authorization": "secret",
            "X-Forwarded-For": "9.9.9.9",
        }
        async with browser.get(f"{url}/", headers=sent, skip_auto_headers=["User-Agent", "Accept"]) as response:
            headers = {name.lower(): value for name, value in (await response.json())["headers"]}
    assert headers["x-forwarded-for"] == "9.9.9.9, 127.0.0.1"
    assert not {"x-hop", "proxy-authorization", "user-agent", "accept"} & set(headers)


async def test_redirects_and_cookies_are_the_browsers_business() -> None:
    async with between() as (browser, url, _), browser.get(f"{url}/redirect", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/elsewhere")
        assert len(response.headers.getall("Set-Cookie")) == 2


async def test_nobodys_cookies_reach_anybody_else() -> None:
    async with between() as (browser, url, _):
        await (await browser.get(f"{url}/redirect", allow_redirects=False)).read()
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as stranger,
            stranger.get(f"{url}/") as response,
        ):
            assert "cookie" not in {name.lower() for name, _ in (await response.json())["headers"]}


async def test_packed_bodies_stay_packed() -> None:
    async with between() as (browser, url, _):
        async with browser.get(f"{url}/packed") as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(await response.read()) == b"hello"
        sent = {"Content-Encoding": "gzip", "Content-Type": "text/plain"}
        async with browser.post(f"{url}/", data=gzip.compress(b"hello"), headers=sent) as response:
            told = await response.json()
            # It is the server behind that unpacks it.
            assert told["body"] == "hello" and dict(told["headers"])["Content-Encoding"] == "gzip"


async def test_bodies_of_any_size_and_none() -> None:
    async with between() as (browser, url, _):
        async with browser.put(f"{url}/", data=io.BytesIO(b"x" * 5_000_000)) as response:
            assert len((await response.json())["body"]) == 5_000_000

        async def chunks() -> AsyncIterator[bytes]:
            yield b"one "
            yield b"two"

        async with browser.post(f"{url}/", data=chunks()) as response:
            assert (await response.json())["body"] == "one two"
        async with browser.get(f"{url}/nothing") as response:
            assert (response.status, response.headers["ETag"], await response.read()) == (304, '"x"', b"")
        async with browser.head(f"{url}/") as response:
            assert int(response.headers["Content-Length"]) > 100
            assert await response.read() == b""


async def test_a_response_flows_while_it_is_made() -> None:
    async with between() as (browser, url, app), browser.get(f"{url}/drip") as response:
        assert await response.content.readany() == b"first"
        app[GO_ON].set()
        assert await response.content.read() == b"second"


async def test_half_a_response_is_not_taken_for_a_whole_one() -> None:
    async with between() as (browser, url, _), browser.get(f"{url}/half") as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_an_unreachable_peer_is_the_callers_to_explain() -> None:
    port = unused_port()

    async def front(request: web.Request) -> web.StreamResponse:
        async with forwarding_session() as session:
            try:
                return await forward(request, session, "127.0.0.1", port)
            except aiohttp.ClientConnectorError:
                return web.Response(status=502, text="it is not there")

    gate = web.Application()
    gate.router.add_route("*", "/{path:.*}", front)
    async with TestServer(gate) as server, aiohttp.ClientSession() as browser:
        async with browser.post(server.make_url("/"), data=b"x") as response:
            assert (response.status, await response.text()) == (502, "it is not there")
        with pytest.raises(aiohttp.WSServerHandshakeError, match="502"):
            await browser.ws_connect(server.make_url("/talk"))


async def test_a_peer_that_hangs_up_is_the_callers_to_explain_and_not_asked_twice() -> None:
    async with between() as (browser, url, app):
        async with browser.get(f"{url}/hang-up") as response:
            assert (response.status, await response.text()) == (502, "it hung up")
        assert app[HEARD] == ["/hang-up"]


async def test_websockets_both_ways() -> None:
    async with between() as (browser, url, app):
        async with browser.ws_connect(
            f"{url}/talk", protocols=("chat",), headers={"Host": "orange.localhost"}
        ) as socket:
            assert socket.protocol == "chat"
            await socket.send_str("hello")
            assert await socket.receive_str() == "orange.localhost hello"
            await socket.send_bytes(b"abc")
            assert await socket.receive_bytes() == b"cba"
            await socket.close(code=4002)
        assert await app[CLOSED] == 4002


async def test_a_websocket_closed_by_the_other_side() -> None:
    async with between() as (browser, url, _), browser.ws_connect(f"{url}/talk") as socket:
        await socket.send_str("bye")
        message = await socket.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 4001)


async def test_a_websocket_that_is_refused() -> None:
    async with between() as (browser, url, _):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await browser.ws_connect(f"{url}/talk?refuse")


async def test_bytes_that_are_no_text_do_not_break_it() -> None:
    async with between() as (_, url, _):
        port = int(url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Name: caf\xe9\r\nConnection: close\r\n\r\n")
        status = await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert status == b"HTTP/1.1 200 OK\r\n"
