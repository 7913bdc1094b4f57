"""Whether an image exists, asked of a real HTTP server: there, not there, or no answer."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from raw_server import raw_server
from registry_kit import BASIC, IDENTITY, PASSWORD, TOKEN, USER, Registry, docker_config, registry

from bot.domain.errors import PermanentError, TemporaryError
from bot.registry.client import Registries

SHORT = aiohttp.ClientTimeout(total=0.2)


@pytest.fixture
async def shop() -> AsyncIterator[Registry]:
    async with registry() as made:
        made.push("acme/shop", "1")
        yield made


async def has(image: str, config: Path | None = None) -> bool:
    async with aiohttp.ClientSession() as session:
        return await Registries(session, config).has(image, "shop")


async def no_answer(image: str, config: Path | None = None) -> TemporaryError:
    with pytest.raises(TemporaryError) as told:
        await has(image, config)
    return told.value


async def test_there(shop: Registry) -> None:
    assert await has(f"{shop.host}/acme/shop:1")
    [(method, path, headers)] = shop.asked
    assert (method, path) == ("HEAD", "/v2/acme/shop/manifests/1")
    for kind in ("oci.image.index", "oci.image.manifest", "distribution.manifest.list", "distribution.manifest.v2"):
        assert kind in headers["Accept"]


async def test_there_by_digest(shop: Registry) -> None:
    digest = "sha256:" + "0a" * 32
    shop.push("acme/shop", digest)
    assert await has(f"{shop.host}/acme/shop:whatever@{digest}")


@pytest.mark.parametrize("image", ["acme/shop:2", "acme/nothing:1"])
async def test_not_there(shop: Registry, image: str) -> None:
    assert not await has(f"{shop.host}/{image}")


async def test_a_registry_that_knows_no_head(shop: Registry) -> None:
    shop.heads = False
    assert await has(f"{shop.host}/acme/shop:1")
    assert not await has(f"{shop.host}/acme/shop:2")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (403, "does not let the bot look at acme/shop; see DOCKER_CONFIG and `copy_secrets`."),
        (404, "answers 404, but not as a registry does."),
        (429, "has been asked too often."),
        (500, "answers 500."),
        (503, "answers 503."),
    ],
)
async def test_no_answer(shop: Registry, status: int, text: str) -> None:
    shop.answers = status
    told = await no_answer(f"{shop.host}/acme/shop:1")
    assert told.text == f"{shop.host} {text}" and told.retry_after == 7


@pytest.mark.parametrize("body", ["no", [], {"errors": "no"}, {"errors": ["no", {}]}, {"errors": None}])
async def test_a_404_of_something_else_is_no_answer(shop: Registry, body: object) -> None:
    shop.answers, shop.body = 404, body
    assert "not as a registry does" in (await no_answer(f"{shop.host}/acme/shop:1")).text


async def test_nobody_listens(unused_tcp_port: int) -> None:
    assert "nothing listens there" in (await no_answer(f"127.0.0.1:{unused_tcp_port}/shop:1")).text


async def test_a_host_that_is_none() -> None:
    assert "can't be asked" in (await no_answer("127.0.0.1:99999/shop:1")).text


async def test_a_registry_that_hangs() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_server(silent) as host, aiohttp.ClientSession() as session:
        with pytest.raises(TemporaryError, match="did not answer in time"):
            await Registries(session, request=SHORT).has(f"{host}/shop:1", "shop")


@pytest.mark.parametrize(
    "said", [b"\x00\xff nonsense\r\n\r\n", b"", b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno"]
)
async def test_what_speaks_no_http(said: bytes) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)

    async with raw_server(nonsense) as host, aiohttp.ClientSession() as session:
        with pytest.raises(TemporaryError):
            await Registries(session, request=SHORT).has(f"{host}/shop:1", "shop")


async def test_an_illegal_name_is_never_asked_for() -> None:
    with pytest.raises(PermanentError, match=r"^`Acme/Shop Window` is no valid image name: .+\.$"):
        await has("Acme/Shop Window")


# Who asks


async def test_a_token_for_everybody(shop: Registry) -> None:
    shop.guard, shop.anonymous = "bearer", True
    assert await has(f"{shop.host}/acme/shop:1")
    assert not await has(f"{shop.host}/acme/shop:2")
    assert shop.tokens[0] == {"method": "GET", "service": 'the "registry"', "scope": "repository:shop:pull"}
    assert shop.asked[1][2]["Authorization"] == f"Bearer {TOKEN}"


async def test_a_token_for_who_is_known(shop: Registry, tmp_path: Path) -> None:
    shop.guard = "bearer"
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert await has(f"{shop.host}/acme/shop:1", docker_config(tmp_path / "a", shop.host, auth=auth))
    given = docker_config(tmp_path / "b", f"https://{shop.host}/v1/", username=USER, password=PASSWORD)
    assert await has(f"{shop.host}/acme/shop:1", given)
    assert await has(f"{shop.host}/acme/shop:1", given / "config.json")


async def test_a_token_by_identity(shop: Registry, tmp_path: Path) -> None:
    shop.guard = "bearer"
    assert await has(f"{shop.host}/acme/shop:1", docker_config(tmp_path, shop.host, identitytoken=IDENTITY))
    assert shop.tokens[0]["method"] == "POST" and shop.tokens[0]["grant_type"] == "refresh_token"


async def test_by_name_and_password(shop: Registry, tmp_path: Path) -> None:
    shop.guard = "basic"
    assert await has(f"{shop.host}/acme/shop:1", docker_config(tmp_path, shop.host, username=USER, password=PASSWORD))
    assert shop.asked[-1][2]["Authorization"] == BASIC


@pytest.mark.parametrize("guard", ["basic", "bearer"])
@pytest.mark.parametrize("password", ["wrong", ""])
async def test_strangers_get_no_answer(shop: Registry, tmp_path: Path, guard: str, password: str) -> None:
    shop.guard = guard
    config = docker_config(tmp_path, shop.host, username=USER, password=password) if password else None
    told = await no_answer(f"{shop.host}/acme/shop:1", config)
    assert "DOCKER_CONFIG" in told.text and "wrong" not in told.text


async def test_credentials_go_to_their_own_place_only(shop: Registry, tmp_path: Path) -> None:
    shop.guard = "basic"
    elsewhere = docker_config(tmp_path, f"{shop.host}/acme/other", username=USER, password=PASSWORD)
    await no_answer(f"{shop.host}/acme/shop:1", elsewhere)
    assert all("Authorization" not in headers for _, _, headers in shop.asked)


@pytest.mark.parametrize("text", ["no JSON", '{"auths": []}', '{"auths": {"x": {"auth": "%%%"}}}'])
async def test_a_config_that_can_not_be_read(shop: Registry, tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    if text == '{"auths": []}':
        assert await has(f"{shop.host}/acme/shop:1", tmp_path), "an empty one"
    else:
        assert "DOCKER_CONFIG can't be read" in (await no_answer(f"{shop.host}/acme/shop:1", tmp_path)).text
    assert "DOCKER_CONFIG can't be read" in (await no_answer(f"{shop.host}/acme/shop:1", tmp_path / "none")).text


async def test_by_what_a_projects_stagings_pull_by(shop: Registry, tmp_path: Path) -> None:
    shop.guard = "basic"
    mistaken = docker_config(tmp_path, shop.host, username=USER, password="of old")
    secret = json.dumps({"auths": {shop.host: {"username": USER, "password": PASSWORD}}})

    async def pulled_by(project: str) -> dict[str, str]:
        return {"Secret `pull`": secret} if project == "shop" else {"Secret `none`": "{"}

    async with aiohttp.ClientSession() as session:
        registries = Registries(session, mistaken, pulled_by)
        assert await registries.has(f"{shop.host}/acme/shop:1", "shop")
        with pytest.raises(TemporaryError, match=r"^Secret `none` can't be read: "):
            await registries.has(f"{shop.host}/acme/shop:1", "other")
