"""One credential at one host's API: a request at a time, within its limits, and every error in our words.

What was asked before is asked with its ETag, which costs nothing of the limit while nothing has changed.
"""

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

import aiohttp

from bot.bodies import whole
from bot.domain.errors import OutcomeUnknown, PermanentError, TemporaryError
from bot.hosts import limits

REQUEST = aiohttp.ClientTimeout(total=20, sock_connect=5)
LONGEST = 8 * 1024**2
KEPT = 500
MOST_PAGES = 10


class NotThere(PermanentError):
    """The host has nothing of that address, or does not let us see it."""


class Credential(Protocol):
    async def token(self) -> str:
        """What is sent as `Authorization: Bearer`. Raises PermanentError when there is none, and TemporaryError."""
        ...

    def refused(self) -> bool:
        """The host does not take it any more. Whether there may be another one."""
        ...


@dataclass(frozen=True, slots=True)
class Pace:
    """`writes`: seconds from one change to the next, which GitHub wants to be one. `sleep`, `clock` (of seconds that
    only grow) and `now` (since 1970) tell the time."""

    writes: float = 1.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time


PACE = Pace()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any
    text: str

    @property
    def next(self) -> str | None:
        """The path of the next page."""
        for part in self.headers.get("Link", "").split(","):
            address, _, relation = part.partition(";")
            if 'rel="next"' in relation:
                return address.strip().strip("<>")
        return None


