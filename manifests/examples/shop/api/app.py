"""The shop's data as JSON: `python -m api.app`.

    GET  /healthz         200 once the tables are there, 503 before
    GET  /shelf           {products: [...], orders_today: 3, last: "Ada"}
    POST /orders          {product, customer, payments} -> 201 and the order
    GET  /orders/ID       the order

Without its tables the shop is of no use to anybody: the process ends, so that people notice.
"""

import json
import sys
import time

from shared.server import Request, Response, Server, as_json, serve

from api import store

# A fresh folder waits for its migration. One that was migrated before has lost its data; it only gets time for a
# migration that may run right now.
PATIENCE, PATIENCE_WITH_LOST_DATA = 60.0, 2.0


class Api:
    def __init__(self) -> None:
        patience = PATIENCE_WITH_LOST_DATA if store.migrated_before().exists() else PATIENCE
        self.give_up_at = time.monotonic() + patience

    def answer(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except store.NoSchema as error:
            return as_json({"error": str(error)}, 503)
        except store.NoSuchThing as error:
            return as_json({"error": str(error)}, 404)

    def _answer(self, request: Request) -> Response:
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["healthz"]:
                store.check()
                return as_json({"ok": True})
            case "GET", ["shelf"]:
                return as_json(store.shelf())
            case "POST", ["orders"]:
                wish = json.loads(request.body)  # from our own web only, so anything else is a bug
                return as_json(store.add_order(wish["product"], wish["customer"], wish["payments"]), 201)
            case "GET", ["orders", number] if number.isdecimal():
                return as_json(store.order(int(number)))
        raise store.NoSuchThing(f"there is nothing at {request.path}")

    def tick(self) -> None:
        try:
            store.check()
        except store.NoSchema as error:
            if time.monotonic() >= self.give_up_at:
                sys.exit(f"api: the shop's tables are missing: {error}. Bring the database back or run api.migrate.")
        else:
            # Seen once, the tables are expected to stay.
            self.give_up_at = 0.0


def sorry(_: Request) -> Response:
    return as_json({"error": "api made a mistake, its log says which"}, 500)


def make(port: int) -> Server:
    api = Api()
    return Server(port, api.answer, sorry, api.tick)


if __name__ == "__main__":
    serve("api", make)
