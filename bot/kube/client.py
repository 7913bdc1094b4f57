"""One raw layer over the API server: objects are dicts, every request has a time limit, every error is ours."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from bot.bodies import beginning
from bot.domain.errors import OctopodError
from bot.kube import words
from bot.kube.connect import Connection
from bot.kube.errors import ApiRefused, ApiTrouble, is_own, refusal, trouble
from bot.kube.kinds import POD, Kind, Object, kind_of
from bot.kube.labels import MANAGER
from bot.ports import Heard

PAGE = 500
LOG_BYTES = 256 * 1024
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
Query = Sequence[tuple[str, str]]


class Kube:
    """Raises ApiTrouble (worth trying again) and ApiRefused. `seconds`: the time limit of one request."""

    def __init__(self, connection: Connection, seconds: float = 30.0) -> None:
        self._connection, self._seconds = connection, seconds
        self._found: dict[Kind, Kind] = {}
        self.requests = 0

    @property
    def home(self) -> str:
        """The namespace that the bot itself is at home in."""
        return self._connection.namespace

    async def find(self, kind: Kind) -> Kind | None:
        """With its plural. None: the cluster does not know it; it is asked anew the next time."""
        if kind.plural:
            return kind
        if kind not in self._found:
            try:
                told = await self._json("GET", f"/apis/{kind.version}", f"{kind.version}: look up")
            except ApiRefused as error:
                if error.status != 404:
                    raise
                return None
            for one in told.get("resources") or []:
                if "/" not in one["name"]:  # a part of another one, as its status
                    found = Kind(kind.version, one["kind"], one["name"], bool(one.get("namespaced")))
                    self._found[found] = found
        return self._found.get(kind)

    async def _placed(self, kind: Kind) -> Kind:
        found = await self.find(kind)
        if found is None:
            raise ApiRefused(words.unknown_kind(kind), 404, "NotFound")
        return found

    async def get(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """None if there is none."""
        try:
            return await self._json("GET", kind.path(namespace, name), f"{kind.title(name)}: look up")
        except ApiRefused as error:
            if error.status == 404:
                return None
            raise

    async def list(
        self, kind: Kind, namespace: str | None = None, which: Query = (), metadata: bool = False
    ) -> tuple[list[Object], str]:
        """All that there are, in pages, and the version to watch from. `metadata`: without what is in them.

        `which`: selectors.
        """
        kind = await self._placed(kind)
        items: list[Object] = []
        query = [("limit", str(PAGE)), *which]
        more = ""
        while True:
            asked = [*query, ("continue", more)] if more else query
            accept = _METADATA if metadata else "application/json"
            try:
                page = await self._json("GET", kind.path(namespace), f"{kind.plural}: list", asked, accept=accept)
            except ApiRefused as error:
                if error.status == 404:  # a kind that was there once
                    self._found.pop(kind, None)
                raise
            items += page.get("items") or []
            metadata_of_page = page.get("metadata") or {}
            more = metadata_of_page.get("continue") or ""
            if not more:
                return items, str(metadata_of_page.get("resourceVersion", ""))

    async def apply(
        self, thing: Object, rehearsal: bool = False, force: bool = False, manager: str = MANAGER
    ) -> Object:
        """Server-side, as the manager `octopod` or another one of ours. What others have set otherwise is refused.

        `rehearsal`: all is checked, nothing is kept. `force`: what others have set is taken from them.
        """
        kind, metadata = await self._placed(kind_of(thing)), thing["metadata"]
        path = kind.path(metadata.get("namespace"), metadata["name"])
        what = f"{kind.title(metadata['name'])}: apply"
        query = [("fieldManager", manager), ("force", str(force).lower())]
        query += [("dryRun", "All")] if rehearsal else []
        return await self._json("PATCH", path, what, query, thing, content="application/apply-patch+yaml")

    async def delete(
        self, kind: Kind, name: str, namespace: str | None = None, uid: str | None = None, orphan: bool = False
    ) -> None:
        """Accepted, or gone already. `uid`: only this very object. `orphan`: what it has made stays."""
        kind = await self._placed(kind)
        options: Object = {"propagationPolicy": "Orphan" if orphan else "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        try:
            await self._json("DELETE", kind.path(namespace, name), f"{kind.title(name)}: delete", body=options)
        except ApiRefused as error:
            if error.status != 404:
                raise
        except ApiTrouble as error:
            # Another one has its name by now, or it is on its way out already.
            if error.status != 409:
                raise

    async def whoami(self) -> str:
        """The name that the API server knows us by."""
        review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        answer = await self._json("POST", path, "the bot's account: look up", body=review)
        return str(answer["status"]["userInfo"]["username"])

    async def version(self) -> str:
        """Of Kubernetes, such as v1.36.1."""
        return str((await self._json("GET", "/version", "the cluster's version: look up")).get("gitVersion"))

    async def may(self, verb: str, kind: Kind, namespace: str = "") -> bool:
        """Whether we may do this there, by now; without a namespace in all of them."""
        return await self.allowed({"namespace": namespace, "verb": verb, "group": kind.group, "resource": kind.plural})

    async def allowed(self, asked: Mapping[str, str]) -> bool:
        """`asked`: the resourceAttributes of a SelfSubjectAccessReview."""
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        body = {**review, "spec": {"resourceAttributes": dict(asked)}}
        answer = await self._json("POST", path, "the bot's rights: look up", body=body)
        return bool(answer["status"].get("allowed"))

    async def logs(self, namespace: str, pod: str, container: str, lines: int, previous: bool = False) -> Sequence[str]:
        """The last lines of a container; of the one before it with `previous`. What is no text is replaced."""
        query = [("container", container), ("tailLines", str(lines)), ("limitBytes", str(LOG_BYTES))]
        query += [("previous", "true")] if previous else []
        what = f"Pod `{pod}`: logs"
        async with self._answer("GET", f"{POD.path(namespace, pod)}/log", what, query) as answer:
            text = (await answer.read()).decode(errors="replace")
        return text.splitlines()[-lines:]

    async def raw(self, path: str, query: Query, accept: str) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of what is looked at, as they come."""
        async with self._answer("GET", path, f"{path}: look up", query, headers={"Accept": accept}) as answer:
            return answer.status, answer.headers, await answer.read()

    async def through(self, path: str, what: str, headers: Mapping[str, str], seconds: float, most: int = 0) -> Heard:
        """What somebody answers behind a proxy of the API server; its own refusals are raised. `most`: how many bytes
        of the body are read."""
        limit = aiohttp.ClientTimeout(total=seconds, sock_connect=5)
        with _border(what):
            self.requests += 1
            answer = await self._connection.ask(path, headers, limit)
            try:
                if answer.status >= 400 and is_own(said := await answer.content.read(65536)):
                    raise refusal(what, answer.status, said)
                return await _heard(answer, most)
            finally:
                _drop(answer)

    @asynccontextmanager
    async def socket(
        self, path: str, query: Query, protocol: str, what: str
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A WebSocket that speaks this protocol. Only opening it has a time limit. Errors in its use are translated."""
        with _border(what):
            try:
                async with asyncio.timeout(self._seconds):
                    socket = await self._connected(path, query, protocol)
            except aiohttp.WSServerHandshakeError as error:
                why = "the bot's account may not do that" if error.status == 403 else error.message
                raise refusal(what, error.status, why.encode()) from error
            try:
                if socket.protocol != protocol:
                    raise ApiRefused(f"{what}: the API server does not speak {protocol}", 400)
                yield socket
            finally:
                await socket.close()

    async def _connected(self, path: str, query: Query, protocol: str) -> aiohttp.ClientWebSocketResponse:
        """Once more with fresh credentials if they are refused: tokens expire."""
        self.requests += 1
        try:
            return await self._connection.socket(path, query, protocol)
        except aiohttp.WSServerHandshakeError as error:
            if error.status != 401 or not await self._connection.renew():
                raise
        self.requests += 1
        return await self._connection.socket(path, query, protocol)

    @asynccontextmanager
    async def stream(
        self, kind: Kind, which: Query, version: str, seconds: int, silence: float
    ) -> AsyncIterator[aiohttp.StreamReader]:
        """The lines of one watch request from `version`; the server ends it after `seconds`.

        A silence longer than `silence` (seconds) is an error. Errors while reading are translated, too.
        """
        kind = await self._placed(kind)
        query = [("watch", "true"), ("resourceVersion", version), ("allowWatchBookmarks", "true")]
        query += [("timeoutSeconds", str(seconds)), *which]
        limit = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=silence)
        async with self._answer("GET", kind.path(), f"{kind.plural}: watch", query, limit=limit) as answer:
            yield answer.content

    async def _json(
        self,
        method: str,
        path: str,
        what: str,
        query: Query = (),
        body: Any = None,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Object:
        headers = {"Content-Type": content, "Accept": accept}
        async with self._answer(method, path, what, query, body, headers) as answer:
            found = json.loads(await answer.read())
        if not isinstance(found, dict):
            raise ApiTrouble(f"{what}: the answer is no object")
        return found

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        what: str,
        query: Query = (),
        body: Any = None,
        headers: dict[str, str] | None = None,
        limit: aiohttp.ClientTimeout | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        limit = limit or aiohttp.ClientTimeout(total=self._seconds, sock_connect=5)
        with _border(what):
            answer = await self._request(method, path, query, body, headers, limit)
            try:
                if not 200 <= answer.status < 300:
                    retry_after = answer.headers.get("Retry-After")
                    raise refusal(what, answer.status, await answer.content.read(65536), retry_after)
                yield answer
            finally:
                _drop(answer)

    async def _request(
        self,
        method: str,
        path: str,
        query: Query,
        body: Any,
        headers: dict[str, str] | None,
        limit: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        """Once more with fresh credentials if they are refused: tokens expire."""
        self.requests += 1
        answer = await self._connection.request(method, path, query, body, headers, limit)
        if answer.status == 401 and await self._connection.renew():
            answer.close()
            self.requests += 1
            answer = await self._connection.request(method, path, query, body, headers, limit)
        return answer


@contextmanager
def _border(what: str) -> Iterator[None]:
    """Errors of the way there become ours."""
    try:
        yield
    except OctopodError:
        raise
    except (aiohttp.ClientError, HttpProcessingError, TimeoutError, OSError, ValueError) as error:
        raise trouble(what, error) from error


async def _heard(answer: aiohttp.ClientResponse, most: int) -> Heard:
    body, is_all = await beginning(answer, most)
    location, charset = answer.headers.get("Location", ""), answer.charset or "utf-8"
    return Heard(answer.status, location, body, is_all, charset)


def _drop(answer: aiohttp.ClientResponse) -> None:
    """Nobody waits for the farewells of TLS on a connection that is given up in the middle of an answer."""
    connection = answer.connection
    if connection is not None and connection.transport is not None:
        connection.transport.abort()
    answer.close()
