"""Health checks asked of stagings, over HTTP or TCP."""

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus, urlsplit, urlunsplit

import aiohttp

from bot.domain.checks import CheckResult, HealthCheck, Session
from bot.domain.redaction import HIDDEN, secrets_in, shapes_hidden
from bot.ports import PROBE_AGENT, CheckFacts
from bot.probe.judging import MOST_BYTES, Answer, asked_for, judged, reads_body, short
from bot.probe.trouble import is_own, plainly
from bot.probe.url import TOMBSTONE

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_PORTS = {"http": 80, "https": 443}
# If a time limit was noticed so much later, the bot itself was too busy to hear an answer.
_LATE = 1.0


class _Unknown(Exception):
    """The check can't be made; its text says why."""


class _Refused(Exception):
    """It fails; its text says why. Somebody has answered."""


def checking() -> aiohttp.ClientSession:
    """What the bot asks by: no cookies but a check's own, and no connection twice, as one that the other side closes
    meanwhile would look like a failure. No limit of connections: who waits for one has no less time."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


class NoChecks:
    """Where nobody can be asked."""

    async def check(self, check: HealthCheck, facts: CheckFacts) -> CheckResult:
        return CheckResult(check.name, False, "can't be asked", datetime.now(UTC), answered=False, unknown=True)


class HealthChecker:
    """The port `Checker`. `session`: one of `checking`. `address` (host:port), if given, is dialled for every URL, with
    the URL's own Host header: the local proxy."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        address: str | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session, self._address, self._now = session, address, now

    async def check(self, check: HealthCheck, facts: CheckFacts) -> CheckResult:
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(check.seconds):
                ok, text = await (self._tcp(check, facts) if check.tcp else self._http(check, facts))
                return self._result(check, ok, text)
        except _Unknown as error:
            return self._result(check, False, str(error), answered=False, unknown=True)
        except _Refused as error:
            return self._result(check, False, str(error))
        except TimeoutError:
            if asyncio.get_running_loop().time() - began > check.seconds + _LATE:
                text = "can't be asked: the bot was too busy to wait for an answer"
                return self._result(check, False, text, answered=False, unknown=True)
            text = f"{_called(check, facts)} did not answer within {check.seconds:g} s"
            return self._result(check, False, text, answered=False)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if is_own(error):
                text = f"can't be asked: the bot itself lacks something ({plainly(error)})"
                return self._result(check, False, text, answered=False, unknown=True)
            text = f"{_called(check, facts)} can't be reached: {plainly(error)}"
            return self._result(check, False, text, answered=False)

    def _result(
        self, check: HealthCheck, ok: bool, text: str, *, answered: bool = True, unknown: bool = False
    ) -> CheckResult:
        return CheckResult(check.name, ok, text, self._now(), answered, unknown)

    async def _tcp(self, check: HealthCheck, facts: CheckFacts) -> tuple[bool, str]:
        host, _, port = _address(check, facts).rpartition(":")
        host = host.strip("[]")
        if host.endswith(".localhost"):  # of this machine, whatever its resolver knows of it
            host = "localhost"
        _, writer = await asyncio.open_connection(host, int(port))
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return True, f"{_called(check, facts)} accepts connections"

    async def _http(self, check: HealthCheck, facts: CheckFacts) -> tuple[bool, str]:
        url = _url(check, facts)
        headers = {name: _filled(text, facts.secrets) for name, text in check.headers.items()}
        if check.session:
            headers["Cookie"] = await self._signed_in(check, check.session, url, facts)
        async with self._asked(check.method, url, check.path, check, headers) as answer:
            if TOMBSTONE in answer.headers:
                raise aiohttp.ServerDisconnectedError
            body = await answer.content.read(MOST_BYTES) if reads_body(check) else b""
            seen = Answer(f"{url}{check.path}", answer.status, answer.headers.get("Location", ""), body.decode())
            return judged(check, seen, lambda text: hidden(text, facts.secrets))

    async def _signed_in(self, check: HealthCheck, session: Session, url: str, facts: CheckFacts) -> str:
        form = {name: _filled(text, facts.secrets) for name, text in session.form.items()}
        async with self._asked("POST", url, session.path, check, {}, form) as answer:
            if answer.status >= 400:
                raise _Refused(f"can't sign in: `POST {short(session.path)}` answers {answer.status}")
            return "; ".join(f"{cookie.key}={cookie.coded_value}" for cookie in answer.cookies.values())

    def _asked(
        self,
        method: str,
        url: str,
        path: str,
        check: HealthCheck,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> aiohttp.client._RequestContextManager:
        parts = urlsplit(url)
        return self._session.request(
            method,
            urlunsplit((parts.scheme, self._address or check.address or parts.netloc, path, "", "")),
            headers={**headers, "Host": parts.netloc, "User-Agent": PROBE_AGENT},
            data=form,
            server_hostname=parts.hostname if parts.scheme == "https" else None,
            timeout=aiohttp.ClientTimeout(total=None),
            allow_redirects=False,
        )


def hidden(text: str, secrets: Mapping[str, str]) -> str:
    """What is quoted of an answer: nothing, if a secret is in it."""
    for value in filter(None, secrets.values()):
        forms = {value, quote(value), quote(value, safe=""), quote_plus(value), *secrets_in({"secret": value})}
        if any(form in text for form in forms):
            return HIDDEN
    return short(shapes_hidden(text))


def _filled(text: str, secrets: Mapping[str, str]) -> str:
    def meant(found: re.Match[str]) -> str:
        if found[0] == "$${":
            return "${"
        key = found[1].removeprefix("secret.")
        if key not in secrets:
            raise _Unknown(f"can't be asked: it needs the secret `{key}`, which this staging does not have")
        return secrets[key]

    return _REFERENCE.sub(meant, text)


def _url(check: HealthCheck, facts: CheckFacts) -> str:
    if check.host and check.host not in facts.urls:
        raise _Unknown(f"can't be asked: this staging has no host called {check.host}")
    url = facts.urls[check.host] if check.host else next(iter(facts.urls.values()), "")
    if not url:
        raise _Unknown("can't be asked: this staging has no URL")
    return url.rstrip("/")


def _address(check: HealthCheck, facts: CheckFacts) -> str:
    meanings = {"staging": facts.name, "namespace": facts.namespace}
    meanings |= {f"host.{name}": urlsplit(url).hostname or "" for name, url in facts.urls.items()}

    def meant(found: re.Match[str]) -> str:
        if found[1] not in meanings:
            raise _Unknown(f"can't be asked: `{found[0]}` means nothing for this staging")
        return meanings[found[1]]

    return _REFERENCE.sub(meant, check.tcp)


def _called(check: HealthCheck, facts: CheckFacts) -> str:
    return f"`{_address(check, facts)}`" if check.tcp else asked_for(check)
