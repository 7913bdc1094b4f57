"""Asks `api`. Its host and port come from the environment, as Kubernetes tells them to its pods."""

import json
from http.client import HTTPConnection, HTTPException
from typing import Any


class Unreachable(Exception):
    """The api does not answer, or not with sense."""


class Missing(Exception):
    """The api knows no such thing."""


class Stock:
    def __init__(self, address: tuple[str, int], seconds: float = 5.0) -> None:
        self.address = address
        self.seconds = seconds

    def shelf(self) -> dict[str, Any]:
        return self._ask("GET", "/shelf")

    def order(self, number: int) -> dict[str, Any]:
        return self._ask("GET", f"/orders/{number}")

    def buy(self, product: str, customer: str, payments: str) -> dict[str, Any]:
        return self._ask("POST", "/orders", {"product": product, "customer": customer, "payments": payments})

    def _ask(self, method: str, path: str, body: dict[str, str] | None = None) -> dict[str, Any]:
        connection = HTTPConnection(*self.address, timeout=self.seconds)
        try:
            connection.request(method, path, json.dumps(body) if body else None)
            response = connection.getresponse()
            answer: dict[str, Any] = json.loads(response.read())
        except (OSError, HTTPException, ValueError) as error:
            raise Unreachable(f"api at {self.address[0]}:{self.address[1]}: {error}") from error
        finally:
            connection.close()
        if response.status == 404:
            raise Missing(answer.get("error", ""))
        if response.status >= 400:
            raise Unreachable(f"api answers {response.status}: {answer.get('error', '')}")
        return answer
