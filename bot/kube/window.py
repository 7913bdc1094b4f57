"""What a chart may see of the cluster while it is rendered: what the cluster can do, and its own staging's objects.

Whoever can push decides what a chart looks up, and the bot may read more than they: its own Secrets, those of other
stagings. So Helm gets no credentials, but the address of this door on loopback, which passes on what may be asked, with
the bot's own, and answers "not found" to all else: https://helm.sh/docs/chart_template_guide/functions_and_pipelines/.
"""

import re
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.domain.errors import OctopodError
from bot.kube.client import Kube
from bot.kube.errors import ApiRefused
from bot.kube.kinds import NAMESPACE, OF_BRANCHES, ROUTE, Kind
from bot.kube.labels import RELEASE, STAGING, annotations, labels

LOOPBACK = "127.0.0.1"
# Which kinds there are, in which versions; and of them those parts that hold no object.
_ABILITIES = re.compile(r"/version|/api|/apis|/api/v1|/apis/[^/]+(/[^/]+)?")
_OBJECTS = re.compile(r"/(?:api|apis/(?P<group>[^/]+))/[^/]+/namespaces/(?P<place>[^/]+)/(?P<plural>[^/]+)(?:/[^/]+)?")
# All that names of Kubernetes are made of; nothing encoded, and no way up.
_NAMES = re.compile(r"(/(?!\.\.?(/|$))[A-Za-z0-9.:_-]+)+/?")
PASSED_ON = ("Content-Type", "Last-Modified", "ETag", "Vary")


@asynccontextmanager
async def window(kube: Kube, staging: str, namespace: str, kinds: Iterable[tuple[str, str]]) -> AsyncIterator[str]:
    """The URL of an API server that shows that much, for as long as the block lasts. Raises TemporaryError."""
    shown = await _shown(kube, kinds) if await _is_there(kube, staging, namespace) else frozenset()
    # Others on this machine can reach the port, and don't know the path.
    root = f"/{secrets.token_urlsafe(24)}"
    door = _Door(kube, namespace, shown, root)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", door.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, LOOPBACK, 0)
        await site.start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}{root}"
    finally:
        await runner.cleanup()


async def _is_there(kube: Kube, staging: str, namespace: str) -> bool:
    """Whether it is this staging's, and has had a release. Before that the bot has no rights in it."""
    found = await kube.get(NAMESPACE, namespace)
    return found is not None and labels(found).get(STAGING) == staging and RELEASE in annotations(found)


async def _shown(kube: Kube, kinds: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Groups and plurals."""
    asked = [*OF_BRANCHES, ROUTE, *(Kind(version, name) for version, name in kinds)]
    found = [await kube.find(kind) for kind in asked]
    return frozenset((kind.group, kind.plural) for kind in found if kind)


class _Door:
    def __init__(self, kube: Kube, namespace: str, shown: frozenset[tuple[str, str]], root: str) -> None:
        self._kube, self._namespace, self._shown, self._root = kube, namespace, shown, root

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(self._root)
        if not request.path.startswith(f"{self._root}/") or not _NAMES.fullmatch(request.raw_path.partition("?")[0]):
            return _status(404, "NotFound", "there is nothing here")
        if request.method != "GET" or "watch" in request.query:
            return _status(405, "MethodNotAllowed", "charts look, and do nothing else")
        if not self._lets_see(path):
            return _status(404, "NotFound", "charts see the objects of their own staging only")
        accept = request.headers.get("Accept", "application/json")
        try:
            code, headers, body = await self._kube.raw(path, list(request.query.items()), accept)
        except ApiRefused as error:
            return _status(error.status, error.reason or "NotFound" * (error.status == 404), error.text)
        except OctopodError as error:
            return _status(503, "ServiceUnavailable", error.text)
        kept = {name: headers[name] for name in PASSED_ON if name in headers}
        return web.Response(status=code, headers=kept, body=body)

    def _lets_see(self, path: str) -> bool:
        if _ABILITIES.fullmatch(path):
            return True
        found = _OBJECTS.fullmatch(path)
        return (
            found is not None
            and found["place"] == self._namespace
            and (found["group"] or "", found["plural"]) in self._shown
        )


def _status(code: int, reason: str, message: str) -> web.Response:
    told = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message}
    return web.json_response({**told, "reason": reason, "code": code}, status=code)
