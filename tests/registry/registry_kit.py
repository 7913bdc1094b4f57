"""A registry on loopback: it has what the test says, and lets in whom the test says."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

USER, PASSWORD, IDENTITY, TOKEN = "octo", "s3cr3t:with-colon", "identity-1", "token-1"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Registry:
    """`has`: repositories and their references. `guard`: how it wants to know who asks: "", "bearer" or "basic".

    `anonymous`: whether its token service gives tokens to strangers. `answers`: a status for every manifest, instead.
    """

    def __init__(self) -> None:
        self.has: dict[str, set[str]] = {}
        self.guard, self.anonymous = "", False
        self.answers: int | None = None
        self.body: Any = {"errors": [{"code": "UNKNOWN"}]}
        self.heads = True
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.tokens: list[dict[str, str]] = []
        self.host = ""

    def push(self, repository: str, reference: str) -> None:
        self.has.setdefault(repository, set()).add(reference)

    async def manifest(self, request: web.Request) -> web.Response:
        self.asked.append((request.method, request.path, dict(request.headers)))
        if self.answers:
            return web.json_response(self.body, status=self.answers, headers={"Retry-After": "7"})
        if self.guard and request.headers.get("Authorization") not in (f"Bearer {TOKEN}", BASIC):
            return web.json_response({"errors": [{"code": "UNAUTHORIZED"}]}, status=401, headers=self._challenge())
        if request.method == "HEAD" and not self.heads:
            return web.Response(status=405)
        repository, reference = request.match_info["repository"], request.match_info["reference"]
        if repository not in self.has:
            return _unknown("NAME_UNKNOWN")
        if reference not in self.has[repository]:
            return _unknown("MANIFEST_UNKNOWN")
        return web.json_response({"schemaVersion": 2})

    async def token(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.tokens.append({"method": request.method, **request.query, **form})
        known = form.get("refresh_token") == IDENTITY or request.headers.get("Authorization") == BASIC
        if not (known or (self.anonymous and "Authorization" not in request.headers)):
            return web.Response(status=401)
        return web.json_response({"access_token" if form else "token": TOKEN})

    def _challenge(self) -> dict[str, str]:
        if self.guard == "basic":
            return {"WWW-Authenticate": 'Basic realm="registry"'}
        realm = f'Bearer realm="http://{self.host}/token",service="the \\"registry\\"",scope="repository:shop:pull"'
        return {"WWW-Authenticate": realm}


def _unknown(code: str) -> web.Response:
    return web.json_response({"errors": [{"code": code, "message": "no"}]}, status=404)


@asynccontextmanager
async def registry() -> AsyncIterator[Registry]:
    """Serving at its `host`."""
    made, app = Registry(), web.Application()
    app.router.add_route("*", "/v2/{repository:.+}/manifests/{reference}", made.manifest)
    app.router.add_route("*", "/token", made.token)
    async with TestServer(app) as server:
        made.host = f"127.0.0.1:{server.port}"
        yield made


def docker_config(folder: Path, host: str, **entry: str) -> Path:
    """A folder as DOCKER_CONFIG names it."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"auths": {host: entry}}))
    return folder
