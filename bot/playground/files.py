"""The bytes of uploaded files: taken in, and given out as downloads only (a log may hold anything, HTML included)."""

import asyncio
from pathlib import Path

from aiohttp import web

from bot.playground.world import World


class Files:
    def __init__(self, world: World, folder: Path) -> None:
        self._world = world
        self._folder = folder

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/_upload/{key}", self.upload),
            web.put("/_upload/{key}", self.upload),
            web.get("/_files/{key}/{name}", self.download),
        ]

    async def upload(self, request: web.Request) -> web.Response:
        file = self._world.files.get(request.match_info["key"])
        if file is None or file.done:
            raise web.HTTPNotFound(text="There is nothing to upload here.")
        content = await _content(request)
        path = self._folder / file.id
        await asyncio.to_thread(_write, path, content)
        file.uploaded, file.size = True, len(content)
        self._world.save(file)
        self._world.commit()
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.StreamResponse:
        file = self._world.files.get(request.match_info["key"])
        if file is None or not file.done:
            raise web.HTTPNotFound(text="There is no such file.")
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Disposition": f'attachment; filename="{file.name}"',
            "X-Content-Type-Options": "nosniff",
        }
        return web.FileResponse(self._folder / file.id, headers=headers)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


async def _content(request: web.Request) -> bytes:
    """The whole body, or the first file of a form."""
    if request.content_type != "multipart/form-data":
        return await request.read()
    for value in (await request.post()).values():
        if isinstance(value, web.FileField):
            return value.file.read()
    raise web.HTTPBadRequest(text="The form holds no file.")
