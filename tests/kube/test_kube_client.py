"""The raw layer: every refusal surfaces, nothing waits for ever, tokens are renewed, bytes may be anything."""

import asyncio
import contextlib
import gc
import warnings
from pathlib import Path

import pytest
from aiohttp import web
from api_kit import Answer, a_pod, an_api, api_url, kubeconfig, refusing, saying, streaming
from tls_kit import answering, certificate

from bot.domain.errors import ConfigError, PermanentError, TemporaryError
from bot.kube.applying import left_by_an_autoscaler
from bot.kube.client import Kube
from bot.kube.connect import Access, connect
from bot.kube.errors import ApiRefused, ApiTrouble
from bot.kube.kinds import CONFIG_MAP, NAMESPACE, POD

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": {"a": "b"}}
PATH = "/api/v1/namespaces/n/configmaps/c"
NOTHING = streaming()
TAKEN = {"causes": [{"reason": "FieldManagerConflict", "message": 'conflict with "kubectl"', "field": ".data.a"}]}
GOING = {"causes": [{"reason": "NamespaceTerminating", "message": "namespace n is being terminated"}]}


async def echo(request: web.Request) -> web.Response:
    return web.json_response(CONFIG)


async def test_apply_is_server_side_and_ours(tmp_path: Path) -> None:
    async with an_api(tmp_path, NOTHING) as (api, kube):
        api.answers[PATH] = echo
        await kube.apply(CONFIG)
        (asked,) = api.asked
        assert (asked.method, dict(asked.query)) == ("PATCH", {"fieldManager": "octopod", "force": "false"})
        assert asked.headers["Content-Type"] == "application/apply-patch+yaml"
        assert asked.headers["Authorization"] == "Bearer secret" and asked.headers["User-Agent"] == "octopod"
        assert api.bodies == [CONFIG]


@pytest.mark.parametrize(
    ("answer", "raised", "text"),
    [
        (refusing(409, "Conflict", "Apply failed", **TAKEN), ApiRefused, "ConfigMap `c`: apply: Apply failed"),
        (refusing(422, "Invalid", "data: Invalid value"), ApiRefused, "Invalid value"),
        (refusing(403, "Forbidden", "exceeded quota: octopod"), ApiRefused, "exceeded quota"),
        (refusing(403, "Forbidden", "is being terminated", **GOING), ApiTrouble, "is being terminated"),
        (refusing(409, "Conflict", "the object has been modified"), ApiTrouble, "has been modified"),
        (refusing(401, "Unauthorized", "Unauthorized"), ApiTrouble, "Unauthorized"),
        (refusing(500, "InternalError", "etcd"), ApiTrouble, "etcd"),
        (saying(502, b"<html>Bad Gateway</html>", "text/html"), ApiTrouble, "Bad Gateway"),
        (saying(502, b"\xff\xfe"), ApiTrouble, "502"),
        (saying(503, b""), ApiTrouble, "no reason given"),
        (saying(200, b"no json"), ApiTrouble, "can't be reached"),
    ],
)
async def test_refusals_surface(tmp_path: Path, answer: Answer, raised: type[Exception], text: str) -> None:
    async with an_api(tmp_path, NOTHING) as (api, kube):
        api.answers[PATH] = answer
        with pytest.raises(raised, match=text):
            await kube.apply(CONFIG)
    assert issubclass(ApiRefused, PermanentError) and issubclass(ApiTrouble, TemporaryError)


async def test_the_other_sides_own_wish_to_wait_is_kept(tmp_path: Path) -> None:
    async with an_api(tmp_path, NOTHING) as (api, kube):
        api.answers[PATH] = saying(429, b"slow down", **{"Retry-After": "7"})
        with pytest.raises(ApiTrouble) as caught:
            await kube.apply(CONFIG)
        assert caught.value.retry_after == 7


