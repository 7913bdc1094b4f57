"""One migrated database and one repository for all conversations, each of which gets a copy."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from talk_kit import Talk, branches, talking

from bot.store.migrate import migrate


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop's repository lies beside it."""
    file = tmp_path_factory.mktemp("database") / "octopod.db"
    branches(file.with_name("origin"))
    asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture
async def talk(tmp_path: Path, database: Path) -> AsyncIterator[Talk]:
    async with talking(tmp_path, database) as there:
        yield there
