"""Products and orders in one SQLite file. A connection per use: the file may be replaced under a running shop."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class NoSchema(Exception):
    """The database or one of its tables is not there."""


class NoSuchThing(Exception):
    """Nobody sells this, or nobody ordered it."""


def data_folder() -> Path:
    folder = os.environ.get("OCTOPOD_VOLUME_SHOP_DATA") or os.environ.get("DATA_DIR")
    if not folder:
        raise SystemExit("api: neither OCTOPOD_VOLUME_SHOP_DATA nor DATA_DIR says where the shop's data is")
    return Path(folder)


def database() -> Path:
    return data_folder() / "shop.db"


def migrated_before() -> Path:
    """Stays when the database goes: a folder that has it and no database has lost its data."""
    return data_folder() / "migrated"


@contextmanager
def connection(mode: str = "rw") -> Iterator[sqlite3.Connection]:
    """One transaction. `mode` "rw" never makes a new file, "rwc" does. Raises NoSchema."""
    try:
        connection = sqlite3.connect(f"{database().absolute().as_uri()}?mode={mode}", timeout=5, uri=True)
    except sqlite3.OperationalError as error:
        raise NoSchema(f"{database().name} cannot be opened ({error})") from error
    try:
        connection.row_factory = sqlite3.Row
        with connection:
            yield connection
    except sqlite3.OperationalError as error:
        if "no such table" in str(error) or "unable to open" in str(error):
            raise NoSchema(f"{database().name}: {error}") from error
        raise
    finally:
        connection.close()


def check() -> None:
    """Raises NoSchema when the tables are not there."""
    with connection() as db:
        db.execute("SELECT 1 FROM orders, products LIMIT 1").fetchall()


def today() -> str:
    return datetime.now(UTC).date().isoformat()


def shelf() -> dict[str, Any]:
    """Everything that is sold, how many orders there were today, and who came last."""
    with connection() as db:
        products = [dict(row) for row in db.execute("SELECT id, name, about, cents FROM products ORDER BY position")]
        orders = "SELECT number, customer FROM orders WHERE day = ? ORDER BY number DESC LIMIT 1"
        count, last = db.execute(orders, (today(),)).fetchone() or (0, "")
    return {"products": products, "orders_today": count, "last": last}


def add_order(product: str, customer: str, payments: str) -> dict[str, Any]:
    """A new order. Its number says the how-manieth customer of the day it is. Raises NoSuchThing."""
    with connection() as db:
        db.execute("BEGIN IMMEDIATE")
        if not db.execute("SELECT 1 FROM products WHERE id = ?", (product,)).fetchone():
            raise NoSuchThing(f"nobody sells {product!r} here")
        row = db.execute(
            "INSERT INTO orders (day, number, product, customer, payments) "
            "SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4 FROM orders WHERE day = ?1 RETURNING id",
            (today(), product, customer, payments),
        ).fetchone()
    return order(row["id"])


def order(number: int) -> dict[str, Any]:
    """Raises NoSuchThing."""
    with connection() as db:
        row = db.execute(
            "SELECT orders.id, day, number, customer, payments, product, name, cents FROM orders "
            "JOIN products ON products.id = orders.product WHERE orders.id = ?",
            (number,),
        ).fetchone()
    if row is None:
        raise NoSuchThing(f"there is no order {number}")
    return dict(row)
