"""The URL probe: does a URL answer as a live staging should?"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from bot.domain.errors import PermanentError, TemporaryError
from bot.domain.project import ProbeFrom, UrlProbe
from bot.ports import PROBE_AGENT, Heard, ProbeResult
from bot.probe.trouble import plainly

TOMBSTONE = "Octopod-Tombstone"
ALWAYS_ACCEPTED = {401, 403}


class Inside(Protocol):
    async def __call__(
        self,
        namespace: str,
        url: str,
        path: str,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        most: int = 0,
    ) -> Heard:
        """One GET from inside the cluster. `most`: how many bytes of the body are read. Raises PermanentError when
        nothing answers there, and TemporaryError when it can't be told."""
        ...


class UrlProber:
    """`address` (host:port), if given, is dialled for every URL, with the URL's own Host header: the local proxy.

    `inside` asks from inside the cluster.
    """

    def __init__(
        self, session: aiohttp.ClientSession, address: str | None = None, inside: Inside | None = None
    ) -> None:
        self._session, self._address, self._inside = session, address, inside

    async def probe(self, url: str, how: UrlProbe, namespace: str) -> ProbeResult:
        if how.origin is ProbeFrom.CLUSTER and self._inside:
            try:
                heard = await self._inside(namespace, url, how.path, how.seconds)
                return judged(heard.status, False, how)
            except (TemporaryError, PermanentError) as error:
                return ProbeResult(False, error.text)
        parts = urlsplit(url)
        dialled = urlunsplit((parts.scheme, self._address or how.address or parts.netloc, how.path, "", ""))
        try:
            async with self._session.get(
                dialled,
                headers={"Host": parts.netloc, "User-Agent": PROBE_AGENT},
                server_hostname=parts.hostname if parts.scheme == "https" else None,
                timeout=aiohttp.ClientTimeout(total=how.seconds),
                allow_redirects=False,
            ) as answer:
                return judged(answer.status, TOMBSTONE in answer.headers, how)
        except TimeoutError:
            return ProbeResult(False, f"nothing came back within {how.seconds:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return ProbeResult(False, plainly(error))


def judged(status: int, tombstone: bool, how: UrlProbe) -> ProbeResult:
    """2xx, 3xx, 401 and 403 are answers, and what the project accepts; our own tombstone never is."""
    said = f"{status} {_phrase(status)}".strip()
    if tombstone:
        return ProbeResult(False, "Octopod itself answers there; the staging does not yet")
    if 200 <= status < 400 or status in ALWAYS_ACCEPTED or status in how.accept:
        return ProbeResult(True, said)
    if status == HTTPStatus.NOT_FOUND:
        return ProbeResult(
            False, f"{said} for {how.path}. Set `url_probe.path` in octopod.yaml to a path that exists.", final=True
        )
    return ProbeResult(False, said)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
