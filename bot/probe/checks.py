"""Health checks asked of stagings, over HTTP or TCP."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.http_exceptions import HttpProcessingError

from bot.domain.checks import CheckResult, HealthCheck
from bot.ports import CheckFacts
from bot.probe.asking import Failed, Try
from bot.probe.filling import CantAsk, address_of
from bot.probe.resolving import Resolver
from bot.probe.session import Stage, asking_session
from bot.probe.trouble import is_own, plainly
from bot.probe.url import Inside

# A time limit that is noticed so much later: the bot itself was too busy to hear an answer.
LATE = 0.5


class NoChecks:
    """Where nobody can be asked."""

    async def check(self, check: HealthCheck, facts: CheckFacts) -> CheckResult:
        return CheckResult(check.name, False, "can't be asked", datetime.now(UTC), answered=False, unknown=True)


class HealthChecker:
    """The port `Checker`, inside of `async with`. `address` (host:port), if given, is dialled for every URL, with the
    URL's own Host header: the local proxy. `inside` asks from inside the cluster. `trust`: else whom this machine
    trusts."""

    def __init__(
        self,
        address: str | None = None,
        inside: Inside | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolver: AbstractResolver | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._address, self._inside, self._now, self._trust = address, inside, now, trust
        self._resolver = resolver or Resolver()

    async def __aenter__(self) -> Self:
        self._session = asking_session(self._resolver, self._trust)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        await self._resolver.close()

    async def check(self, check: HealthCheck, facts: CheckFacts) -> CheckResult:
        try:
            ok, text = await (self._connected(check, facts) if check.tcp else self._asked(check, facts))
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
            raise _too_late(one, check) from None
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            if one.status:
                raise Failed(f"{one.asked} answers {one.status}, but hung up in the middle of it") from None
            raise _no_answer(one.asked, error) from None

    async def _connected(self, check: HealthCheck, facts: CheckFacts) -> tuple[bool, str]:
        address, began = address_of(check, facts), _clock()
        try:
            async with asyncio.timeout(check.seconds):
                await connect(address, self._resolver)
        except TimeoutError:
            _require_heard(check, began)
            raise Failed(f"`{address}` took no connection within {check.seconds:g} s", False) from None
        except (OSError, ValueError) as error:
            raise _no_answer(f"`{address}`", error, address.rpartition(":")[0]) from None
        return True, f"`{address}` takes connections"


async def connect(address: str, resolver: AbstractResolver) -> None:
    """One after the other of the addresses that a host has. Raises OSError, also when it is unknown."""
    host, _, port = address.rpartition(":")
    found = await resolver.resolve(host.strip("[]"), int(port), socket.AF_UNSPEC)
    for left, one in enumerate(reversed(found)):
        try:
            _, writer = await asyncio.open_connection(one["host"], one["port"], family=one["family"])
        except OSError:
            if left == len(found) - 1:
                raise
        else:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return


def _too_late(one: Try, check: HealthCheck) -> Failed:
    limit = f"within {check.seconds:g} s"
    if one.status:
        return Failed(f"{one.asked} answers {one.status}, but not all of it {limit}")
    match one.stage:
        case Stage.RESOLVING:
            return Failed(f"{one.asked} can't be reached: no DNS server said {limit} where its host is", False)
        case Stage.CONNECTING:
            return Failed(f"{one.asked} can't be reached: it took no connection {limit}", False)
        case Stage.ASKED:
            return Failed(f"{one.asked} did not answer {limit}", False)


def _no_answer(asked: str, error: Exception, host: str = "") -> Exception:
    if is_own(error):
        return CantAsk(f"the bot itself lacks what it takes ({plainly(error)})")
    return Failed(f"{asked} can't be reached: {plainly(error, host)}", False)


def _require_heard(check: HealthCheck, began: float) -> None:
    if _clock() - began > check.seconds + LATE:
        raise CantAsk("the bot was too busy to hear an answer")


def _clock() -> float:
    return asyncio.get_running_loop().time()