class Api:
    """`headers`: what each request carries. `rights`: what the credential needs, for whoever made it."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        credential: Credential,
        headers: Mapping[str, str],
        rights: str,
        pace: Pace = PACE,
    ) -> None:
        self._session, self._url, self._credential = session, url, credential
        self._headers, self._rights, self._pace = headers, rights, pace
        self._lock = asyncio.Lock()
        self._seen: OrderedDict[str, tuple[str, Answer]] = OrderedDict()
        self._closed_until = self._write_at = 0.0
        self._limited = 0
        self.scarce = False

    async def get(self, path: str, **query: str | int) -> Any:
        return (await self._asked("GET", _path(path, query))).body

    async def pages(self, path: str, key: str = "", **query: str | int) -> Sequence[Any]:
        """All of a list, or of the list under `key`: so many pages as anybody needs."""
        found: list[Any] = []
        following: str | None = _path(path, {"per_page": 100, **query})
        for _ in range(MOST_PAGES):
            if following is None:
                break
            answer = await self._asked("GET", following)
            found += listed(answer.body.get(key) if key and isinstance(answer.body, dict) else answer.body)
            following = self._own(answer.next)
        return found

    async def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Raises OutcomeUnknown when it may have been done."""
        return (await self._asked(method, path, body)).body

    async def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        async with self._lock:
            self._require_open()
            if method != "GET":
                await self._pace.sleep(max(0.0, self._write_at - self._pace.clock()))
            answer = await self._once(method, path, body)
            if answer.status == 401 and self._credential.refused():
                answer = await self._once(method, path, body)
            if method != "GET":
                self._write_at = self._pace.clock() + self._pace.writes
        if answer.status < 300:
            return answer
        raise self._error(answer, method)

    async def _once(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        url, seen = f"{self._url}{path}", self._seen.get(path) if method == "GET" else None
        headers = {**self._headers, "Authorization": f"Bearer {await self._credential.token()}"}
        headers |= {"If-None-Match": seen[0]} if seen else {}
        try:
            asked = self._session.request(
                method, url, json=body, headers=headers, timeout=REQUEST, allow_redirects=method == "GET"
            )
            async with asked as response:
                content = await whole(response, LONGEST)
                answer = _answer(response.status, response.headers, content)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise self._unanswered(error, method) from error
        self._limit(answer)
        if answer.status == 304 and seen:
            self._seen.move_to_end(path)
            return seen[1]
        if method == "GET" and answer.status == 200 and (tag := answer.headers.get("ETag")):
            self._seen[path] = (tag, answer)
            if len(self._seen) > KEPT:
                self._seen.popitem(last=False)
        return answer

    # --- limits ------------------------------------------------------------------------------------------------------

    def _require_open(self) -> None:
        wait = self._closed_until - self._pace.clock()
        if wait > 0:
            raise TemporaryError(f"{self._host} wants no requests for {wait:.0f} more seconds.", wait)

    def _limit(self, answer: Answer) -> None:
        """Who goes on asking while limited may be banned; who is limited again and again waits longer each time."""
        self.scarce = limits.scarce(answer.headers)
        pause = limits.pause(answer.status, answer.headers, answer.text, self._pace.now())
        if pause is None:
            self._limited = self._limited if answer.status >= 400 else 0
            return
        if answer.status >= 400:
            pause = min(pause * 2 ** min(self._limited, 6), limits.LONGEST)
            self._limited += 1
        self._closed_until = self._pace.clock() + pause

    # --- errors ------------------------------------------------------------------------------------------------------

    def _error(self, answer: Answer, method: str) -> Exception:
        wait, said = self._closed_until - self._pace.clock(), _message(answer)
        if answer.status in (403, 429) and wait > 0:
            return TemporaryError(f"{self._host} has been asked too often; it wants {wait:.0f} seconds of rest.", wait)
        match answer.status:
            case 401:
                return PermanentError(f"{self._host} does not take the credentials{said}.", next_step=self._rights)
            case 403:
                return PermanentError(f"{self._host} does not allow it{said}.", next_step=self._rights)
            case 404 | 410:
                text = f"{self._host} has no such thing, or the credentials may not see it{said}."
                return NotThere(text, next_step=self._rights)
            case status if status >= 500 or status == 408:
                kind = TemporaryError if method == "GET" else OutcomeUnknown
                return kind(f"{self._host} answers {status}{said}.")
            case status:
                return PermanentError(f"{self._host} refuses it ({status}){said}.")

    def _unanswered(self, error: Exception, method: str) -> Exception:
        """What never arrived was surely not done."""
        text = f"{self._host} can't be asked: {_plainly(error)}."
        surely = method == "GET" or isinstance(error, aiohttp.ClientConnectorError)
        return TemporaryError(text) if surely else OutcomeUnknown(text)

    @property
    def _host(self) -> str:
        return urlsplit(self._url).netloc

    def _own(self, address: str | None) -> str | None:
        """The next page, if it is of this API: nobody else gets the token."""
        return address.removeprefix(self._url) if address and address.startswith(f"{self._url}/") else None


def listed(found: Any) -> list[Any]:
    """The objects of a list; of what is none, nothing."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _path(path: str, query: Mapping[str, str | int]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _answer(status: int, headers: Mapping[str, str], content: bytes) -> Answer:
    """What is no JSON matters only where JSON is needed."""
    text = content[:5000].decode(errors="replace")
    if not content:
        return Answer(status, headers, None, text)
    try:
        return Answer(status, headers, json.loads(content), text)
    except (ValueError, RecursionError):
        if status < 300:
            raise ValueError("what it says is no JSON") from None
        return Answer(status, headers, None, text)


def _message(answer: Answer) -> str:
    """What the host says of it, on one line: `message`, GitHub's `errors`, GitLab's `error`."""
    body = answer.body if isinstance(answer.body, dict) else {}
    parts = [body.get("message") or body.get("error") or ""]
    parts += [
        one.get("message") or one.get("code") or "" if isinstance(one, dict) else one
        for one in body.get("errors") or ()
    ]
    line = "; ".join(part if isinstance(part, str) else json.dumps(part) for part in parts if part)
    line = " ".join("".join(one for one in line if one.isprintable() or one.isspace()).split())[:300]
    return f": {line.rstrip('.')}" if line else ""


def _plainly(error: Exception) -> str:
    match error:
        case TimeoutError():
            return "it did not answer in time"
        case aiohttp.ClientConnectorDNSError():
            return "its host is unknown"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "its certificate is no good"
        case aiohttp.ClientConnectorError():
            return f"nothing listens there ({error.os_error.strerror or error})"
        case ValueError():
            return str(error)
        case _:
            return type(error).__name__
