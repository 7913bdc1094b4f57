"""The doctor's look at the hosts of stagings: real TLS on loopback; only the resolver, far away in life, is ours."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from git_kit import a_project
from tls_kit import certificate

from bot.doctor.hosts import Network, hosts
from bot.doctor.report import line
from bot.domain.project import ProbeFrom, UrlProbe


class Resolver:
    """Knows one wildcard."""

    def __init__(self, domain: str = ".shop.test") -> None:
        self.domain = domain
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        if not host.endswith(self.domain):
            raise OSError(-2, "Name or service not known")
        return ["127.0.0.1"]


@asynccontextmanager
async def listening(pem: Path | None = None) -> AsyncIterator[int]:
    context = None
    if pem:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def said(pattern: str, network: Network, scheme: str = "https", address: str | None = None) -> str:
    project = replace(
        a_project("/srv/shop"), hosts={"web": pattern}, scheme=scheme, url_probe=UrlProbe(address=address)
    )
    led, page = await hosts([project], network)
    assert led.well or page.text == f"not looked at, as “{led.what}” must be set right first"
    return line(led)


@asynccontextmanager
async def answering(pem: Path, **headers: str) -> AsyncIterator[tuple[int, list[str]]]:
    """Something at the end of the wildcard, and the hosts that it was asked for."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.host)
        return web.Response(status=404, headers=headers)

    app = web.Application()
    app.router.add_get("/", answer)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return certificate(tmp_path, "*.shop.test")


@pytest.fixture
def network(pem: Path) -> Network:
    return Network(Resolver(), ssl.create_default_context(cafile=pem))


async def test_a_wildcard_with_a_certificate(network: Network, pem: Path) -> None:
    async with listening(pem) as port:
        pattern = f"${{staging}}.shop.test:{port}"
        found = await said(pattern, network)
    assert found.startswith(f"✓ hosts {pattern}: *.shop.test leads to 127.0.0.1, with a certificate until ")
    assert isinstance(network.resolve, Resolver) and network.resolve.asked[0].startswith("doctor-")


async def test_a_certificate_for_something_else(tmp_path: Path) -> None:
    other = certificate(tmp_path, "shop.test")
    network = Network(Resolver(), ssl.create_default_context(cafile=other))
    async with listening(other) as port:
        found = await said(f"${{staging}}.shop.test:{port}", network)
    assert "✗ " in found and ".shop.test is no good (Hostname mismatch" in found
    assert found.endswith("→ Give your ingress controller a certificate for *.shop.test that browsers trust.")


async def test_a_certificate_that_nobody_trusts(pem: Path) -> None:
    async with listening(pem) as port:
        found = await said(f"${{staging}}.shop.test:{port}", Network(Resolver()))
    assert "is no good (self-signed certificate)" in found


async def test_without_tls_a_listener_is_enough(network: Network) -> None:
    async with listening() as port:
        pattern = f"${{staging}}.shop.test:{port}"
        assert (await said(pattern, network, "http")).endswith("*.shop.test leads to 127.0.0.1")


async def test_a_name_that_does_not_resolve(network: Network) -> None:
    found = await said("${staging}.other.test", network)
    assert found.startswith("✗ hosts ${staging}.other.test: doctor-")
    assert found.endswith(
        "does not resolve (Name or service not known). → Make a DNS record for *.other.test that leads to your ingress "
        "controller."
    )


async def test_nothing_listens(network: Network) -> None:
    port = unused_port()
    found = await said(f"${{staging}}.shop.test:{port}", network)
    assert f"nothing answers at 127.0.0.1, port {port} (Connect call failed" in found or "Connection refused" in found
    assert found.endswith("→ See that this machine reaches your ingress controller, or name it as url_probe.address.")


async def test_the_address_of_the_url_probe_is_what_is_dialled(network: Network, pem: Path) -> None:
    async with listening(pem) as port:
        assert (await said("${staging}.shop.test", network, address=f"127.0.0.1:{port}")).startswith("✓ ")


async def test_where_no_staging_is_the_bot_answers(network: Network, pem: Path) -> None:
    async with answering(pem, **{"Octopod-Tombstone": "unknown"}) as (port, asked):
        project = replace(a_project("/srv/shop"), hosts={"web": f"${{staging}}.shop.test:{port}"}, scheme="https")
        said = [line(answer) for answer in await hosts([project], network)]
    assert said[1:] == ["✓ page at *.shop.test: where no staging is, the bot answers"]
    assert len(asked) == 1 and asked[0].startswith("doctor-") and asked[0].endswith(f".shop.test:{port}")


async def test_where_no_staging_is_something_else_answers(network: Network, pem: Path) -> None:
    async with answering(pem) as (port, _):
        address = UrlProbe(address=f"127.0.0.1:{port}")
        project = replace(a_project("/srv/shop"), hosts={"web": "${staging}.shop.test"}, url_probe=address)
        said = [line(answer) for answer in await hosts([project], network)]
    assert said[0].startswith("✓ ")
    assert said[1] == (
        "✗ page at *.shop.test: where no staging is, something else than the bot answers (404). → See that the bot "
        "runs, and that an Ingress for *.shop.test leads to it (manifests/bot/run); without it nobody is told what "
        "became of a staging."
    )


async def test_a_page_that_cannot_be_asked_for(network: Network) -> None:
    """What listens there hangs up."""
    async with listening() as port:
        pattern = f"${{staging}}.shop.test:{port}"
        project = replace(a_project("/srv/shop"), hosts={"web": pattern}, scheme="http")
        said = [line(answer) for answer in await hosts([project], network)]
    assert said[1].startswith("✗ page at *.shop.test: it can't be asked for (")


async def test_hosts_that_the_bot_need_not_reach(network: Network) -> None:
    inside = UrlProbe(origin=ProbeFrom.CLUSTER)
    project = replace(a_project("/srv/shop"), hosts={"web": "${staging}.other.test"}, url_probe=inside)
    [found] = [line(answer) for answer in await hosts([project], network)]
    assert found == (
        "✓ hosts ${staging}.other.test: not looked at: with url_probe.from: cluster the bot need not reach it"
    )
