"""Socket Mode through an outage: it connects in the end, and the log says so in lines, not in tracebacks."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from standin_kit import Workspace, workspace

from bot.app import Slack
from bot.slack.workspace import Socket


@pytest.fixture
async def there(tmp_path: Path) -> AsyncIterator[Workspace]:
    async with workspace(tmp_path) as started:
        yield started


async def test_an_outage_is_a_warning_without_a_traceback(there: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    slack = Slack(there.http, f"{there.base}/api/", there.secrets.bot_token, None)
    await slack.workspace.greet()
    fault = await there.post("fault", method="apps.connections.open", when="before", status=503, times=1)
    assert fault["ok"], fault
    socket = Socket(slack.bolt, there.secrets.app_token, slack.workspace, ping_interval=0.2)
    with caplog.at_level(logging.WARNING):
        task = asyncio.create_task(socket.run())
        async with asyncio.timeout(20):
            while not socket.connected:
                await there.state(wait=0.1)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    told = [record for record in caplog.records if "connect" in record.getMessage()]
    assert told and not any(record.exc_info for record in told)
