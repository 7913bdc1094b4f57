"""The keys that secrets are encrypted with at rest: given as text, or made once in the data folder."""

import hmac
import os
import re
from collections.abc import Sequence
from pathlib import Path
from secrets import token_hex

from cryptography.fernet import Fernet, MultiFernet

from bot.domain.errors import ConfigError

FILE = "keys"


class Keys(MultiFernet):
    """Encrypts with the newest key, decrypts with any; `mark` makes keyed hashes with one derived from the newest."""

    def __init__(self, parts: Sequence[str]) -> None:
        super().__init__([_fernet(part, f"key {number} of {len(parts)}") for number, part in enumerate(parts, 1)])
        self._marking = [hmac.digest(part.encode(), b"octopod: to compare secrets by", "sha256") for part in parts]

    def mark(self, text: str) -> str:
        """The same for the same text; tells nothing of it to whoever has no keys."""
        return _mark(self._marking[0], text)

    def marked(self, text: str, mark: str) -> bool:
        """Whether it is the mark of this text, by any of the keys."""
        return any(hmac.compare_digest(_mark(key, text), mark) for key in self._marking)


def _mark(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()[:32]


def read_keys(text: str) -> Keys:
    """The keys of a list with commas or line breaks, newest first. Raises ValueError that does not repeat them."""
    parts = [part for part in re.split(r"[\s,]+", text) if part]
    if not parts:
        raise ValueError("there is no key")
    return Keys(parts)


def keys_in(folder: Path) -> Keys:
    """The keys of a data folder. Makes the folder and a key when they are missing. Raises ConfigError."""
    make_data_folder(folder)
    file = folder / FILE
    try:
        _make_once(file)
        return read_keys(file.read_text(encoding="ascii"))
    except OSError as error:
        raise ConfigError([f"The keys in {file} can't be read or made: {error.strerror}."]) from None
    except ValueError as error:
        why = "it is not text" if isinstance(error, UnicodeDecodeError) else error
        raise ConfigError(
            [f"{file} does not hold the keys any more: {why}. Put them back, or set OCTOPOD_KEYS."]
        ) from None


def new_key_in(folder: Path) -> Keys:
    """Put a new key before those of a data folder. Raises ConfigError."""
    keys_in(folder)
    old = (folder / FILE).read_text(encoding="ascii")
    _write(folder, f"{Fernet.generate_key().decode()}\n{old}")
    return keys_in(folder)


def only_newest_in(folder: Path) -> None:
    """Forget the older keys of a data folder."""
    newest = next(part for part in re.split(r"[\s,]+", (folder / FILE).read_text(encoding="ascii")) if part)
    _write(folder, f"{newest}\n")


def _write(folder: Path, text: str) -> None:
    """All of it, or as it was before."""
    draft = folder / f".{FILE}.{token_hex(8)}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(folder / FILE)


def make_data_folder(folder: Path) -> None:
    """Make the folder, closed to others, and see that files can be made in it. Raises ConfigError."""
    probe = folder / f".{token_hex(8)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise ConfigError([f"OCTOPOD_DATA: {folder} can't be written to: {error.strerror}."]) from None


def _fernet(key: str, which: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise ValueError(f"{which} is not a Fernet key (32 random bytes in URL-safe base64)") from None


def _make_once(file: Path) -> None:
    """Write a new key, unless there is one: two that start at once agree on the one that was linked first."""
    if file.exists():
        return
    draft = file.with_name(f".{FILE}.{token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(Fernet.generate_key() + b"\n")
            out.flush()
            os.fsync(out.fileno())
        file.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink(missing_ok=True)
