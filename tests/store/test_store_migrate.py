"""Bringing a database to the newest schema, with everything that is in it."""

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from builders import a_staging
from sqlalchemy import Connection, text
from store_kit import opened, rows, saved, url_in, wanted

from bot.domain.errors import ConfigError
from bot.domain.events import Target
from bot.store.migrate import MIGRATIONS, config, migrate
from bot.store.store import Store
from bot.store.tables import metadata

TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
REBUILD = """
    with op.batch_alter_table("stagings", recreate="always") as batch:
        batch.add_column(sa.Column("colour", sa.String(8)))
"""


def scripts_with(folder: Path, upgrade: str) -> Path:
    """The real migrations and one more, which does this."""
    scripts = folder / "100% migrations"
    shutil.copytree(MIGRATIONS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    newest = ScriptDirectory.from_config(config()).get_current_head()
    (scripts / "versions" / "9999_test.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision = '9999'\ndown_revision = '{newest}'\n\n"
        f"def upgrade():\n{upgrade}"
    )
    return scripts


async def test_the_migrations_make_exactly_the_tables(tmp_path: Path) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    async with opened(tmp_path) as store, store.read() as connection:
        assert await connection.run_sync(differences) == []
    async with opened(tmp_path) as store:
        indexes = await rows(store, "SELECT sql FROM sqlite_master WHERE name = 'uq_stagings_project_name'")
        assert "WHERE deleted_at IS NULL" in indexes[0][0]


async def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, a_staging())
        before = await rows(store, TABLES)
        await migrate(url_in(tmp_path))
        assert await rows(store, TABLES) == before
        assert await rows(store, "SELECT count(*) FROM stagings") == [(1,)]


async def filled(store: Store) -> None:
    await saved(store, a_staging())
    await wanted(store, "s1", *Target)


async def children(store: Store) -> list[int]:
    return [(await rows(store, f"SELECT count(*) FROM {table}"))[0][0] for table in ("stagings", "releases", "targets")]


async def test_a_rebuilt_table_keeps_its_children(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await filled(store)
    await migrate(url_in(tmp_path), scripts=scripts_with(tmp_path, REBUILD))
    store = Store(url_in(tmp_path))
    assert await children(store) == [1, 1, len(Target)]
    assert await rows(store, "SELECT colour FROM stagings") == [(None,)]
    await store.close()


async def test_a_failed_migration_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await filled(store)
        before = await rows(store, TABLES)
    broken = scripts_with(tmp_path, REBUILD + "    raise ZeroDivisionError\n")
    with pytest.raises(ZeroDivisionError):
        await migrate(url_in(tmp_path), scripts=broken)
    async with opened(tmp_path) as store:
        assert await rows(store, TABLES) == before
        assert await children(store) == [1, 1, len(Target)]


async def test_a_migration_that_orphans_rows_is_undone(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await filled(store)
    with pytest.raises(RuntimeError, match="without their parents"):
        await migrate(url_in(tmp_path), scripts=scripts_with(tmp_path, '    op.execute("DELETE FROM stagings")\n'))
    async with opened(tmp_path) as store:
        assert await children(store) == [1, 1, len(Target)]


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, store.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError) as refused:
        await migrate(url_in(tmp_path))
    assert refused.value.mistakes == (
        "The database is at schema 9999, which this version does not know: use the newer Octopod.",
    )


async def test_what_is_no_database_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "octopod.db").write_text("Dear diary, " * 100)
    with pytest.raises(ConfigError, match=r"^DATABASE_URL: the database cannot be used: file is not a database\.$"):
        await migrate(url_in(tmp_path))


async def test_a_folder_that_is_missing_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^DATABASE_URL: the database cannot be used: "):
        await migrate(url_in(tmp_path / "missing"))
