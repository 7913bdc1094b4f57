"""`tell`: begins a story on the engine that `make case-study ENGINE=…` names, `local` or `kubernetes`."""

import os
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from bot_process import a_bot
from case_engines import Engine, Local, on_a_cluster
from case_kit import Story, Tell, octopod_yaml
from crash_kit import free_port
from standin_kit import workspace

from bot.playground.example import make_repository

Others = Callable[[str, Path], str]
ENGINE = os.environ.get("OCTOPOD_TEST_ENGINE", "local")
LOADER = os.environ.get("OCTOPOD_TEST_IMAGE_LOADER")


@pytest.fixture
async def tell(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Tell]:
    """`await tell(ttl="3d")`: a bot that has just been started, with nothing deployed.

    `keys`: more keys of the project, `others`: more projects, made of the first one's name and the folder of the story;
    then the hosts have the project's name. As YAML.
    """
    async with AsyncExitStack() as stack:

        async def begin(
            ttl: str = "3d", keys: str = "", others: Others | None = None, follow: str = "{baseline: false}"
        ) -> Story:
            return await stack.enter_async_context(_story(request, tmp_path, ttl, keys, others, follow))

        yield begin


@asynccontextmanager
async def _story(
    request: pytest.FixtureRequest, folder: Path, ttl: str, keys: str, others: Others | None, follow: str
) -> AsyncIterator[Story]:
    repository, port, project = folder / "shop.git", free_port(), f"shop-{uuid.uuid4().hex[:6]}"
    make_repository(repository)
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        engine = await _engine(request, folder, port, project, http, stack)
        slack = await stack.enter_async_context(workspace(folder / "slack", repository=repository, bot_port=port))
        domain = f"${{project}}.{engine.domain}" if others else engine.domain
        text = octopod_yaml(engine, project, repository, ttl, domain, follow) + keys
        (folder / "octopod.yaml").write_text(text + (others(project, folder) if others else ""))
        await stack.enter_async_context(a_bot(folder, port, slack, **engine.env))
        yield Story(slack, engine.of(project) if others else engine, repository, folder / "data", port, project)


async def _engine(
    request: pytest.FixtureRequest,
    folder: Path,
    port: int,
    project: str,
    http: aiohttp.ClientSession,
    stack: AsyncExitStack,
) -> Engine:
    if ENGINE == "local":
        return Local(folder / "data", port, http)
    assert ENGINE == "kubernetes", f"ENGINE must be local or kubernetes, not {ENGINE}"
    cluster, its_account = request.getfixturevalue("plane"), request.getfixturevalue("account")
    if not LOADER and not cluster.played:
        pytest.skip("the nodes of this cluster run images: OCTOPOD_TEST_IMAGE_LOADER must name what makes them")
    loader = None if cluster.played else LOADER
    return await stack.enter_async_context(on_a_cluster(cluster, its_account, project, loader, http))
