"""The example shop: its processes, started as a staging starts them, looked at over HTTP."""

import json
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.playground.example import make_repository


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this never came true"
        time.sleep(0.02)


class Answer:
    def __init__(self, status: int, text: str, headers: dict[str, str]) -> None:
        self.status, self.text, self.headers = status, text, headers


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


OPENER = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))


def ask(port: int, path: str, form: dict[str, str] | None = None, cookie: str = "") -> Answer:
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"Cookie": cookie})
    try:
        with OPENER.open(request, timeout=10) as response:
            return Answer(response.status, response.read().decode(), dict(response.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read().decode(), dict(error.headers))


def answers(port: int, path: str = "/healthz", status: int = 200) -> bool:
    try:
        return ask(port, path).status == status
    except urllib.error.URLError:
        return False


class Shop:
    """A working folder, a data folder, and the processes in them."""

    def __init__(self, tree: Path, data: Path, stack: ExitStack) -> None:
        self.tree, self.data, self.stack = tree, data, stack
        self.web, self.api = free_port(), free_port()

    def run(self, module: str, **env: str) -> "subprocess.Popen[str]":
        base = {"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "OCTOPOD_VOLUME_SHOP_DATA": str(self.data)}
        process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=self.tree,
            env=base | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.stack.enter_context(process)
        self.stack.callback(process.kill)
        return process

    def run_api(self) -> "subprocess.Popen[str]":
        return self.run("api.app", PORT=str(self.api))

    def run_web(self, **env: str) -> "subprocess.Popen[str]":
        neighbour = {"API_SERVICE_HOST": "127.0.0.1", "API_SERVICE_PORT": str(self.api)}
        return self.run("web.app", PORT=str(self.web), **neighbour, **env)

    def migrate(self, **env: str) -> str:
        process = self.run("api.migrate", **env)
        output, _ = process.communicate(timeout=30)
        assert process.returncode == 0, output
        return output

    def open(self, **env: str) -> None:
        self.migrate()
        self.run_api()
        self.run_web(**env)
        until(lambda: answers(self.api) and answers(self.web))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "shop.git"
    make_repository(folder)
    return folder


@pytest.fixture
def shop_of(repository: Path, tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    with ExitStack() as stack:

        def make(branch: str) -> Shop:
            tree, data = tmp_path / branch, tmp_path / f"{branch}-data"
            data.mkdir()
            subprocess.run(
                ["git", "clone", "--quiet", "--depth=1", f"--branch={branch}", repository.as_uri(), str(tree)],
                check=True,
                timeout=30,
            )
            shutil.rmtree(tree / ".git")
            return Shop(tree, data, stack)

        yield make


ShopOf = Callable[[str], Shop]


def test_people_order_and_are_counted(shop_of: ShopOf) -> None:
    shop = shop_of("main")
    shop.open(PAYMENTS="sandbox")
    assert "Nobody has ordered yet today" in ask(shop.web, "/").text
    for number in (1, 2):
        bought = ask(shop.web, "/order", {"product": "mug"})
        assert bought.status == 303
        assert f'<strong id="number">{number}</strong> today' in ask(shop.web, bought.headers["Location"]).text
    assert "2 customers so far today" in ask(shop.web, "/").text


def test_its_greeting_counts_and_a_misspelt_one_breaks_the_shelf_only(shop_of: ShopOf) -> None:
    shop = shop_of("main")
    shop.open(GREETING="Already {orders} sold")
    ask(shop.web, "/order", {"product": "mug"})
    assert "<h1>Already 1 sold</h1>" in ask(shop.web, "/").text
    other = Shop(shop.tree, shop.data, shop.stack)
    other.api = shop.api
    other.run_web(GREETING="Already {order} sold")
    until(lambda: answers(other.web))
    assert (ask(other.web, "/").status, ask(other.web, "/login").status) == (500, 200)


def test_the_last_customer_is_told_by_initials_and_an_odd_name_breaks_the_shelf(shop_of: ShopOf) -> None:
    shop = shop_of("main")
    shop.open()

    def buys(name: str) -> Answer:
        cookie = ask(shop.web, "/login", {"name": name, "password": "octopus"}).headers["Set-Cookie"].partition(";")[0]
        assert ask(shop.web, "/order", {"product": "mug"}, cookie).status == 303
        return ask(shop.web, "/")

    assert "so far today, the last one A. L.<" in buys("Ada Lovelace").text
    assert buys("Ada  Lovelace").status == 500
    assert ask(shop.web, "/login").status == 200
    assert "3 customers so far today, the last one &lt;. B." in buys("<b> Bob").text


def test_a_day_may_be_seeded_up_to_the_thousandth_customer(shop_of: ShopOf) -> None:
    shop = shop_of("main")
    shop.migrate(SEED_ORDERS="999")
    shop.open()
    place = ask(shop.web, "/order", {"product": "plush"}).headers["Location"]
    assert "customer number <strong" in (text := ask(shop.web, place).text)
    assert ">1000<" in text
    assert "on the house" in text


def test_every_page_says_where_it_comes_from_but_no_secret(shop_of: ShopOf) -> None:
    shop = shop_of("main")
    facts = {"OCTOPOD_STAGING": "pay-12", "OCTOPOD_BRANCH": "feature/<b>PAY", "OCTOPOD_COMMIT": "1a2b3c4d" * 5}
    shop.open(**facts, PAYMENTS="production", PAYMENTS_KEY="sk-live-1", GREETING='"Hi" & <welcome>')
    for path in ("/", "/login", "/nowhere"):
        text = ask(shop.web, path).text
        for wanted in ("pay-12", "feature/&lt;b&gt;PAY", "1a2b3c4", "<dt>PAYMENTS</dt><dd>production</dd>"):
            assert wanted in text, path
        assert "PAYMENTS_KEY" in text
        assert "sk-live-1" not in text
        assert "API_SERVICE" not in text
    assert "&quot;Hi&quot; &amp; &lt;welcome&gt;" in ask(shop.web, "/").text
    about = json.loads(ask(shop.web, "/about.json").text)
    assert about["commit"] == "1a2b3c4d" * 5
    assert (about["payments"], about["button"]) == ("production", "blue")
    assert "sk-live-1" not in json.dumps(about)


def test_people_sign_in_with_the_password_and_out(shop_of: ShopOf) -> None:
    shop = shop_of("main")
    shop.open()
    assert ask(shop.web, "/login", {"name": "Ann", "password": "wrong"}).status == 403
    signed_in = ask(shop.web, "/login", {"name": "Ann Ö. <b>", "password": "octopus"})
    cookie = signed_in.headers["Set-Cookie"].partition(";")[0]
    assert "Signed in as <strong>Ann Ö. &lt;b&gt;</strong>" in ask(shop.web, "/", cookie=cookie).text
    forged = re.sub("Ann", "Bob", cookie)
    assert "Signed in as" not in ask(shop.web, "/", cookie=forged).text
    assert "Max-Age=0" in ask(shop.web, "/logout", {}).headers["Set-Cookie"]


def test_api_is_ready_only_with_its_tables_and_web_says_it_politely(shop_of: ShopOf) -> None:
    shop = shop_of("main")
    shop.run_api()
    shop.run_web()
    until(lambda: answers(shop.web) and answers(shop.api, status=503))
    page = ask(shop.web, "/")
    assert page.status == 502
    assert "stock room does not answer" in page.text
    shop.migrate()
    until(lambda: answers(shop.api))
    assert ask(shop.web, "/").status == 200


def test_api_ends_when_its_database_goes_and_again_until_it_is_back(shop_of: ShopOf) -> None:
    shop = shop_of("main")
    shop.migrate()
    api = shop.run_api()
    until(lambda: answers(shop.api))
    (shop.data / "shop.db").rename(shop.data / "elsewhere.db")
    for _ in range(2):
        output, _ = api.communicate(timeout=20)
        assert api.returncode == 1
        assert output.splitlines()[-1].startswith("api: the shop's tables are missing")
        api = shop.run_api()
    (shop.data / "elsewhere.db").rename(shop.data / "shop.db")
    until(lambda: answers(shop.api))


def test_migrating_again_changes_nothing(shop_of: ShopOf) -> None:
    shop = shop_of("main")
    shop.open()
    ask(shop.web, "/order", {"product": "mug"})
    shop.migrate(SEED_ORDERS="50")
    assert "1 customer so far today" in ask(shop.web, "/").text


@pytest.mark.parametrize(
    ("branch", "colour"), [("main", "blue"), ("orange-button", "orange"), ("green-button", "green")]
)
def test_the_branch_shows_in_the_buttons(shop_of: ShopOf, branch: str, colour: str) -> None:
    shop = shop_of(branch)
    shop.open()
    assert set(re.findall(r'<button class="order (\w+)"', ask(shop.web, "/").text)) == {colour}


def test_broken_login_is_live_but_its_form_is_not(shop_of: ShopOf) -> None:
    shop = shop_of("broken-login")
    shop.open()
    assert ask(shop.web, "/").status == 200
    page = ask(shop.web, "/login")
    assert page.status == 500
    assert "Something broke" in page.text


def test_broken_start_ends_at_once_and_says_what_it_misses(shop_of: ShopOf) -> None:
    web = shop_of("broken-start").run_web()
    output, _ = web.communicate(timeout=20)
    assert web.returncode == 1
    assert output.splitlines()[-1] == "KeyError: 'CARRIER_URL'"


def test_slow_start_listens_after_about_five_seconds(shop_of: ShopOf) -> None:
    shop = shop_of("slow-start")
    web, start = shop.run_web(), time.monotonic()
    assert web.stdout is not None
    until(lambda: "page 3 of 3" in str(web.stdout and web.stdout.readline()))
    assert not answers(shop.web)
    until(lambda: answers(shop.web))
    assert time.monotonic() - start >= 5


def test_a_stopped_process_ends_quietly(shop_of: ShopOf) -> None:
    shop = shop_of("main")
    web = shop.run_web()
    until(lambda: answers(shop.web))
    web.terminate()
    output, _ = web.communicate(timeout=10)
    assert (web.returncode, "Traceback" in output) == (0, False)
