"""Signing in: a form, one password for everybody, a signed cookie with the name."""

import hashlib
import hmac
from html import escape
from urllib.parse import quote

COOKIE = "customer"
PASSWORD = "octopus"


def form(customer: str | None, wrong: bool = False) -> str:
    """`customer`: who is signed in already; they may come back as somebody else."""
    complaint = '<p class="bad" role="alert">This password opens nothing here.</p>' if wrong else ""
    return f"""<h1>Sign in</h1>
<p class="quiet">To see your name on your orders. The password of this demo is <code>octopus</code>.</p>
<form class="card narrow" method="post" action="/login">{complaint}
<label>Name <input name="name" autocomplete="username" required maxlength="40" value="{escape(customer or "")}"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button>
</form>"""


def signed(name: str, key: str) -> str:
    return hmac.new(key.encode(), name.encode(), hashlib.sha256).hexdigest()[:32]


def cookie(name: str, key: str) -> str:
    return f"{COOKIE}={quote(name, safe='')}.{signed(name, key)}; Path=/; HttpOnly; SameSite=Lax"


def farewell() -> str:
    return f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"


def customer(cookies: dict[str, str], key: str) -> str | None:
    """Who is signed in, or None."""
    name, _, signature = cookies.get(COOKIE, "").rpartition(".")
    genuine = hmac.compare_digest(signature.encode(), signed(name, key).encode())
    return name if name and genuine else None
