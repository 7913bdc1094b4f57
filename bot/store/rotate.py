"""Everything that is stored encrypted, encrypted anew with the newest key."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.configuration import Secret
from bot.domain.redaction import OWN_CONFIG
from bot.keys import Keys
from bot.store import sealing, tables
from bot.store.facts import secrets_of_row, secrets_row
from bot.store.store import Store

STAGING, RELEASE = tables.stagings.c, tables.releases.c


async def rotate(store: Store, keys: Keys) -> int:
    """The number of releases; everything or nothing. Raises InvalidToken if no key opens something of it.

    What was encrypted with older keys is not left in the file either.
    """
    async with store.write() as connection:
        rows = await connection.execute(select(RELEASE.id))
        ids = [row.id for row in rows]
        for release in ids:
            await _release(connection, release, keys)
        await _seeds(connection, keys)
    await store.compact()
    return len(ids)


async def _seeds(connection: AsyncConnection, keys: Keys) -> None:
    rows = await connection.execute(select(STAGING.id, STAGING.seed).where(STAGING.seed.is_not(None)))
    for id, seed in rows.all():
        anew = keys.rotate(seed.encode()).decode()
        await connection.execute(update(tables.stagings).where(STAGING.id == id).values(seed=anew))


async def _release(connection: AsyncConnection, release: str, keys: Keys) -> None:
    """One at a time, as its objects can be large."""
    columns = (RELEASE.objects, RELEASE.secrets, RELEASE.overrides)
    row = (await connection.execute(select(*columns).where(RELEASE.id == release))).one()
    objects = sealing.unseal(row.objects, keys) if row.objects else []
    known = _values(objects)
    overrides = dict(row.overrides)
    if "secrets" in overrides:
        overrides["secrets"] = _anew(overrides["secrets"], known, keys)
    new: dict[str, Any] = {"secrets": _anew(row.secrets, known, keys), "overrides": overrides}
    if row.objects:
        new["objects"] = sealing.seal(objects, keys)
    await connection.execute(update(tables.releases).where(RELEASE.id == release).values(new))


def _anew(row: Mapping[str, Any], known: Mapping[str, str], keys: Keys) -> Mapping[str, Any]:
    secrets = {}
    for key, secret in secrets_of_row(row).items():
        value = keys.decrypt(secret.sealed.encode()).decode() if secret.sealed else known.get(key)
        sealed = keys.encrypt(value.encode()).decode() if secret.sealed and value is not None else ""
        mark = keys.mark(value) if value is not None else ""
        secrets[key] = replace(Secret(secret.place), sealed=sealed, mark=mark)
    return secrets_row(secrets)


def _values(objects: list[dict[str, Any]]) -> dict[str, str]:
    """What the release's containers got as secret configuration, whose marks are made with the newest key as well."""
    own = (o for o in objects if o.get("kind") == "Secret" and o["metadata"]["name"] == OWN_CONFIG)
    data = next((o.get("data") or {} for o in own), {})
    return {key: base64.b64decode(value).decode() for key, value in data.items()}
