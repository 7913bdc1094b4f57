"""Health checks asked of stagings, over HTTP or TCP."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from bot.domain.checks import CheckResult, HealthCheck
from bot.forward import forwarding_session
from bot.ports import CheckFacts
from bot.probe.asking import Failed, Try
from bot.probe.filling import CantAsk, address_of
from bot.probe.trouble import is_own, plainly
from bot.probe.url import Inside

# A time limit that is noticed so much later: the bot itself was too busy to hear an answer.
LATE = 0.5


def checking() -> aiohttp.ClientSession:
    """What checks are asked by. They share no cookies; no connection is used twice, as one that the other side closes
    meanwhile would look like a failure; and none waits for another one's, as its time limit would go on."""
    return forwarding_session(unpacked=True)


class NoChecks:
    """Where nobody can be asked."""

    async def check(self, check: HealthCheck, facts: CheckFacts) -> CheckResult:
        return CheckResult(check.name, False, "can't be asked", datetime.now(UTC), answered=False, unknown=True)


class HealthChecker:
    """The port `Checker`. `session`: of `checking`. `address` (host:port), if given, is dialled for every URL, with the
    URL's own Host header: the local proxy. `inside` asks from inside the cluster."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        address: str | None = None,
        inside: Inside | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._session, self._address, self._inside, self._now = session, address, inside, now

    async def check(self, check: HealthCheck, facts: CheckFacts) -> CheckResult:
        try:
            ok, text = await (_connected(check, facts) if check.tcp else self._asked(check, facts))
        except CantAsk as error:
            return CheckResult(check.name, False, f"can't be asked: {error}", self._now(), False, unknown=True)
        except Failed as error:
            return CheckResult(check.name, False, str(error), self._now(), error.answered)
        return CheckResult(check.name, ok, text, self._now())

    async def _asked(self, check: HealthCheck, facts: CheckFacts) -> tuple[bool, str]:
        one = Try(self._session, self._address, self._inside, check, facts)
        began = _clock()
        try:
            async with asyncio.timeout(check.seconds):
                return await one.made()
        except TimeoutError:
            _require_heard(check, began)
            if one.status:
                raise Failed(
                    f"{one.asked} answers {one.status}, but not all of it within {check.seconds:g} s"
                ) from None
            raise Failed(f"{one.asked} did not answer within {check.seconds:g} s", False) from None
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            if one.status:
                raise Failed(f"{one.asked} answers {one.status}, but hung up in the middle of it") from None
            raise _no_answer(one.asked, error) from None


async def _connected(check: HealthCheck, facts: CheckFacts) -> tuple[bool, str]:
    address, began = address_of(check, facts), _clock()
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(check.seconds):
            _, writer = await asyncio.open_connection(_resolvable(host.strip("[]")), int(port))
    except TimeoutError:
        _require_heard(check, began)
        raise Failed(f"`{address}` took no connection within {check.seconds:g} s", False) from None
    except (OSError, ValueError) as error:
        raise _no_answer(f"`{address}`", error) from None
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True, f"`{address}` takes connections"


def _resolvable(host: str) -> str:
    """Hosts of this machine are, whatever its resolver knows of them."""
    return "localhost" if host.endswith(".localhost") else host


def _no_answer(asked: str, error: Exception) -> Exception:
    if is_own(error):
        return CantAsk(f"the bot itself lacks what it takes ({plainly(error)})")
    return Failed(f"{asked} can't be reached: {plainly(error)}", False)


def _require_heard(check: HealthCheck, began: float) -> None:
    if _clock() - began > check.seconds + LATE:
        raise CantAsk("the bot was too busy to hear an answer")


def _clock() -> float:
    return asyncio.get_running_loop().time()
