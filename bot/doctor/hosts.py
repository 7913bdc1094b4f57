"""The hosts of stagings: does a name under the pattern resolve, does something listen, is its certificate good.

And does the bot answer where no staging does.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

import aiohttp

from bot.doctor.checking import check
from bot.doctor.report import Answer, unseen
from bot.domain import naming
from bot.domain.errors import PermanentError
from bot.domain.project import ProbeFrom, Project
from bot.probe.url import TOMBSTONE

PORTS = {"http": 80, "https": 443}


async def addresses(host: str) -> list[str]:
    """As this machine resolves it. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, slots=True)
class Network:
    """How hosts are found, and whose certificates are trusted."""

    resolve: Callable[[str], Awaitable[list[str]]] = addresses
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)


async def hosts(projects: Iterable[Project], network: Network) -> list[Answer]:
    """Two answers per pattern of `hosts:`; one where the bot need not reach it."""
    patterns = [(project, pattern) for project in projects for pattern in project.hosts.values()]
    found = await asyncio.gather(*(_host(project, pattern, network) for project, pattern in patterns))
    return [answer for answers in found for answer in answers]


async def _host(project: Project, pattern: str, network: Network) -> list[Answer]:
    """With a name that no staging has: what leads there is the wildcard."""
    if project.url_probe.origin is ProbeFrom.CLUSTER:
        text = "not looked at: with url_probe.from: cluster the bot need not reach it"
        return [Answer(f"hosts {pattern}", True, text)]
    url = urlsplit(naming.url(project.scheme, naming.host(pattern, f"doctor-{token_hex(4)}")))
    host, wildcard = str(url.hostname), f"*.{naming.without_port(pattern).partition('.')[2]}"

    reached: list[tuple[str, int]] = []

    async def look() -> str:
        found = await _resolved(host, wildcard, network)
        place, port = _dialled(project, found[0], url.port or PORTS[project.scheme])
        reached.append((place, port))
        if project.scheme == "https":
            until = await _certificate(host, place, port, network.trust, wildcard)
            return f"{wildcard} leads to {found[0]}, with a certificate until {until}"
        await _connected(place, port, host)
        return f"{wildcard} leads to {found[0]}"

    step = "See that this machine reaches your ingress controller, or name it as url_probe.address."
    led = await check(f"hosts {pattern}", look, step)
    if not led.well:
        return [led, unseen(f"page at {wildcard}", led.what)]
    place, port = reached[0]
    step = (
        f"See that the bot runs, and that an Ingress for {wildcard} leads to it (manifests/bot/run); without it nobody "
        "is told what became of a staging."
    )
    page = await check(f"page at {wildcard}", lambda: _bots_page(url, place, port, network.trust), step)
    return [led, page]


async def _bots_page(url: SplitResult, place: str, port: int, trust: ssl.SSLContext) -> str:
    """It is the bot itself that answers there, if it runs."""
    dialled = urlunsplit((url.scheme, f"[{place}]:{port}" if ":" in place else f"{place}:{port}", "/", "", ""))
    try:
        async with aiohttp.ClientSession() as session:
            asked = session.get(
                dialled,
                headers={"Host": url.netloc},
                ssl=trust,
                server_hostname=url.hostname if url.scheme == "https" else None,
                allow_redirects=False,
            )
            async with asked as answer:
                status, ours = answer.status, TOMBSTONE in answer.headers
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise PermanentError(f"it can't be asked for ({type(error).__name__}: {error})") from error
    if not ours:
        raise PermanentError(f"where no staging is, something else than the bot answers ({status})")
    return "where no staging is, the bot answers"


def _dialled(project: Project, address: str, port: int) -> tuple[str, int]:
    """What the URL probe dials."""
    if project.url_probe.address is None:
        return address, port
    host, _, own_port = project.url_probe.address.rpartition(":")
    return host.strip("[]"), int(own_port)


async def _resolved(host: str, wildcard: str, network: Network) -> list[str]:
    try:
        return await network.resolve(host)
    except OSError as error:
        step = f"Make a DNS record for {wildcard} that leads to your ingress controller."
        raise PermanentError(f"{host} does not resolve ({error.strerror or error})", next_step=step) from error


async def _certificate(host: str, place: str, port: int, trust: ssl.SSLContext, wildcard: str) -> str:
    """Until when it is good."""
    step = f"Give your ingress controller a certificate for {wildcard} that browsers trust."
    try:
        shown = await _connected(place, port, host, trust)
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message or str(error)
        raise PermanentError(f"the certificate for {host} is no good ({why})", next_step=step) from error
    except ssl.SSLError as error:
        raise PermanentError(f"{place}, port {port} does not speak TLS ({error.reason})", next_step=step) from error
    return str(shown.get("notAfter", "?"))


async def _connected(place: str, port: int, host: str, trust: ssl.SSLContext | None = None) -> dict[str, Any]:
    """The certificate that is shown there, if TLS is wanted. Raises ssl.SSLError."""
    try:
        _, writer = await asyncio.open_connection(place, port, ssl=trust, server_hostname=host if trust else None)
    except ssl.SSLError:
        raise
    except OSError as error:
        raise PermanentError(f"nothing answers at {place}, port {port} ({error.strerror or error})") from error
    # Nobody waits for the farewells of TLS.
    shown = writer.get_extra_info("peercert") or {}
    writer.transport.abort()
    return dict(shown)
