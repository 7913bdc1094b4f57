"""Passing one HTTP request or WebSocket on to another server, streamed both ways.

Used wherever something of ours stands before something else: the proxy of the local engine, the playground's one port.
Their servers leave packed bodies packed (`auto_decompress=False`).
"""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import WSMsgType, hdrs, web
from multidict import CIMultiDict
from yarl import URL

CONNECT_SECONDS = 5.0
IDLE_CHECK_SECONDS = 15.0
CHUNK_BYTES = 64 * 1024

HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer")
) | {"transfer-encoding", "upgrade", "expect"}
WEBSOCKET_OWN = frozenset(f"sec-websocket-{name}" for name in ("key", "version", "extensions", "protocol", "accept"))
AUTOMATIC = (hdrs.USER_AGENT, hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE)

Headers = CIMultiDict[str]


def forwarding_session() -> aiohttp.ClientSession:
    """A session that keeps nothing between requests: no cookies, no connections that may be stale, no limit."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        middlewares=(never_twice,),
    )


async def never_twice(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """aiohttp itself repeats a GET whose connection was lost. What ended one process should not be sent to the next:
    said as an error that it does not know, so that it is left to the caller."""
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(f"the connection was lost: {error}") from error


async def forward(request: web.Request, session: aiohttp.ClientSession, host: str, port: int) -> web.StreamResponse:
    """Answer `request` with what the server at host:port says to it; Host is kept, redirects are not followed.

    Raises aiohttp.ClientError only while no response has been started: the caller may still answer by itself. If it is
    a ClientConnectorError, nobody has heard the request.
    """
    url = _url(request, host, port)
    if _is_websocket(request):
        return await _forward_websocket(request, session, url)
    async with session.request(
        request.method,
        url,
        headers=_request_headers(request),
        data=request.content if request.body_exists else None,
        skip_auto_headers=AUTOMATIC,
        allow_redirects=False,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        middlewares=(never_twice,),
        max_line_size=64 * 1024,
        max_field_size=64 * 1024,
    ) as upstream:
        return await _stream_back(request, upstream)


def _url(request: web.Request, host: str, port: int) -> URL:
    origin = URL.build(scheme="http", host=host, port=port)
    return URL(f"{origin}{request.rel_url.raw_path_qs}", encoded=True)


def _is_websocket(request: web.Request) -> bool:
    upgrades = request.headers.get(hdrs.CONNECTION, "").lower()
    return "upgrade" in upgrades and request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"


def _end_to_end(headers: "aiohttp.typedefs.LooseHeaders") -> Headers:
    """Headers without those that concern one connection only, including the ones that `Connection` names."""
    given: Headers = CIMultiDict(headers)
    named = {name.strip().lower() for value in given.getall(hdrs.CONNECTION, []) for name in value.split(",")}
    return CIMultiDict(
        (name, _sendable(value)) for name, value in given.items() if name.lower() not in HOP_BY_HOP | named
    )


def _sendable(value: str) -> str:
    """Bytes that are not UTF-8 arrive as lone surrogates, which can't be sent again: they become question marks."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _request_headers(request: web.Request) -> Headers:
    headers = _end_to_end(request.headers)
    known = headers.getall(hdrs.X_FORWARDED_FOR, [])
    headers[hdrs.X_FORWARDED_FOR] = ", ".join([*known, request.remote or "unknown"])
    headers.setdefault(hdrs.X_FORWARDED_PROTO, request.scheme)
    headers.setdefault(hdrs.X_FORWARDED_HOST, request.host)
    headers[hdrs.HOST] = request.host
    return headers


async def _stream_back(request: web.Request, upstream: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=_end_to_end(upstream.headers))
    try:
        await response.prepare(request)
        async for chunk in _chunks(request, upstream):
            await response.write(chunk)
        await response.write_eof()
    except (aiohttp.ClientError, ConnectionError):
        # Half a response can't be taken back. Cutting the connection is the only way to say that it is half.
        _cut(request)
    return response


async def _chunks(request: web.Request, upstream: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """The body as it comes. A silent stream ends when its reader has gone: aiohttp tells that only to who looks."""
    while True:
        try:
            async with asyncio.timeout(IDLE_CHECK_SECONDS):
                chunk = await upstream.content.readany()
        except TimeoutError:
            if request.transport is None or request.transport.is_closing():
                return
            continue
        if not chunk:
            return
        yield chunk


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _forward_websocket(request: web.Request, session: aiohttp.ClientSession, url: URL) -> web.StreamResponse:
    headers = _request_headers(request)
    for name in [name for name in headers if name.lower() in WEBSOCKET_OWN]:
        headers.popall(name, None)
    offered = [part.strip() for part in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",") if part.strip()]
    try:
        async with asyncio.timeout(CONNECT_SECONDS * 4):
            server = await session.ws_connect(url, headers=headers, protocols=offered, max_msg_size=0)
    except aiohttp.WSServerHandshakeError as refusal:
        return web.Response(status=refusal.status if refusal.status >= 400 else 502, text=refusal.message)
    except TimeoutError as late:
        raise aiohttp.ServerTimeoutError(f"no WebSocket handshake from {url.host}:{url.port}") from late
    async with server:
        client = web.WebSocketResponse(protocols=[server.protocol] if server.protocol else (), max_msg_size=0)
        await client.prepare(request)
        await _join(client, server)
    return client


async def _join(client: web.WebSocketResponse, server: aiohttp.ClientWebSocketResponse) -> None:
    """Carry messages both ways until one side ends; then end the other with the same code."""
    ways = [asyncio.create_task(_carry(client, server)), asyncio.create_task(_carry(server, client))]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        await asyncio.gather(
            client.close(code=_sendable_code(server.close_code)),
            server.close(code=_sendable_code(client.close_code)),
            return_exceptions=True,
        )


async def _carry(
    source: "web.WebSocketResponse | aiohttp.ClientWebSocketResponse",
    sink: "web.WebSocketResponse | aiohttp.ClientWebSocketResponse",
) -> None:
    async for message in source:
        if message.type is WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await sink.send_bytes(message.data)


def _sendable_code(code: int | None) -> int:
    """1005 and 1006 mean "no code came" and must not be sent (RFC 6455, 7.4.1)."""
    return 1000 if code in (None, 1005, 1006) else code or 1000
