"""Stagings, releases and journal: what is saved is what is read."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from builders import IMAGE, NOW, a_release, a_staging, seconds, updating
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError
from store_kit import numbered, opened, rows, saved
from strategies import stagings as any_staging

from bot.domain.model import Phase, Release, Stage, Staging, WitnessOf
from bot.ports import Posted
from bot.store import journal, releases, stagings
from bot.store.journal import JournalLine
from bot.store.releases import Progress


def of_its_own(staging: Staging, number: int) -> Staging:
    """With ids and a name that no other has."""
    id = f"s{number}"

    def own(release: Release) -> Release:
        return replace(release, id=f"{release.id}-{id}", staging=id)

    live = own(staging.live) if staging.live else None
    return replace(staging, id=id, name=id, attempt=own(staging.attempt), live=live)


@settings(max_examples=15)
@given(st.lists(st.tuples(any_staging(), any_staging()), min_size=1, max_size=6))
async def test_what_is_saved_is_what_is_read(pairs: list[tuple[Staging, Staging]]) -> None:
    """First one, then another in its place."""
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder)) as store:
            for turn in (0, 1):
                made = [of_its_own(pair[turn], number) for number, pair in enumerate(pairs)]
                await saved(store, *made)
                async with store.read() as connection:
                    found = await stagings.by_ids(connection, [staging.id for staging in made])
                    assert [found[staging.id] for staging in made] == made
                    assert await stagings.by_id(connection, "s0") == made[0]
                    assert await releases.by_id(connection, made[0].attempt.id) == made[0].attempt


async def test_what_is_not_there_is_none(tmp_path: Path) -> None:
    async with opened(tmp_path) as store, store.read() as connection:
        assert await stagings.by_id(connection, "s1") is None
        assert await stagings.by_ids(connection, []) == {}
        assert await stagings.by_name(connection, "shop", "x") is None
        assert await stagings.by_card(connection, "C1", "1.0") is None
        assert await stagings.latest_at(connection, "x.localhost") is None
        assert await stagings.with_card(connection, "s1") is None
        assert await releases.by_id(connection, "r1") is None
        assert await releases.objects(connection, "r1") is None
        assert await stagings.next_due(connection) is None
        assert await journal.newest(connection, "s1") == []


async def test_a_name_is_free_again_after_the_deletion(tmp_path: Path) -> None:
    gone = replace(numbered(1), deleted_at=NOW, name="x")
    there, twin, elsewhere = (replace(numbered(number), name="x") for number in (2, 3, 4))
    async with opened(tmp_path) as store:
        await saved(store, gone, there, replace(elsewhere, project="docs"))
        async with store.read() as connection:
            assert await stagings.by_name(connection, "shop", "x") == there
        with pytest.raises(IntegrityError):
            await saved(store, twin)


async def test_lists_show_what_is_not_deleted_the_oldest_first(tmp_path: Path) -> None:
    young = replace(numbered(1), created_at=NOW, branch="main")
    old = replace(numbered(2), branch="main")
    deleted = replace(numbered(3), branch="main", deleted_at=NOW)
    docs = replace(numbered(4), project="docs", branch="main", created_at=NOW + seconds(1))
    async with opened(tmp_path) as store:
        await saved(store, young, old, deleted, docs)
        async with store.read() as connection:
            assert await stagings.present(connection) == [old, young, docs]
            assert await stagings.present(connection, "docs") == [docs]
            assert await stagings.of_branch(connection, "shop", "main") == [old, young]
            assert await stagings.of_branch(connection, "shop", "other") == []


async def test_throw_away_stagings_are_found_only_by_who_has_to_know(tmp_path: Path) -> None:
    seen = replace(numbered(1), branch="main")
    hidden = replace(numbered(2), branch="main", witness_for="s1", witness_of=WitnessOf.SAME_COMMIT, wake_at=NOW)
    waiting = replace(numbered(3), branch="main", witness_for="s9", witness_of=WitnessOf.MERGE_BASE, wake_at=None)
    waiting = replace(waiting, attempt=replace(waiting.attempt, stage=Stage.QUEUED, awaits=IMAGE))
    gone = replace(numbered(4), branch="old", witness_for="s1", witness_of=WitnessOf.MERGE_BASE, deleted_at=NOW)
    host = replace(hidden, urls={"web": "http://hidden.localhost"})
    async with opened(tmp_path) as store:
        await saved(store, seen, host, waiting, gone)
        async with store.read() as connection:
            assert await stagings.present(connection) == [seen]
            assert await stagings.of_branch(connection, "shop", "main") == [seen]
            assert await stagings.by_name(connection, "shop", hidden.name) is None
            assert await stagings.latest_at(connection, "hidden.localhost") is None
            assert await stagings.last_deleted(connection, "shop", "old", None) is None
            assert await stagings.kept(connection) == [seen, host, waiting]
            assert await stagings.witnesses(connection, "s1") == [host, gone]
            assert await stagings.witnesses_of(connection, "shop") == [host, waiting]
            assert await stagings.waiting(connection) == [waiting]
            assert await stagings.due(connection, NOW, 9) == ["s2"]
            assert hidden.name in [name for _, name, _ in await stagings.names(connection)]


async def test_the_newest_staging_at_a_host_is_found_deleted_or_not(tmp_path: Path) -> None:
    urls = {"web": "http://a_b.localhost:8080", "api": "http://a_b-api.localhost:8080"}
    older = replace(numbered(1), urls=urls)
    newer = replace(numbered(2), urls=urls, created_at=NOW, deleted_at=NOW)
    near = replace(numbered(3), urls={"web": "http://aXb.localhost.example.com"}, created_at=NOW + seconds(1))
    async with opened(tmp_path) as store:
        await saved(store, newer, older, near)
        async with store.read() as connection:
            for host in ("a_b.localhost", "a_b-api.localhost"):
                assert await stagings.latest_at(connection, host) == newer
            assert await stagings.latest_at(connection, "a_b.local") is None
            assert await stagings.latest_at(connection, "a%b.localhost") is None


async def test_the_clock_finds_those_whose_time_has_come(tmp_path: Path) -> None:
    late, soon = replace(numbered(1), wake_at=NOW), replace(numbered(2), wake_at=NOW - seconds(5))
    never, later = replace(numbered(3), wake_at=None), replace(numbered(4), wake_at=NOW + seconds(0.001))
    async with opened(tmp_path) as store:
        await saved(store, late, soon, never, later)
        async with store.read() as connection:
            assert await stagings.due(connection, NOW, 9) == ["s2", "s1"]
            assert await stagings.due(connection, NOW, 1) == ["s2"]
            assert await stagings.next_due(connection) == NOW - seconds(5)


async def test_cards_survive_all_changes(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), numbered(2), card=True)
        await saved(store, replace(numbered(1), revision=2))
        async with store.write() as connection:
            await stagings.save_card(connection, "s2", None)
        async with store.read() as connection:
            assert await stagings.with_card(connection, "s2") == (numbered(2), None)
            assert await stagings.cards(connection) == {"s1": Posted("C1", "card-s1")}
            assert await stagings.cards(connection, ["s2"]) == {}
            found = await stagings.by_card(connection, "C1", "card-s1")
            assert (found.id, found.revision) == ("s1", 2) if found else False
            assert await stagings.by_card(connection, "C2", "card-s1") is None


async def test_progress_is_unfinished_until_its_last_news_is_shown(tmp_path: Path) -> None:
    first, second = updating().live, updating().attempt
    assert first
    async with opened(tmp_path) as store:
        await saved(store, updating())
        async with store.write() as connection:
            assert await releases.unfinished(connection, "s1") == [
                Progress(first, None),
                Progress(second, None),
            ]
            await releases.save_progress(connection, first, "1.1", True)
            await releases.save_progress(connection, second, "1.2", False)
            assert await releases.unfinished(connection, "s1") == [Progress(second, "1.2")]
            await releases.save_progress(connection, second, "1.2", True)
            assert await releases.unfinished(connection, "s1") == []
            live = replace(second, stage=Stage.LIVE)
            await releases.save(connection, live)
            assert await releases.unfinished(connection, "s1") == [Progress(live, "1.2")]


async def test_progress_that_shows_a_release_as_it_was_is_not_final(tmp_path: Path) -> None:
    failed = replace(updating().attempt, stage=Stage.FAILED, reason="web: exit code 1")
    healed = replace(failed, stage=Stage.READY, reason="")
    async with opened(tmp_path) as store:
        await saved(store, a_staging(attempt=healed, live=None))
        async with store.write() as connection:
            await releases.save_progress(connection, failed, "1.2", True)
            assert await releases.unfinished(connection, "s1") == [Progress(healed, "1.2")]


async def test_objects_survive_all_changes_of_their_release(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await saved(store, a_staging())
        async with store.write() as connection:
            assert await releases.objects(connection, "r1") is None
            await releases.save_objects(connection, "r1", "[]")
            await releases.save(connection, a_release(stage=Stage.READY))
            assert await releases.objects(connection, "r1") == "[]"


async def test_the_journal_is_read_from_its_end(tmp_path: Path) -> None:
    lines = [JournalLine(NOW + seconds(number), "UBOB", f"what {number}", "why ☃") for number in range(4)]
    async with opened(tmp_path) as store:
        await saved(store, numbered(1), numbered(2))
        async with store.write() as connection:
            for line in lines:
                await journal.write(connection, "s1", line)
            assert await journal.newest(connection, "s1") == lines[::-1]
            assert await journal.newest(connection, "s1", limit=2) == lines[:1:-1]
            assert await journal.newest(connection, "s2") == []


async def test_moments_are_stored_so_that_they_sort(tmp_path: Path) -> None:
    """Whole seconds and fractions alike: text of one width."""
    async with opened(tmp_path) as store:
        await saved(store, replace(numbered(1), wake_at=NOW), replace(numbered(2), wake_at=NOW + seconds(0.5)))
        assert await rows(store, "SELECT wake_at FROM stagings ORDER BY wake_at") == [
            ("2026-05-04T12:00:00.000000+00:00",),
            ("2026-05-04T12:00:00.500000+00:00",),
        ]


async def test_each_phase_can_be_stored(tmp_path: Path) -> None:
    made = [of_its_own(a_staging(phase), number) for number, phase in enumerate(Phase)]
    async with opened(tmp_path) as store:
        await saved(store, *made)
        async with store.read() as connection:
            found = await stagings.by_ids(connection, [staging.id for staging in made])
    assert [found[staging.id].phase for staging in made] == list(Phase)
