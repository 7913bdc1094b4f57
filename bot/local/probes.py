"""Asking a process whether it is well, as its manifest's probes say."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import aiohttp

from bot.local.loopback import HOST
from bot.local.spec import ExecCheck, HttpCheck, Probe, TcpCheck
from bot.local.words import exit_text

Run = Callable[[tuple[str, ...], float], Awaitable["int | str | None"]]


@dataclass(frozen=True, slots=True)
class Answer:
    """`text` reads on after "because" or a colon. `refused`: nothing listened."""

    ok: bool
    text: str
    refused: bool = False


async def ask(
    probe: Probe, ports: Mapping[int, int], session: aiohttp.ClientSession, run: Run, doubted: bool = False
) -> Answer:
    """Once, within the probe's own time limit.

    `doubted`: most likely nothing listens yet, as when a process starts: that is seen at less cost than by a request.
    `run` starts a command where the container runs and returns its exit code, None if it took too long, or why it
    could not be started.
    """
    match probe.check:
        case HttpCheck() as check:
            if doubted and not (await _tcp(ports[check.port], probe.timeout)).ok:
                return _deaf(check)
            return await _http(check, ports[check.port], probe.timeout, session)
        case TcpCheck() as check:
            return await _tcp(ports[check.port], probe.timeout)
        case ExecCheck() as check:
            return _exec(check, await run(check.command, probe.timeout), probe.timeout)


async def _http(check: HttpCheck, port: int, timeout: float, session: aiohttp.ClientSession) -> Answer:
    name = f"GET {check.path}"
    try:
        async with session.get(
            f"{check.scheme}://{HOST}:{port}{check.path}",
            headers=check.headers,
            allow_redirects=False,
            ssl=False,
            timeout=aiohttp.ClientTimeout(total=timeout),
        ) as response:
            return Answer(200 <= response.status < 400, f"{name} answers {response.status}")
    except TimeoutError:
        return Answer(False, f"{name} does not answer within {timeout:g} s")
    except aiohttp.ClientConnectorError:
        return _deaf(check)
    except (aiohttp.ClientError, ValueError) as error:
        return Answer(False, f"{name} fails: {error or type(error).__name__}")


def _deaf(check: HttpCheck) -> Answer:
    return Answer(False, f"GET {check.path} fails: nothing listens on its port yet", refused=True)


async def _tcp(port: int, timeout: float) -> Answer:
    loop = asyncio.get_running_loop()
    with socket.socket() as probe:
        probe.setblocking(False)
        try:
            async with asyncio.timeout(timeout):
                await loop.sock_connect(probe, (HOST, port))
        except TimeoutError:
            return Answer(False, f"its port does not answer within {timeout:g} s")
        except OSError:
            return Answer(False, "nothing listens on its port yet")
    return Answer(True, "its port is open")


def _exec(check: ExecCheck, outcome: int | str | None, timeout: float) -> Answer:
    name = f"the command {check.command[0]}"
    match outcome:
        case None:
            return Answer(False, f"{name} does not end within {timeout:g} s")
        case int():
            return Answer(outcome == 0, f"{name} {exit_text(outcome)}")
        case _:
            return Answer(False, f"{name} {outcome}")
