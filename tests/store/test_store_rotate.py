"""New keys: everything stored encrypted is encrypted anew, and can be compared as before."""

import base64
import re
from dataclasses import replace
from pathlib import Path

import pytest
from builders import a_release, a_staging
from click.testing import CliRunner
from cryptography.fernet import Fernet, InvalidToken
from store_kit import opened, saved

from bot.cli import main
from bot.domain.configuration import Overrides, Secret
from bot.domain.model import Staging
from bot.keys import Keys, keys_in, new_key_in, only_newest_in
from bot.store import releases, sealing, stagings
from bot.store.rotate import rotate
from bot.store.store import Store

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def with_secrets(keys: Keys) -> Staging:
    typed = Secret(sealed=keys.encrypt(b"typed").decode(), mark=keys.mark("typed"))
    placed = Secret("env:KEY", mark=keys.mark("placed"))
    release = replace(
        a_release("r1"), secrets={"TYPED": typed, "PLACED": placed}, overrides=Overrides(secrets={"TYPED": typed})
    )
    return a_staging(attempt=release, live=None)


async def filled(store: Store, keys: Keys) -> None:
    await saved(store, with_secrets(keys))
    data = {name: base64.b64encode(name.lower().encode()).decode() for name in ("TYPED", "PLACED")}
    own = {"kind": "Secret", "metadata": {"name": "octopod-env"}, "data": data}
    async with store.write() as connection:
        await releases.save_objects(connection, "r1", sealing.seal([own], keys))


async def test_everything_is_encrypted_anew(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await filled(store, Keys([OLD]))
        assert await rotate(store, Keys([NEW, OLD])) == 1
        new = Keys([NEW])
        async with store.read() as connection:
            release = await releases.by_id(connection, "r1")
            objects = await releases.objects(connection, "r1")
        assert release and objects
        for secret in (release.secrets["TYPED"], release.overrides.secrets["TYPED"]):
            assert new.decrypt(secret.sealed.encode()) == b"typed" and secret.mark == new.mark("typed")
        assert release.secrets["PLACED"].mark == new.mark("placed") != Keys([OLD]).mark("placed")
        assert sealing.unseal(objects, new)[0]["metadata"]["name"] == "octopod-env"


async def test_seeds_are_encrypted_anew_and_old_ciphertext_is_nowhere_in_the_files(tmp_path: Path) -> None:
    """Whoever gets the old key later must find nothing that it opens: not in free pages, nor beside the database."""
    async with opened(tmp_path) as store:
        seed = sealing.new_seed(Keys([OLD]))
        await filled(store, Keys([OLD]))
        async with store.write() as connection:
            await stagings.sow(connection, "s1", seed)
        before = fernet_tokens(tmp_path)
        assert len(before) >= 3 and seed.encode() in before
        await rotate(store, Keys([NEW, OLD]))
        async with store.look() as connection:
            anew = await stagings.seed(connection, "s1")
        assert anew and Keys([NEW]).decrypt(anew) == Keys([OLD]).decrypt(seed)
        assert fernet_tokens(tmp_path).isdisjoint(before)


def fernet_tokens(folder: Path) -> set[bytes]:
    """All that looks encrypted, in the database and what SQLite keeps beside it."""
    found = b"\n".join(file.read_bytes() for file in folder.glob("octopod.db*"))
    return set(re.findall(rb"gAAAAA[\w-]{60,}={0,2}", found))


def test_a_value_is_known_again_by_its_mark_of_an_older_key() -> None:
    """A new key before the others, and nothing rotated yet: no secret has a new value by that."""
    keys, old = Keys([NEW, OLD]), Keys([OLD]).mark("placed")
    assert keys.mark("placed") != old and keys.marked("placed", old) and not keys.marked("another", old)


async def test_with_a_key_missing_nothing_is_changed(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await filled(store, Keys([OLD]))
        with pytest.raises(InvalidToken):
            await rotate(store, Keys([NEW]))
        async with store.read() as connection:
            release = await releases.by_id(connection, "r1")
        assert release and Keys([OLD]).decrypt(release.secrets["TYPED"].sealed.encode()) == b"typed"


def test_a_data_folder_gets_a_new_key_and_forgets_the_old(tmp_path: Path) -> None:
    old = keys_in(tmp_path).encrypt(b"x")
    assert new_key_in(tmp_path).decrypt(old) == b"x"
    only_newest_in(tmp_path)
    with pytest.raises(InvalidToken):
        keys_in(tmp_path).decrypt(old)
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0


def test_the_command_rotates_the_key_of_the_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "s" * 32, "OCTOPOD_DATA": str(tmp_path / "data")}
    before = keys_in(tmp_path / "data").encrypt(b"x")
    done = CliRunner().invoke(main, ["rotate-keys"], env=environ)
    assert done.exit_code == 0, done.output
    assert "What is stored of 0 releases is encrypted with the newest key." in done.output
    with pytest.raises(InvalidToken):
        keys_in(tmp_path / "data").decrypt(before)
