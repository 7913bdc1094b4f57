"""One try of a health check over HTTP: perhaps a sign-in, then the request itself."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from bot.domain.checks import HealthCheck, Session
from bot.ports import PROBE_AGENT, CheckFacts
from bot.probe.filling import headers_of, hiding, url_of, with_secrets
from bot.probe.forms import Cookies, hidden_fields
from bot.probe.judging import MOST_BYTES, Answer, asked_for, judged, reads_body, short
from bot.probe.url import TOMBSTONE


class Failed(Exception):
    """It fails, and the text says why. `answered`: something of the staging has answered."""

    def __init__(self, text: str, answered: bool = True) -> None:
        super().__init__(text)
        self.answered = answered


class Try:
    """`address` (host:port) is dialled, if given, with the URL's own Host header.

    `asked`, `status`: what is asked for just now, in words, and what it has answered so far, for when it fails.
    """

    def __init__(
        self, session: aiohttp.ClientSession, address: str | None, check: HealthCheck, facts: CheckFacts
    ) -> None:
        self._session, self._check, self._facts = session, check, facts
        self._address = address or check.address
        self._cookies = Cookies()
        self.asked, self.status = asked_for(check), 0

    async def made(self) -> tuple[bool, str]:
        """Whether it passes, and what came back. Raises Failed, CantAsk, TimeoutError, and what aiohttp raises."""
        check, url, headers = self._check, url_of(self._check, self._facts), headers_of(self._check, self._facts)
        if check.session:
            await self._sign_in(url, check.session)
        self.asked = asked_for(check)
        async with self._request(check.method, url, check.path, {**headers, **self._cookies.header}) as answer:
            body, whole = await _text(answer) if reads_body(check) else ("", True)
            seen = Answer(f"{url}{check.path}", answer.status, answer.headers.get("Location", ""), body, whole)
        return judged(check, seen, hiding([*self._facts.secrets.values(), *self._cookies.values()]))

    async def _sign_in(self, url: str, session: Session) -> None:
        """As a browser does: the page of the form first, for its cookies and hidden fields. An API may have none."""
        form = {name: with_secrets(text, self._facts.secrets) for name, text in session.form.items()}
        self.asked = f"`{short(session.path)}`, where it signs in,"
        async with self._request("GET", url, session.path, {"Accept": "text/html, */*"}) as page:
            if page.status < 300 and page.content_type == "text/html":
                form = {**hidden_fields((await _text(page))[0], form), **form}
        self.asked = f"`POST {short(session.path)}`, where it signs in,"
        headers = {"Origin": url, "Referer": f"{url}{session.path}", **self._cookies.header}
        async with self._request("POST", url, session.path, headers, form) as answer:
            if answer.status >= 400:
                raise Failed(f"can't sign in: `POST {short(session.path)}` answers {answer.status}")
        if not self._cookies:
            raise Failed(f"can't sign in: `POST {short(session.path)}` answers {self.status} and sets no cookie")

    @asynccontextmanager
    async def _request(
        self, method: str, url: str, path: str, headers: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        self.status, parts = 0, urlsplit(url)
        async with self._session.request(
            method,
            urlunsplit((parts.scheme, self._address or parts.netloc, path, "", "")),
            headers={**headers, "Host": parts.netloc, "User-Agent": PROBE_AGENT},
            data=form,
            server_hostname=parts.hostname if parts.scheme == "https" else None,
            timeout=aiohttp.ClientTimeout(total=None),
            allow_redirects=False,
        ) as answer:
            if TOMBSTONE in answer.headers:
                raise Failed(f"{self.asked} is answered by Octopod itself, as nothing of this staging does", False)
            self.status = answer.status
            self._cookies.take(answer.cookies)
            yield answer


async def _text(answer: aiohttp.ClientResponse) -> tuple[str, bool]:
    """What it begins with, and whether that is all."""
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MOST_BYTES:
            break
    text = bytes(body[:MOST_BYTES])
    try:
        return text.decode(answer.charset or "utf-8", "replace"), len(body) <= MOST_BYTES
    except LookupError:  # a charset that nobody knows
        return text.decode(errors="replace"), len(body) <= MOST_BYTES
