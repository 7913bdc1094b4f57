"""The tokens of the stand-in: made at random once, kept beside its state, readable by their owner only."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

FILE = "slack-secrets.json"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a Slack app gets from its settings pages; and what the example repository signs its webhooks with."""

    bot_token: str
    app_token: str
    signing_secret: str
    webhook_secret: str


def load_or_make(data: Path) -> Secrets:
    """The tokens in `data`; those that are not there yet are made first. Raises OSError, or ValueError for a damaged
    file."""
    path = data / FILE
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    known = {field.name for field in fields(Secrets)}
    if not isinstance(found, dict) or set(found) - known or not all(isinstance(v, str) for v in found.values()):
        raise ValueError(f"{path} does not hold the stand-in's tokens. Delete it to have new ones made.")
    if set(found) == known:
        return Secrets(**found)
    made = Secrets(**(asdict(_make()) | found))
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(path, made)
    return made


def _make() -> Secrets:
    return Secrets(
        bot_token=f"xoxb-{secrets.token_hex(20)}",
        app_token=f"xapp-1-{secrets.token_hex(20)}",
        signing_secret=secrets.token_hex(16),
        webhook_secret=secrets.token_hex(32),
    )


def _write(path: Path, made: Secrets) -> None:
    """Whole or not at all: a stop in the middle must not leave half a token behind."""
    part = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(made), file)
    part.replace(path)
