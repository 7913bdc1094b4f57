"""One try of a health check over HTTP: perhaps a sign-in, then the request itself."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from bot.bodies import beginning
from bot.domain.checks import HealthCheck, Session
from bot.domain.errors import PermanentError, TemporaryError
from bot.ports import PROBE_AGENT, CheckFacts
from bot.probe.filling import CantAsk, headers_of, hiding, url_of, with_secrets
from bot.probe.forms import Cookies, hidden_fields
from bot.probe.judging import MOST_BYTES, Answer, asked_for, judged, reads_body, short
from bot.probe.session import Stage
from bot.probe.url import TOMBSTONE, Inside


class Failed(Exception):
    """It fails, and the text says why. `answered`: something of the staging has answered."""

    def __init__(self, text: str, answered: bool = True) -> None:
        super().__init__(text)
        self.answered = answered


class Try:
    """`address` (host:port) is dialled, if given, with the URL's own Host header. `inside` asks those that are asked
    from inside the cluster.

    `asked`, `stage`, `status`: what is asked for just now, in words, and how far that has come, for when it fails.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        address: str | None,
        inside: Inside | None,
        check: HealthCheck,
        facts: CheckFacts,
    ) -> None:
        self._session, self._inside, self._check, self._facts = session, inside, check, facts
        self._address = address or check.address
        self._cookies = Cookies()
        self.asked, self.stage, self.status = asked_for(check), Stage.CONNECTING, 0

    async def made(self) -> tuple[bool, str]:
        """Whether it passes, and what came back. Raises Failed, CantAsk, TimeoutError, and what aiohttp raises."""
        check, url, headers = self._check, url_of(self._check, self._facts), headers_of(self._check, self._facts)
        if check.inside and self._inside:
            seen = await self._through(self._inside, url, headers)
        else:
            seen = await self._directly(url, headers)
        return judged(check, seen, hiding([*self._facts.secrets.values(), *self._cookies.secrets]))

    async def _through(self, inside: Inside, url: str, headers: Mapping[str, str]) -> Answer:
        check, most = self._check, MOST_BYTES if reads_body(self._check) else 0
        try:
            # Our own time limit comes first, as it is told in other words.
            heard = await inside(self._facts.namespace, url, check.path, check.seconds + 1, headers, most)
        except PermanentError as error:
            raise Failed(f"{self.asked} can't be reached: {error.text}", False) from None
        except TemporaryError as error:
            raise CantAsk(error.text) from None
        return Answer(
            f"{url}{check.path}", heard.status, heard.location, decoded(heard.body, heard.charset), heard.whole
        )

    async def _directly(self, url: str, headers: Mapping[str, str]) -> Answer:
        check = self._check
        if check.session:
            await self._sign_in(url, check.session)
        self.asked = asked_for(check)
        async with self._request(check.method, url, check.path, {**headers, **self._cookies.header}) as answer:
            body, whole = await _text(answer) if reads_body(check) else ("", True)
            return Answer(f"{url}{check.path}", answer.status, answer.headers.get("Location", ""), body, whole)

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
        self.stage, self.status, parts = Stage.CONNECTING, 0, urlsplit(url)
        async with self._session.request(
            method,
            urlunsplit((parts.scheme, self._address or parts.netloc, path, "", "")),
            headers={**headers, "Host": parts.netloc, "User-Agent": PROBE_AGENT},
            data=form,
            server_hostname=parts.hostname if parts.scheme == "https" else None,
            timeout=aiohttp.ClientTimeout(total=None),
            allow_redirects=False,
            trace_request_ctx=self,
        ) as answer:
            if TOMBSTONE in answer.headers:
                raise Failed(f"{self.asked} is answered by Octopod itself, as nothing of this staging does", False)
            self.status = answer.status
            self._cookies.take(answer.cookies)
            yield answer


async def _text(answer: aiohttp.ClientResponse) -> tuple[str, bool]:
    """What it begins with, and whether that is all."""
    body, is_all = await beginning(answer, MOST_BYTES)
    return decoded(body, answer.charset or "utf-8"), is_all


def decoded(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except LookupError:  # a charset that nobody knows
        return body.decode(errors="replace")
