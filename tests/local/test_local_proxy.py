"""From a host name to the right process: routes, services, replicas that come and go."""

import json
from pathlib import Path

import aiohttp
import pytest
from local_world import deployment, engine_in, ingress, nobody, service, serving, site, world

from bot.local.proxy import Proxy
from bot.ports import PROBE_AGENT

HOST = "orange.localhost"


async def test_paths_lead_to_their_services(tmp_path: Path) -> None:
    objects = [*site(HOST), deployment("api"), service("api", port=8000), ingress(HOST, "api", "/api", 8000)]
    async with world(tmp_path) as there:
        await there.apply("r1", objects)
        await there.until_serving("r1")
        assert await there.get(HOST, "/api/orders") == (200, "api /api/orders")
        assert await there.get(HOST, "/apis") == (200, "web /apis")
        assert await there.get(HOST.upper() + ":1234", "/") == (200, "web /")


async def test_a_path_that_no_rule_has(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [deployment(), service(), ingress(HOST, path="/shop")])
        await there.until_serving("r1")
        assert await there.get(HOST, "/shop") == (200, "web /shop")
        assert await there.get(HOST, "/cart") == (404, "Nothing answers for /cart here.\n")


async def test_serves_what_is_live_only(tmp_path: Path) -> None:
    async with engine_in(tmp_path) as engine:
        assert not Proxy(engine, nobody).serves(HOST)
    async with world(tmp_path) as there:
        proxy = Proxy(there.engine, nobody)
        await there.apply("r1", site(HOST))
        assert not proxy.serves(HOST)
        await there.until_serving("r1")
        assert proxy.serves(f"{HOST.upper()}:8080")
        await there.engine.remove("s1")
        assert not proxy.serves(HOST)


async def test_visits_are_told_and_the_bots_own_probe_is_none(tmp_path: Path) -> None:
    seen: list[str] = []
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        async with serving(Proxy(there.engine, nobody, seen.append)) as url:
            for host, agent in [
                (HOST.upper() + ":1234", "Firefox"),
                (HOST, PROBE_AGENT),
                ("other.localhost", "Firefox"),
            ]:
                async with aiohttp.request("GET", url, headers={"Host": host, "User-Agent": agent}):
                    pass
    assert seen == [HOST]


async def test_a_request_that_ends_its_process_ends_no_other(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, replicas=2))
        await there.until_serving("r1")
        assert (await there.get(HOST, "/exit/1"))[0] == 502
        for _ in range(20):
            assert (await there.get(HOST))[0] == 200


async def test_one_that_hangs_up_gets_an_answer_in_words(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        status, text = await there.get(HOST, "/exit/1")
        assert (status, text) == (502, "web did not answer: its process has just ended, or hung up.\n")


async def test_services_reach_each_other_by_name(tmp_path: Path) -> None:
    asks = (
        "import os, urllib.request\n"
        "url = 'http://' + os.environ['API_SERVICE_HOST'] + ':' + os.environ['API_SERVICE_PORT']\n"
        "os.environ['NAME'] = 'web via ' + urllib.request.urlopen(url + '/hello').read().decode()\n"
        "import web\n"
    )
    objects = [*site(HOST, command=["python", "asks.py"]), deployment("api"), service("api")]
    async with world(tmp_path) as there:
        await there.apply("r1", objects, asks=asks)
        await there.until_serving("r1")
        assert await there.get(HOST) == (200, "web via api /hello /")


async def test_each_release_reaches_its_own_services(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        ports = set()
        for release in ("r1", "r2"):
            await there.apply(release, site(HOST))
            await there.until_serving(release)
            port = json.loads((await there.get(HOST, "/env"))[1])["WEB_SERVICE_PORT"]
            ports.add(port)
            async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/pid") as response:
                assert await response.text() == (await there.get(HOST, "/pid"))[1]
        assert len(ports) == 2


async def test_a_service_takes_any_amount_both_ways_and_ends_with_its_release(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        port = json.loads((await there.get(HOST, "/env"))[1])["WEB_SERVICE_PORT"]
        async with aiohttp.ClientSession() as http:
            async with http.get(f"http://127.0.0.1:{port}/" + "x" * 7000) as response:
                assert len(await response.text()) == 7005
            await there.engine.remove("s1")
            await there.until_gone()
            with pytest.raises(aiohttp.ClientConnectorError):
                await http.get(f"http://127.0.0.1:{port}/")
