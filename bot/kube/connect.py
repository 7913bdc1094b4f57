"""The way to the API server: a kubeconfig, or the account that a pod has. The only place that knows kubernetes_asyncio.

Of it only configuration, TLS and tokens are used. Its models cost 1.4 ms per pod and drop fields that they don't know;
with `_preload_content=False` it does not check the status of an answer: the client does.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import yaml
from kubernetes_asyncio import client as library
from kubernetes_asyncio import config as loading
from kubernetes_asyncio.config.config_exception import ConfigException

from bot.domain.errors import ConfigError

# At DEBUG it logs whole bodies, Secrets included.
logging.getLogger("kubernetes_asyncio").setLevel(logging.INFO)

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
RENEWAL, FAREWELL = 5.0, 0.1
# One event of a watch is one line, and holds a whole object: etcd takes up to 1.5 MiB.
WATCH_BYTES = 2**21


@dataclass(frozen=True, slots=True)
class Access:
    """`kubeconfig`: a path, or several with `:` between them; None: the account of the pod that the bot runs in.

    `context`: of the kubeconfig; None: its current one.
    """

    kubeconfig: str | None = None
    context: str | None = None


class Connection:
    """One pool of connections. Made inside the running loop; `close` it there."""

    def __init__(self, access: Access, configuration: Any, namespace: str) -> None:
        self.namespace = namespace
        self._access, self._configuration = access, configuration
        self._api: Any = library.ApiClient(configuration)
        self._api.user_agent = "octopod"
        _ask_environment_once(self._api.rest_client, configuration.host)
        self._renewal = asyncio.Lock()
        self._renewed = -RENEWAL

    async def request(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]] = (),
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: aiohttp.ClientTimeout | None = None,
    ) -> aiohttp.ClientResponse:
        """Whatever the status. The caller reads and closes it. Raises what aiohttp raises."""
        answer: aiohttp.ClientResponse = await self._api.call_api(
            path,
            method,
            query_params=list(query),
            header_params={"Accept": "application/json", **(headers or {})},
            body=body,
            auth_settings=["BearerToken"],
            _preload_content=False,
            _request_timeout=timeout or aiohttp.ClientTimeout(total=30, sock_connect=5),
        )
        return answer

    async def ask(
        self, path: str, headers: Mapping[str, str], timeout: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        """What somebody behind a proxy of the API server says. Redirects are not followed, as the library would."""
        known: dict[str, str] = {"User-Agent": "octopod-url-probe", **headers}
        await self._api.update_params_for_auth(known, [], ["BearerToken"])
        rest = self._api.rest_client
        answer: aiohttp.ClientResponse = await rest.pool_manager.get(
            self._configuration.host + path,
            headers=known,
            timeout=timeout,
            allow_redirects=False,
            proxy=rest.proxy,
            proxy_headers=rest.proxy_headers,
            server_hostname=rest.server_hostname,
        )
        return answer

    async def socket(
        self, path: str, query: Sequence[tuple[str, str]], protocol: str
    ) -> aiohttp.ClientWebSocketResponse:
        """Open for both sides to talk; the caller closes it. Raises what aiohttp raises."""
        known: dict[str, str] = {"User-Agent": "octopod"}
        await self._api.update_params_for_auth(known, [], ["BearerToken"])
        rest = self._api.rest_client
        answer: aiohttp.ClientWebSocketResponse = await rest.pool_manager.ws_connect(
            f"{self._configuration.host}{path}?{urlencode(query)}",
            protocols=(protocol,),
            headers=known,
            proxy=rest.proxy,
            proxy_headers=rest.proxy_headers,
            server_hostname=rest.server_hostname,
            timeout=aiohttp.ClientWSTimeout(ws_close=FAREWELL),
        )
        return answer

    async def renew(self) -> bool:
        """Read the credentials anew, after they were refused. False if that was done just now."""
        async with self._renewal:
            now = asyncio.get_running_loop().time()
            if now < self._renewed + RENEWAL:
                return False
            self._renewed = now
            fresh, _ = await _load(self._access)
            self._configuration.api_key = fresh.api_key
            self._configuration.refresh_api_key_hook = fresh.refresh_api_key_hook
            return True

    async def close(self) -> None:
        """What was given up as its TLS handshake ended says farewell to its server, and nothing tells when it has.

        https://docs.aiohttp.org/en/stable/client_advanced.html#graceful-shutdown
        """
        await self._api.close()
        await asyncio.sleep(FAREWELL)


def _ask_environment_once(rest: Any, server: str) -> None:
    """Which proxy to take. The library's session looks for one at each request, in another thread; and for ~/.netrc,
    which is for other programs: what it says can't be sent together with a token."""
    theirs = rest.pool_manager
    rest.pool_manager = aiohttp.ClientSession(connector=theirs.connector, read_bufsize=WATCH_BYTES)
    theirs.detach()
    url = urlsplit(server)
    if not rest.proxy and not proxy_bypass(url.hostname or ""):
        rest.proxy = getproxies().get(url.scheme)


async def connect(access: Access) -> Connection:
    """Asks nothing of the API server yet. Raises ConfigError."""
    configuration, namespace = await _load(access)
    return Connection(access, configuration, namespace)


async def _load(access: Access) -> tuple[Any, str]:
    """The library's configuration, and the namespace that the bot itself is at home in."""
    configuration: Any = library.Configuration()
    try:
        if access.kubeconfig is None:
            loading.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            return configuration, (ACCOUNT / "namespace").read_text().strip()
        await loading.load_kube_config(
            config_file=access.kubeconfig,
            context=access.context,
            client_configuration=configuration,
            persist_config=False,
        )
        return configuration, _namespace(access)
    except (ConfigException, OSError, yaml.YAMLError) as error:
        raise ConfigError([_mistake(access, error)]) from error


def _namespace(access: Access) -> str:
    contexts, current = loading.list_kube_config_contexts(config_file=access.kubeconfig)
    named: Any = next((one for one in contexts if one["name"] == access.context), current)
    return str(named["context"].get("namespace") or "default")


def _mistake(access: Access, error: Exception) -> str:
    if access.kubeconfig is None:
        return (
            "engine: kubernetes needs a cluster: set KUBECONFIG to a file with its address and credentials, or run the "
            f"bot in a pod with a service account ({error})."
        )
    context = f", context {access.context}" if access.context else ""
    return f"KUBECONFIG: {access.kubeconfig}{context} can't be used: {error}"
