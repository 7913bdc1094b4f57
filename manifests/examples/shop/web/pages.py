"""The shop's pages as HTML. Everything that came from outside goes through `escape`."""

from html import escape
from typing import Any

from web import theme
from web.settings import Settings

PICTURES = {
    "mug": '<path d="M14 20h28v22a8 8 0 0 1-8 8H22a8 8 0 0 1-8-8zM42 26h4a6 6 0 0 1 0 14h-4M22 8v5M30 6v7"/>',
    "plush": '<path d="M18 34V24a14 14 0 0 1 28 0v10c0 6 6 6 6 12M18 34c0 6-6 6-6 12M25 36c0 8-4 8-4 16M32 36v18'
    'M39 36c0 8 4 8 4 16"/><path d="M27 25v2M37 25v2"/>',
    "salt": '<path d="M12 26h40v24a4 4 0 0 1-4 4H16a4 4 0 0 1-4-4zM9 16h46v10H9zM24 38h16"/>',
    "lamp": '<path d="M25 22h14l5 32H20zM25 22v-8l7-6 7 6v8M24 36h17M46 14l10-4M46 19l11 2M18 14L8 10M18 19L7 21"/>',
}


def page(title: str, body: str, settings: Settings, customer: str | None) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} · Kelp &amp; Co.</title>
<link rel="icon" href="data:,">
<style>{theme.stylesheet()}</style>
</head>
<body>
<header><a class="name" href="/">Kelp &amp; Co.</a>{_account(customer)}</header>
<main>{body}</main>
<footer>{_facts(settings)}</footer>
</body>
</html>
"""


def _account(customer: str | None) -> str:
    if customer is None:
        return '<nav><a href="/login">Sign in</a></nav>'
    return (
        f"<nav><span>Signed in as <strong>{escape(customer)}</strong></span>"
        '<form method="post" action="/logout"><button class="plain">Sign out</button></form></nav>'
    )


def _facts(settings: Settings) -> str:
    facts = {"staging": settings.staging, "branch": settings.branch, "commit": settings.commit[:7]} | settings.shown
    rows = (f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    return f'<dl class="facts">{"".join(rows)}</dl>'


def home(shelf: dict[str, Any], settings: Settings) -> str:
    count = shelf["orders_today"]
    so_far = f"{count} customer{'s' if count != 1 else ''} so far today" if count else "Nobody has ordered yet today"
    if shelf["last"] not in ("", "somebody"):
        so_far += f", the last one {escape(_initials(shelf['last']))}"
    greeting = settings.greeting.format(orders=count)
    cards = "".join(_card(product) for product in shelf["products"])
    return (
        f'<h1>{escape(greeting)}</h1><p class="quiet"><span id="orders-today" data-count="{count}">{so_far}'
        f'</span> · {escape(payments(settings.payments))}</p><ul class="shelf">{cards}</ul>'
    )


def _initials(name: str) -> str:
    """What everybody may know of a customer."""
    return " ".join(f"{part[0]}." for part in name.split(" "))


def _card(product: dict[str, Any]) -> str:
    picture = PICTURES.get(product["id"], "")
    return f"""<li class="card"><div class="picture"><svg viewBox="0 0 64 64" aria-hidden="true">{picture}</svg></div>
<h2>{escape(product["name"])}</h2><p class="quiet">{escape(product["about"])}</p>
<form class="buy" method="post" action="/order"><span>{_price(product["cents"])}</span>
<input type="hidden" name="product" value="{escape(product["id"])}">
<button class="order {theme.BUTTON}" aria-label="Order {escape(product["name"])}">Order</button></form></li>"""


def _price(cents: int) -> str:
    return f"€ {cents // 100}.{cents % 100:02}"


def payments(mode: str) -> str:
    known = {"sandbox": "sandbox payments: no money moves", "production": "production payments: real money moves"}
    return known.get(mode, f"{mode} payments")


def thanks(order: dict[str, Any]) -> str:
    cheer = " This one is on the house!" if order["number"] == 1000 else ""
    who = "" if order["customer"] == "somebody" else f", {escape(order['customer'])}"
    return f"""<h1>Thank you{who}!</h1>
<p>You are customer number <strong id="number">{order["number"]}</strong> today.{cheer}</p>
<p class="card narrow">{escape(order["name"])}<br><span class="quiet">{_price(order["cents"])} ·
{escape(payments(order["payments"]))}</span></p>
<p><a href="/">Back to the shelf</a></p>"""


def notice(title: str, text: str) -> str:
    return f'<h1>{escape(title)}</h1><p class="quiet">{escape(text)}</p><p><a href="/">To the shelf</a></p>'
