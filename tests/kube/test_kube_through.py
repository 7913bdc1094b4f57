"""What is asked through the API server: which answers are an application's, and which the API server's own."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from api_kit import Answer, Api, an_api, refusing, saying, streaming

from bot.domain.errors import OctopodError, PermanentError, TemporaryError
from bot.kube.inside import ask
from bot.ports import Heard

URL = "https://x.shop.test"
INGRESSES = "/apis/networking.k8s.io/v1/namespaces/shop--x/ingresses"
SHOP = "/api/v1/namespaces/shop--x/services/web:http/proxy/login"
BACKEND = {"service": {"name": "web", "port": {"name": "http"}}}
RULE = {"host": "x.shop.test", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": BACKEND}]}}


async def listed(request: web.Request) -> web.Response:
    return web.json_response({"items": [{"spec": {"rules": [RULE]}}]})


async def asked(folder: Path, answer: Answer, seconds: float = 5, **more: Any) -> tuple[Api, Heard]:
    async with an_api(folder, streaming()) as (api, kube):
        api.answers |= {INGRESSES: listed, SHOP: answer}
        return api, await ask(kube, "shop--x", URL, "/login?next=/", seconds, **more)


@pytest.mark.parametrize("status", [200, 204, 401, 403, 404, 500, 503])
async def test_what_the_application_answers(tmp_path: Path, status: int) -> None:
    api, found = await asked(tmp_path, saying(status, b"" if status == 204 else b'{"kind": "page"}'))
    assert found == Heard(status)
    told = api.asked[-1]
    assert told.path_qs == f"{SHOP}?next=/"
    assert told.headers["X-Forwarded-Host"] == "x.shop.test" and told.headers["X-Forwarded-Proto"] == "https"
    assert told.headers["Authorization"] == "Bearer secret", "for the API server, which takes it off"


async def test_redirects_are_not_followed(tmp_path: Path) -> None:
    api, found = await asked(tmp_path, saying(302, b"", Location="/elsewhere"))
    assert (found.status, found.location) == (302, "/elsewhere") and [one.path for one in api.asked] == [
        INGRESSES,
        SHOP,
    ]


async def test_the_way_through_is_taken_out_again(tmp_path: Path) -> None:
    """The API server writes it into what leads to the application."""
    proxy = SHOP.removesuffix("/login")
    for location in (f"{proxy}/setup?a=b", f"https://api.invalid{proxy}/setup?a=b"):
        _, found = await asked(tmp_path, saying(302, b"", Location=location))
        assert found.location == "/setup?a=b"
    page = f'<form action="{proxy}/login">Sign in</form>'.encode()
    api, found = await asked(tmp_path, saying(200, page), headers={"X-Key": "secret"}, most=1000)
    assert (found.body, found.whole) == (b'<form action="/login">Sign in</form>', True)
    assert api.asked[-1].headers["X-Key"] == "secret"
    _, found = await asked(tmp_path, saying(200, page), most=10)
    assert (len(found.body), found.whole) == (10, False)


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (
            refusing(403, "Forbidden", "you may not get services/proxy"),
            TemporaryError,
            "you may not get services/proxy",
        ),
        (
            refusing(404, "NotFound", "not found"),
            PermanentError,
            "there is no Service `web`, or nothing",
        ),
        (refusing(503, "ServiceUnavailable", "no endpoints"), PermanentError, "nothing answers for the Service `web`"),
        (refusing(502, "", "error trying to reach service"), PermanentError, "nothing answers for the Service `web`"),
        (refusing(500, "InternalError", "etcd"), TemporaryError, "Service `web`: ask: etcd (500)"),
    ],
)
async def test_what_the_api_server_says_itself(
    tmp_path: Path, answer: Answer, kind: type[OctopodError], text: str
) -> None:
    with pytest.raises(kind) as told:
        await asked(tmp_path, answer)
    assert text in told.value.text


async def test_a_host_that_no_ingress_names(tmp_path: Path) -> None:
    async with an_api(tmp_path, streaming()) as (api, kube):
        api.answers[INGRESSES] = listed
        with pytest.raises(PermanentError, match=r"^no Ingress of it leads y\.shop\.test/ to a Service"):
            await ask(kube, "shop--x", "https://y.shop.test", "/", 5)


async def test_no_answer_in_time(tmp_path: Path) -> None:
    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError("nobody wakes it")

    with pytest.raises(TemporaryError, match=r"the API server can't be reached \(no answer in time\)"):
        await asked(tmp_path, silent, seconds=0.1)
