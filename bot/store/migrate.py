"""Bringing the database to the newest schema, at start and by `octopod migrate`."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, make_url, text

from bot.domain.errors import ConfigError
from bot.store.engines import close, migration_engine

MIGRATIONS = Path(__file__).parent / "migrations"


async def migrate(url: str, revision: str = "head", scripts: Path = MIGRATIONS) -> None:
    """Upgrade to `revision`, all or nothing.

    Raises ConfigError when the database cannot be opened, or its schema is newer than this program.
    """
    await asyncio.to_thread(_require_usable, make_url(url).database or "")
    engine = migration_engine(url)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade, revision, scripts)
            broken = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
            if broken:
                raise RuntimeError(f"the migration left rows without their parents: {broken[:5]}")
    finally:
        await close(engine)


def _require_usable(file: str) -> None:
    """Raise ConfigError if the file cannot be opened and written to.

    Tried with the plain driver first: aiosqlite's thread may outlive the loop when it cannot connect, and says so with
    a traceback.
    """
    try:
        with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        raise ConfigError([f"DATABASE_URL: the database cannot be used: {error}."]) from error


def config(scripts: Path = MIGRATIONS) -> Config:
    """Alembic's configuration, without a file of its own."""
    made = Config()
    made.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return made


def _upgrade(connection: Connection, revision: str, scripts: Path) -> None:
    settings = config(scripts)
    settings.attributes["connection"] = connection
    _refuse_newer(connection, ScriptDirectory.from_config(settings))
    command.upgrade(settings, revision)


def _refuse_newer(connection: Connection, scripts: ScriptDirectory) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    if not connection.dialect.has_table(connection, "alembic_version"):
        return
    for (current,) in connection.execute(text("SELECT version_num FROM alembic_version")):
        if current not in known:
            raise ConfigError(
                [f"The database is at schema {current}, which this version does not know: use the newer Octopod."]
            )
