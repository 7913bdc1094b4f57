"""The shop's pages: `python -m web.app`.

GET  /            the shelf         POST /order    buys, then shows /orders/ID
GET  /login       the form          POST /login    signs in; POST /logout signs out
GET  /about.json  which staging, branch, commit, configuration and colour this is
GET  /healthz     200 while the process serves, whatever the api does
"""

from dataclasses import asdict

from shared.server import Request, Response, Server, as_json, see_other, serve

from web import login, pages, settings, stock, theme


class Shop:
    def __init__(self, config: settings.Settings) -> None:
        self.config = config
        self.stock = stock.Stock(config.api)

    def answer(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except stock.Missing:
            return self._page(request, "Not found", pages.notice("Not found", "The tide must have taken it."), 404)
        except stock.Unreachable as error:
            print(f"web: {error}", flush=True)
            text = "The shop is open, but its stock room does not answer. Nothing was ordered; try again in a moment."
            return self._page(request, "Be right back", pages.notice("We will be right back", text), 502)

    def _answer(self, request: Request) -> Response:
        match request.method.replace("HEAD", "GET"), request.path.strip("/").split("/"):
            case "GET", ["healthz"]:
                return as_json({"ok": True})
            case "GET", [""]:
                return self._page(request, "The shelf", pages.home(self.stock.shelf(), self.config))
            case "POST", ["order"]:
                return self._order(request)
            case "GET", ["orders", number] if number.isdecimal():
                return self._page(request, "Thank you", pages.thanks(self.stock.order(int(number))))
            case "GET", ["login"]:
                return self._page(request, "Sign in", login.form(self._customer(request)))
            case "POST", ["login"]:
                return self._login(request)
            case "POST", ["logout"]:
                return see_other("/", {"Set-Cookie": login.farewell()})
            case "GET", ["about.json"]:
                return as_json(self._about())
        raise stock.Missing(request.path)

    def _order(self, request: Request) -> Response:
        customer = self._customer(request) or "somebody"
        order = self.stock.buy(request.form().get("product", ""), customer, self.config.payments)
        return see_other(f"/orders/{order['id']}")

    def _login(self, request: Request) -> Response:
        form = request.form()
        name = form.get("name", "").strip()[:40]
        if not name or form.get("password") != login.PASSWORD:
            return self._page(request, "Sign in", login.form(self._customer(request), wrong=True), 403)
        return see_other("/", {"Set-Cookie": login.cookie(name, self.config.session_key)})

    def _about(self) -> dict[str, object]:
        hidden = {"session_key", "api", "shown", "greeting"}
        facts = {name: value for name, value in asdict(self.config).items() if name not in hidden}
        return facts | {"configuration": self.config.shown, "button": theme.BUTTON}

    def _customer(self, request: Request) -> str | None:
        return login.customer(request.cookies, self.config.session_key)

    def _page(self, request: Request, title: str, body: str, status: int = 200) -> Response:
        return Response(pages.page(title, body, self.config, self._customer(request)), status)

    def sorry(self, request: Request) -> Response:
        text = "This is our fault, not yours. Somebody has been told."
        return self._page(request, "Something broke", pages.notice("Something broke", text), 500)


def make(port: int) -> Server:
    config = settings.load()
    shop = Shop(config)
    print(f"web of {config.staging}: branch {config.branch} at {config.commit[:7]}", flush=True)
    return Server(port, shop.answer, shop.sorry)


if __name__ == "__main__":
    serve("web", make)
