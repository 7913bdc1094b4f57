"""Makes the tables and fills the shelf: `python -m api.migrate`. Running it again changes nothing."""

import os

from api import store

TABLES = (
    "CREATE TABLE IF NOT EXISTS products"
    " (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, about TEXT NOT NULL,"
    " cents INTEGER NOT NULL)",
    "CREATE TABLE IF NOT EXISTS orders"
    " (id INTEGER PRIMARY KEY, day TEXT NOT NULL, number INTEGER NOT NULL, product TEXT NOT NULL REFERENCES products,"
    " customer TEXT NOT NULL, payments TEXT NOT NULL, UNIQUE (day, number))",
)

PRODUCTS = (
    ("mug", "Driftwood mug", "Holds tea, coffee and one small secret.", 1490),
    ("plush", "Octopus plush", "Eight arms, no deadlines.", 2400),
    ("salt", "Sea salt caramels", "A tin of twelve. Rarely arrives full.", 890),
    ("lamp", "Lighthouse lamp", "Turns itself on when it gets late.", 5900),
)


def migrate(orders: int) -> None:
    """`orders`: how many of today's orders a database starts with that has none yet."""
    store.data_folder().mkdir(parents=True, exist_ok=True)
    with store.connection("rwc") as db:
        db.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            db.execute(table)
        rows = [(id, at, *rest) for at, (id, *rest) in enumerate(PRODUCTS)]
        db.executemany("INSERT OR IGNORE INTO products VALUES (?, ?, ?, ?, ?)", rows)
        if not db.execute("SELECT 1 FROM orders LIMIT 1").fetchone():
            seeds = [(store.today(), number, "mug", "somebody", "sandbox") for number in range(1, orders + 1)]
            db.executemany(
                "INSERT INTO orders (day, number, product, customer, payments) VALUES (?, ?, ?, ?, ?)", seeds
            )
    store.migrated_before().touch()


if __name__ == "__main__":
    migrate(int(os.environ.get("SEED_ORDERS") or 0))
    print("migrate: tables are there, the shelf is full", flush=True)
