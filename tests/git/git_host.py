"""A git host on loopback: real repositories over HTTP, behind a password, whole or cut."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from git_kit import ENVIRON

TOKEN = "s3cret token'$(x)%"


class GitHost:
    """Smart HTTP by git's own `http-backend`, behind basic authentication.

    `asked`: the pairs it was shown. `cut`: of each list of branches only so many bytes are sent, as if they were all.
    """

    def __init__(self, root: Path, status: int | None = None, redirect: str | None = None) -> None:
        self.root = root
        self.status = status
        self.redirect = redirect
        self.cut: int | None = None
        self.asked: list[str] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.redirect:
            raise web.HTTPFound(self.redirect + request.path_qs)
        if self.status:
            return web.Response(status=self.status)
        if "Authorization" not in request.headers:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        self.asked.append(base64.b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode())
        if self.asked[-1] not in (f"x-access-token:{TOKEN}", f"bob:{TOKEN}"):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        return await self._backend(request)

    async def _backend(self, request: web.Request) -> web.Response:
        environ = ENVIRON | {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        pipe = asyncio.subprocess.PIPE
        asked_for = await request.read()
        backend = await asyncio.create_subprocess_exec("git", "http-backend", env=environ, stdin=pipe, stdout=pipe)
        out, _ = await backend.communicate(asked_for)
        head, _, body = out.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        if b"command=ls-refs" in asked_for:
            body = body[: self.cut]
        return web.Response(status=int(headers.pop("Status", "200")[:3]), body=body, headers=headers)


@asynccontextmanager
async def serving(host: GitHost) -> AsyncIterator[GitHost]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", host.answer)
    runner = web.AppRunner(app, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield host
    finally:
        await runner.cleanup()
