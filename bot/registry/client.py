"""Asking a registry whether it has an image, by the OCI distribution API and its token service.

Three answers are told apart: it is there, it is not there (a 404 that names manifest or repository unknown), and no
answer: unreachable, refused, overloaded, or something that is no registry at all.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.bodies import whole
from bot.domain.errors import PermanentError, TemporaryError
from bot.registry import challenges
from bot.registry.credentials import Credentials, of_image, read
from bot.registry.credentials import parse as parse_config
from bot.registry.names import DOCKER_HUB, ImageName, parse

ACCEPT = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "application/vnd.docker.distribution.manifest.v1+json",
    )
)
UNKNOWN = {"MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"}  # the last is Harbor's
REQUEST = aiohttp.ClientTimeout(total=10, sock_connect=5)
ALL_TOGETHER = 30.0
LONGEST = 1_000_000
PulledBy = Callable[[str], Awaitable[Mapping[str, str]]]
NO_ENTRY = "see DOCKER_CONFIG and `copy_secrets`"
OF_IDENTITY = {"grant_type": "refresh_token", "client_id": "octopod"}


class Registries:
    """`config`: a Docker config.json, or the folder of one. `pulled_by`: gives the texts of such files for a project's
    stagings, by the name of what each is in; for the same place they come before `config`, as it is they that pull.

    `request` and `limit` (seconds): of one request, and of all that one question takes.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        config: Path | None = None,
        pulled_by: PulledBy | None = None,
        *,
        request: aiohttp.ClientTimeout = REQUEST,
        limit: float = ALL_TOGETHER,
    ) -> None:
        self._session, self._config, self._pulled_by = session, config, pulled_by
        self._request, self._limit = request, limit

    async def has(self, image: str, project: str) -> bool:
        """Raises TemporaryError, saying why, when the registry does not tell; PermanentError for an illegal name."""
        try:
            name = parse(image)
        except ValueError as error:
            step = "Mend `image` in octopod.yaml."
            raise PermanentError(f"`{image}` is no valid image name: {error}.", next_step=step) from None
        credentials = of_image({**await self._configured(), **await self._pulling(project)}, name)
        try:
            async with asyncio.timeout(self._limit):
                return await _Question(self._session, self._request, name, credentials).answered()
        except TimeoutError:
            raise TemporaryError(f"{name.registry} did not answer in time.") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise TemporaryError(f"{name.registry} can't be asked: {_plainly(error)}.") from error

    async def _configured(self) -> Mapping[str, Credentials]:
        if self._config is None:
            return {}
        try:
            return await asyncio.to_thread(read, self._config)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise TemporaryError(f"DOCKER_CONFIG can't be read: {why}.") from error

    async def _pulling(self, project: str) -> Mapping[str, Credentials]:
        known: dict[str, Credentials] = {}
        texts = await self._pulled_by(project) if self._pulled_by else {}
        for place, text in texts.items():
            try:
                known |= parse_config(text)
            except ValueError as error:
                raise TemporaryError(f"{place} can't be read: {error}.") from error
        return known


class _Question:
    """One image at one registry."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        request: aiohttp.ClientTimeout,
        name: ImageName,
        credentials: Credentials | None,
    ) -> None:
        self._session, self._request, self._name, self._credentials = session, request, name, credentials
        host = f"registry-1.{DOCKER_HUB}" if name.registry == DOCKER_HUB else name.registry
        self._scheme = "http" if name.local else "https"
        self._url = f"{self._scheme}://{host}/v2/{name.repository}/manifests/{name.reference}"
        self._headers = {"Accept": ACCEPT}

    async def answered(self) -> bool:
        """HEAD first: Docker Hub counts GETs as pulls. Only a body says what a 404 means."""
        status, body = await self._manifest("HEAD")
        if status == 401:
            await self._authorize(body.challenge)
            status, body = await self._manifest("HEAD")
        if 200 <= status < 300:
            return True
        if status in (400, 404, 405, 501):
            status, body = await self._manifest("GET")
        if 200 <= status < 300:
            return True
        if status == 404 and body.codes & UNKNOWN:
            return False
        raise TemporaryError(_no_answer(self._name, status), body.retry_after)

    async def _manifest(self, method: str) -> tuple[int, "_Body"]:
        async with self._session.request(method, self._url, headers=self._headers, timeout=self._request) as answer:
            content = b"" if answer.status < 400 else await whole(answer, LONGEST)
            return answer.status, _Body(content, answer)

    async def _authorize(self, header: str) -> None:
        challenge, known = challenges.best(header), self._credentials
        if challenge is None:
            raise TemporaryError(f"{self._name.registry} wants to know who asks, but not in a way known here.")
        if challenge.scheme == "bearer":
            self._headers["Authorization"] = f"Bearer {await self._token(challenge.values)}"
        elif known and known.user:
            self._headers["Authorization"] = aiohttp.encode_basic_auth(known.user, known.password)
        else:
            raise TemporaryError(f"{self._name.registry} wants credentials, and there are none for it; {NO_ENTRY}.")

    async def _token(self, values: Mapping[str, str]) -> str:
        realm, known = values.get("realm", ""), self._credentials
        if urlsplit(realm).scheme not in ("https", self._scheme):
            raise TemporaryError(f"{self._name.registry} would have its credentials sent unencrypted.")
        asked = {"scope": values.get("scope") or f"repository:{self._name.repository}:pull"}
        asked |= {"service": values["service"]} if values.get("service") else {}
        method, form, headers = "GET", None, dict[str, str]()
        if known and known.token:
            method, form, asked = "POST", {**asked, **OF_IDENTITY, "refresh_token": known.token}, {}
        elif known and known.user:
            headers["Authorization"] = aiohttp.encode_basic_auth(known.user, known.password)
        async with self._session.request(
            method, realm, params=asked, data=form, headers=headers, allow_redirects=False, timeout=self._request
        ) as told:
            if told.status != 200:
                raise TemporaryError(_no_answer(self._name, told.status))
            found = json.loads(await whole(told, LONGEST))
        token = found.get("token") or found.get("access_token") if isinstance(found, dict) else None
        if not isinstance(token, str) or not token.isprintable():
            raise TemporaryError(f"The token service of {self._name.registry} gave no token.")
        return token


class _Body:
    """What came with a refusal."""

    def __init__(self, content: bytes, answer: aiohttp.ClientResponse) -> None:
        self.challenge = ", ".join(answer.headers.getall("WWW-Authenticate", []))
        wish = answer.headers.get("Retry-After", "")
        self.retry_after = float(wish) if wish.isascii() and wish.isdigit() else None
        self.codes = _codes(content)


def _codes(content: bytes) -> set[str]:
    try:
        found: Any = json.loads(content)
    except ValueError:
        return set()
    errors = found.get("errors") if isinstance(found, dict) else None
    return {str(one.get("code")) for one in errors if isinstance(one, dict)} if isinstance(errors, list) else set()


def _no_answer(name: ImageName, status: int) -> str:
    match status:
        case 401 | 403:
            return f"{name.registry} does not let the bot look at {name.repository}; {NO_ENTRY}."
        case 404:
            return f"{name.registry} answers 404, but not as a registry does."
        case 429:
            return f"{name.registry} has been asked too often."
        case _:
            return f"{name.registry} answers {status}."


def _plainly(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "its host is unknown"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "its certificate is no good"
        case aiohttp.ClientConnectorError():
            return f"nothing listens there ({error.os_error.strerror or error})"
        case ValueError():
            return "what it says can't be read"
        case _:
            return type(error).__name__
