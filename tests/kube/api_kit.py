"""An API server that plays transport faults only: it answers watches as it is told, one after the other."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.kube.client import Kube
from bot.kube.connect import Access, connect

Json = dict[str, Any]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def a_pod(name: str, version: int = 1) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "n", "uid": name, "resourceVersion": str(version)},
    }


def event(type: str, thing: Json) -> bytes:
    return json.dumps({"type": type, "object": thing}).encode() + b"\n"


def status(code: int, reason: str, message: str = "", **details: Any) -> Json:
    told = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return {**told, "message": message, "details": details}


def refusing(code: int, reason: str, message: str = "", **details: Any) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(status(code, reason, message, **details), status=code)

    return answer


def saying(code: int, body: bytes, content_type: str = "text/plain", **headers: str) -> Answer:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=code, body=body, content_type=content_type, headers=headers)

    return answer


def streaming(*lines: bytes, then: Callable[[web.Request], Awaitable[None]] | None = None) -> Answer:
    """A watch that says this and ends, unless `then` does something else with the connection."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for line in lines:
            await response.write(line)
        if then:
            await then(request)
        return response

    return answer


@dataclass
class Api:
    """`pods`: what a list tells. `watches`: how the next ones are answered; when there are none left, `rest` is."""

    rest: Answer
    pods: list[Json] = field(default_factory=list)
    version: int = 1
    watches: list[Answer] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    @property
    def lists(self) -> int:
        return sum(1 for one in self.asked if one.path == "/api/v1/pods" and "watch" not in one.query)

    @property
    def watched_from(self) -> list[str]:
        return [one.query["resourceVersion"] for one in self.asked if "watch" in one.query]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.json() if request.can_read_body else None)
        if request.path in self.answers:
            return await self.answers[request.path](request)
        if "watch" in request.query:
            return await (self.watches.pop(0) if self.watches else self.rest)(request)
        return web.json_response({"metadata": {"resourceVersion": str(self.version)}, "items": self.pods})


def kubeconfig(folder: Path, url: str, token: str = "secret", ca: Path | None = None) -> Path:
    trusted = {"certificate-authority": str(ca)} if ca else {}
    config = {
        "clusters": [{"name": "c", "cluster": {"server": url, **trusted}}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "octopod"}}],
        "current-context": "x",
    }
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config))
    return file


def api_url(folder: Path) -> str:
    """Where the kubeconfig in this folder leads to."""
    config = yaml.safe_load((folder / "kubeconfig").read_text())
    return str(config["clusters"][0]["cluster"]["server"])


@asynccontextmanager
async def an_api(folder: Path, rest: Answer, seconds: float = 10.0) -> AsyncIterator[tuple[Api, Kube]]:
    api = Api(rest)
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", api.handle)
    server = TestServer(app)
    await server.start_server(shutdown_timeout=0.1)
    connection = await connect(Access(str(kubeconfig(folder, str(server.make_url("")).rstrip("/")))))
    try:
        yield api, Kube(connection, seconds)
    finally:
        await connection.close()
        await server.close()
