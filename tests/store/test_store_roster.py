"""The stagings of a project, of which only those are read that have changed since."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import NOW, seconds
from store_kit import numbered, opened, saved

from bot.domain.model import WitnessOf
from bot.store import stagings
from bot.store.roster import Roster


async def test_it_is_as_the_stagings_are(tmp_path: Path) -> None:
    old, young = replace(numbered(2), revision=7), replace(numbered(1), created_at=NOW)
    elsewhere = replace(numbered(3), project="docs")
    hidden = replace(numbered(4), witness_for="s1", witness_of=WitnessOf.SAME_COMMIT)
    roster = Roster()
    async with opened(tmp_path) as store:
        await saved(store, young, old, elsewhere, hidden)
        async with store.read() as connection:
            assert await roster.present(connection, "shop") == [old, young]
            assert await roster.present(connection) == [old, elsewhere, young]
        ill = replace(old, broken_since=NOW, revision=8)
        new = replace(numbered(5), created_at=NOW + seconds(1))
        await saved(store, ill, new, replace(young, deleted_at=NOW, revision=2))
        async with store.read() as connection:
            assert await roster.present(connection, "shop") == [ill, new]
            assert await roster.present(connection, "docs") == [elsewhere]
            assert await roster.present(connection) == [ill, elsewhere, new]


async def test_what_has_not_changed_is_not_read_again(tmp_path: Path) -> None:
    roster = Roster()
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), numbered(2))
        async with store.read() as connection:
            (first, second) = await roster.present(connection, "shop")
        await saved(store, replace(numbered(2), revision=2))
        async with store.read() as connection:
            (same, other) = await roster.present(connection, "shop")
    assert same is first and other is not second


async def test_what_was_rolled_back_never_was(tmp_path: Path) -> None:
    roster = Roster()
    dreamt, real = (replace(numbered(1), revision=2, health_reason=reason) for reason in ("never said", "said"))
    async with opened(tmp_path) as store:
        await saved(store, numbered(1))
        with pytest.raises(LookupError):
            async with store.write() as connection:
                await stagings.save(connection, dreamt)
                assert await roster.present(connection, "shop") == [dreamt]
                raise LookupError
        async with store.write() as connection:
            assert await roster.present(connection, "shop") == [numbered(1)]
        await saved(store, real)
        async with store.read() as connection:
            assert await roster.present(connection, "shop") == [real]
