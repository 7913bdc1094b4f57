"""Where the bot's HTTP server listens, and what is refused."""

from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from bot.domain.errors import ConfigError
from bot.domain.project import EngineKind
from bot.projects import Configuration
from bot.serving import serve
from bot.settings import load_settings
from bot.site import listen


@pytest.mark.parametrize("host", ["127.0.0.2", "0.0.0.0"])
async def test_it_listens_where_it_is_told_to(host: str) -> None:
    port = unused_port()
    runner = await listen(web.Application(), host, port)
    try:
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.2:{port}/") as answer:
            assert answer.status == 404
    finally:
        await runner.cleanup()


async def test_what_cannot_be_had_is_told() -> None:
    with pytest.raises(ConfigError, match=r"^OCTOPOD_HTTP_HOST: 192\.0\.2\.1, port \d+ cannot be used"):
        await listen(web.Application(), "192.0.2.1", unused_port())
    port = unused_port()
    runner = await listen(web.Application(), "127.0.0.1", port)
    try:
        with pytest.raises(ConfigError, match=rf"^OCTOPOD_HTTP_PORT: 127\.0\.0\.1, port {port} cannot be used"):
            await listen(web.Application(), "127.0.0.1", port)
    finally:
        await runner.cleanup()


async def test_processes_of_this_machine_are_shown_to_nobody_else(tmp_path: Path) -> None:
    settings = load_settings(
        {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
            "OCTOPOD_DATA": str(tmp_path / "data"),
            "OCTOPOD_HTTP_HOST": "0.0.0.0",
            "OCTOPOD_ALLOW_UNSANDBOXED": "1",
        }
    )
    with pytest.raises(ConfigError, match=r"^OCTOPOD_HTTP_HOST: with engine: local it must be 127\.0\.0\.1"):
        await serve(settings, Configuration(EngineKind.LOCAL, {}))
    assert not (tmp_path / "data").exists()
