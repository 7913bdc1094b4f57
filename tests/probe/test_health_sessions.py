"""Health checks of what is behind a login: a form is sent first, as a browser would."""

import secrets
from dataclasses import replace

import pytest
from aiohttp import web
from check_kit import FACTS, KEY, Site, asked, nobody, told, unreachable

from bot.domain.checks import HealthCheck, Session
from bot.probe.forms import hidden_fields
from handlers.tombstone import HEADER

CART = HealthCheck(
    "cart",
    "/cart",
    contains="cart of alice",
    session=Session("/login", {"user": "alice", "password": "${secret.API_KEY}"}),
    seconds=2,
)


class Shop:
    """Wants a token from its form against forgery, a password, and the cookie that comes for both."""

    def __init__(self, password: str = KEY, token_in_form: bool = True, signed_in: int = 303) -> None:
        self.password, self.token_in_form, self.signed_in = password, token_in_form, signed_in
        self.tokens, self.sessions = set[str](), set[str]()
        self.signs_out = False

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/login":
            return self._form() if request.method == "GET" else await self._login(request)
        if request.cookies.get("session") not in self.sessions:
            return web.Response(status=403)
        return web.Response(text=f"The cart of alice ({request.cookies.get('csrf')})")

    def _form(self) -> web.Response:
        self.tokens.add(token := secrets.token_hex(8))
        field = f'<input type="hidden" name="token" value="{token}">' if self.token_in_form else ""
        page = f'<form><input name="q"></form><form method=post>{field}<input name=user><input name=password></form>'
        answer = web.Response(text=page, content_type="text/html")
        answer.set_cookie("csrf", token, httponly=True)
        return answer

    async def _login(self, request: web.Request) -> web.Response:
        sent = await request.post()
        token = str(sent.get("token", ""))
        if token not in self.tokens or request.cookies.get("csrf") != token:
            return web.Response(status=419)
        if request.headers["Origin"] != f"http://{request.host}" or not request.headers["Referer"].endswith("/login"):
            return web.Response(status=400)
        if sent["user"] != "alice" or sent["password"] != self.password:
            return web.Response(status=401)
        self.sessions.add(session := secrets.token_hex(8))
        answer = web.Response(status=self.signed_in, headers={"Location": "/"})
        answer.set_cookie("session", session)
        answer.del_cookie("csrf")
        return answer


@pytest.mark.parametrize("signed_in", [200, 204, 303])
async def test_it_is_asked_as_somebody_who_is_signed_in(signed_in: int) -> None:
    shop = Shop(signed_in=signed_in)
    result = await asked(replace(CART, contains="cart of alice (None)"), shop.answer)
    assert (result.ok, result.text) == (True, "`/cart` answers 200")
    assert len(shop.sessions) == 1


async def test_without_it_nothing_is_shown() -> None:
    assert await told(replace(CART, session=None), Shop().answer) == "`/cart` answers 403"


async def test_it_is_refused() -> None:
    assert await told(CART, Shop(password="another").answer) == "can't sign in: `POST /login` answers 401"
    assert await told(CART, Shop(token_in_form=False).answer) == "can't sign in: `POST /login` answers 419"


async def test_no_cookie_comes() -> None:
    assert await told(CART, Site(200)) == "can't sign in: `POST /login` answers 200 and sets no cookie"


async def test_an_api_has_no_page() -> None:
    async def api(request: web.Request) -> web.Response:
        if request.path == "/login":
            answer = web.Response(status=204 if request.method == "POST" else 405)
            answer.set_cookie("session", "x y")
            return answer
        return web.Response(text=f"cart of alice {request.cookies['session']}")

    assert (await asked(replace(CART, contains="x y"), api)).ok


async def test_checks_share_no_session() -> None:
    shop = Shop()
    assert (await asked(CART, shop.answer)).ok
    assert await told(replace(CART, session=None), shop.answer) == "`/cart` answers 403"


async def test_a_missing_password_says_nothing_of_the_staging() -> None:
    result = await asked(CART, Shop().answer, replace(FACTS, secrets={}))
    assert (result.unknown, result.text) == (
        True,
        "can't be asked: it needs the secret `API_KEY`, which this staging does not have",
    )


async def test_what_a_session_is_made_of_is_not_told() -> None:
    async def leaky(request: web.Request) -> web.Response:
        if request.path == "/login":
            answer = web.Response()
            answer.set_cookie("session", "s3ss10n-of-alice")
            return answer
        return web.Response(status=302, headers={"Location": f"/login;{request.cookies['session']}"})

    assert await told(CART, leaky) == "`/cart` answers 302 (to •••)"


async def test_nobody_is_there_to_sign_in_at() -> None:
    gone = Site(404, headers={HEADER: "asleep"})
    result = await asked(CART, gone)
    assert not result.answered and "is answered by Octopod itself" in result.text
    assert "/login" in result.text and len(gone.asked) == 1
    async with nobody() as address:
        text = await unreachable(CART, address)
    assert text == "`/login`, where it signs in, can't be reached: nothing listens there"


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("<form><input type=hidden name=a value='1&amp;2'/><input name=user></form>", {"a": "1&2"}),
        ("<form><input type=HIDDEN name=a><textarea name=user></textarea></form>", {"a": ""}),
        ("<form><input type=hidden name=a value=1></form><form><input name=user></form>", {}),
        ("<input type=hidden name=a value=1><input name=user>", {}),
        ("<form><input type=hidden name=a value=1><input name=user><![foo[", {"a": "1"}),
        ("no page at all", {}),
    ],
)
def test_hidden_fields_are_those_of_the_form(page: str, found: dict[str, str]) -> None:
    assert hidden_fields(page, ["user", "password"]) == found
