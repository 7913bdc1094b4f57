"""The state on disk: one SQLite table of JSON documents, written in one transaction per change.

`synchronous=OFF`: what is written survives the death of this process at any moment, though not a power cut; that is
what a stand-in needs, and it costs well under a millisecond.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TABLE = "CREATE TABLE IF NOT EXISTS documents (kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"


class DiskError(Exception):
    """The state cannot be used; the text says why."""


class Disk:
    """Opened exclusively: a second stand-in on the same folder is refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db = self._open(path)

    def _open(self, path: Path) -> sqlite3.Connection:
        db = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(path, timeout=2.0, isolation_level=None)
            db.execute("PRAGMA locking_mode=EXCLUSIVE")
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=OFF")
            db.execute(TABLE)
            return db
        except (OSError, sqlite3.Error) as error:
            if db is not None:
                db.close()
            locked = "locked" in str(error)
            why = "another stand-in is running on this folder" if locked else str(error)
            raise DiskError(f"The state in {path} cannot be opened: {why}.") from error

    def load(self) -> Iterator[tuple[str, str, Any]]:
        """Every document, sorted by kind and id."""
        for kind, key, body in self._db.execute("SELECT kind, id, body FROM documents ORDER BY kind, id"):
            yield kind, key, json.loads(body)

    def write(self, changes: Mapping[tuple[str, str], Any]) -> None:
        """Put every document of `changes`; None deletes. All or nothing."""
        with self._db:
            self._db.execute("BEGIN")
            for (kind, key), body in changes.items():
                if body is None:
                    self._db.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, key))
                else:
                    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
                    self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, key, text))

    def close(self) -> None:
        self._db.close()
