"""Rendered objects as they are stored: JSON, with the data of Secrets encrypted. And seeds, which are all secret."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.fernet import MultiFernet

SEED_BYTES = 32
SECRET_FIELDS = ("data", "stringData")


def new_seed(keys: MultiFernet) -> str:
    """Encrypted with the newest key."""
    return keys.encrypt(secrets.token_hex(SEED_BYTES).encode()).decode()


def seal(objects: Sequence[Mapping[str, Any]], keys: MultiFernet) -> str:
    """Encrypted with the newest key."""
    return json.dumps([_sealed(thing, keys) for thing in objects], ensure_ascii=False)


def unseal(stored: str, keys: MultiFernet) -> list[dict[str, Any]]:
    """The objects as they were. Raises cryptography's InvalidToken if no key fits."""
    objects: list[dict[str, Any]] = json.loads(stored)
    return [_unsealed(thing, keys) for thing in objects]


def _sealed(thing: Mapping[str, Any], keys: MultiFernet) -> dict[str, Any]:
    if thing.get("kind") != "Secret":
        return dict(thing)
    hidden = {name: keys.encrypt(json.dumps(thing[name]).encode()).decode() for name in SECRET_FIELDS if name in thing}
    return {**thing, **hidden}


def _unsealed(thing: dict[str, Any], keys: MultiFernet) -> dict[str, Any]:
    if thing.get("kind") != "Secret":
        return thing
    shown = {name: json.loads(keys.decrypt(thing[name])) for name in SECRET_FIELDS if name in thing}
    return {**thing, **shown}