async def test_nothing_waits_for_ever(tmp_path: Path) -> None:
    async def hang(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with an_api(tmp_path, NOTHING, seconds=0.2) as (api, kube):
        api.answers[PATH] = hang
        with pytest.raises(ApiTrouble, match="no answer in time"):
            await kube.apply(CONFIG)


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    async with an_api(tmp_path, NOTHING) as (_, kube):
        pass
    connection = await connect(Access(str(tmp_path / "kubeconfig")))
    with pytest.raises(ApiTrouble, match="can't be reached"):
        await type(kube)(connection).get(NAMESPACE, "n")
    await connection.close()


async def test_what_is_not_there_is_none_and_gone(tmp_path: Path) -> None:
    async with an_api(tmp_path, NOTHING) as (api, kube):
        api.answers[PATH] = refusing(404, "NotFound", "not found")
        assert await kube.get(CONFIG_MAP, "c", "n") is None
        await kube.delete(CONFIG_MAP, "c", "n", uid="u")
        assert api.bodies[-1] == {"propagationPolicy": "Background", "preconditions": {"uid": "u"}}


async def test_a_long_list_comes_in_pages(tmp_path: Path) -> None:
    async def page(request: web.Request) -> web.Response:
        more = request.query.get("continue")
        metadata = {"resourceVersion": "5"} | ({} if more else {"continue": "next"})
        return web.json_response({"metadata": metadata, "items": [a_pod("b" if more else "a")]})

    async with an_api(tmp_path, NOTHING) as (api, kube):
        api.answers["/api/v1/pods"] = page
        pods, version = await kube.list(POD)
        assert ([pod["metadata"]["name"] for pod in pods], version) == (["a", "b"], "5")


async def test_logs_may_be_no_text(tmp_path: Path) -> None:
    async with an_api(tmp_path, NOTHING) as (api, kube):
        api.answers["/api/v1/namespaces/n/pods/p/log"] = saying(200, b"one\n\xff\xfe\nthree\n")
        assert await kube.logs("n", "p", "web", 2, previous=True) == ["\ufffd\ufffd", "three"]
        assert api.asked[0].query["previous"] == "true"


async def test_an_expired_token_is_read_again(tmp_path: Path) -> None:
    async def check(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] == "Bearer fresh":
            return await echo(request)
        kubeconfig(tmp_path, f"http://{request.host}", token="fresh")
        return await refusing(401, "Unauthorized")(request)

    async with an_api(tmp_path, NOTHING) as (api, kube):
        api.answers[PATH] = check
        assert await kube.get(CONFIG_MAP, "c", "n") == CONFIG
        assert len(api.asked) == 2


async def test_without_a_way_to_a_cluster_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="set KUBECONFIG"):
        await connect(Access())
    with pytest.raises(ConfigError, match="can't be used"):
        await connect(Access(str(tmp_path / "none")))
    file = kubeconfig(tmp_path, "http://127.0.0.1:1")
    with pytest.raises(ConfigError, match="context y"):
        await connect(Access(str(file), "y"))


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ([(".spec.replicas", 'conflict with "kube-controller-manager" with subresource "scale" using apps/v1')], True),
        ([(".spec.replicas", 'conflict with "kubectl" using apps/v1')], False),
        ([(".spec.replicas", 'conflict with "kube-controller-manager"'), (".spec.template", "…")], False),
        ([], False),
    ],
)
def test_whose_replicas_are_left_behind(told: list[tuple[str, str]], left: bool) -> None:
    assert left_by_an_autoscaler(ApiRefused("Deployment `web`: apply: …", 409, "Conflict", told)) is left


async def test_credentials_for_other_programs_stay_out_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token and what ~/.netrc says can't be sent together."""
    (tmp_path / "netrc").write_text("default login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    async with an_api(tmp_path, NOTHING) as (api, kube):
        api.answers[PATH] = echo
        await kube.apply(CONFIG)
        assert api.asked[0].headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize(("without", "through"), [("", True), ("cluster.invalid", False)])
async def test_the_environments_proxy_is_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without: str, through: bool
) -> None:
    async with an_api(tmp_path, NOTHING) as (api, _):
        api.answers["/api/v1/namespaces"] = saying(200, b"{}", "application/json")
        monkeypatch.setenv("http_proxy", api_url(tmp_path))
        monkeypatch.setenv("no_proxy", without)
        connection = await connect(Access(str(kubeconfig(tmp_path, "http://cluster.invalid"))))
        try:
            if through:
                assert await Kube(connection).list(NAMESPACE) == ([], "")
                assert api.asked[0].host == "cluster.invalid"
            else:
                with pytest.raises(ApiTrouble):
                    await Kube(connection).list(NAMESPACE)
        finally:
            await connection.close()


def test_whoever_gives_up_at_any_moment_leaves_no_connection_behind(tmp_path: Path) -> None:
    """Cancelled in the middle of the TLS handshake, at its end, or when it asks."""
    pem = certificate(tmp_path, "127.0.0.1")
    with answering(pem, b'{"gitVersion": "v1.36.1"}') as port, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        file = kubeconfig(tmp_path, f"https://127.0.0.1:{port}", ca=pem)
        gc.freeze()  # what is there by now need not be looked through twenty times
        whole = asyncio.run(asked_for(file, None))
        for step in range(20):
            asyncio.run(asked_for(file, whole * step / 20))
            gc.collect()
        gc.unfreeze()
    assert {str(one.message) for one in told} == set()


async def asked_for(file: Path, seconds: float | None) -> float:
    """How long the first answer took. It is given up after `seconds`."""
    connection = await connect(Access(str(file)))
    loop = asyncio.get_running_loop()
    start = loop.time()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            assert await Kube(connection).version() == "v1.36.1"
    took = loop.time() - start
    await connection.close()
    return took
