"""A staging asked from inside the cluster: through the API server, at the Service that its Ingress names.

So the bot may be anywhere, no pod is needed, and of rights only `get` on `services/proxy` in the staging's namespace.
Who is asked for is said as X-Forwarded-Host: the Host header is the API server's own.
https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
"""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from bot.domain.errors import PermanentError, TemporaryError
from bot.kube.client import Kube
from bot.kube.errors import ApiRefused, ApiTrouble
from bot.kube.kinds import INGRESS, SERVICE
from bot.kube.routes import service_behind
from bot.ports import Heard


async def ask(
    kube: Kube,
    namespace: str,
    url: str,
    path: str,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    most: int = 0,
) -> Heard:
    """`most`: how many bytes of the body are read. Raises PermanentError when nothing answers there, and TemporaryError
    when that can't be told."""
    parts, way = urlsplit(url), urlsplit(path)
    ingresses, _ = await kube.list(INGRESS, namespace)
    found = service_behind(ingresses, parts.hostname or "", way.path or "/")
    if found is None:
        raise PermanentError(
            f"no Ingress of it leads {parts.hostname}{way.path} to a Service, which `url_probe.from: cluster` asks"
        )
    name, port = found
    proxy = f"{SERVICE.path(namespace, f'{name}:{port}')}/proxy"
    forwarded = {"X-Forwarded-Host": parts.netloc, "X-Forwarded-Proto": parts.scheme, **(headers or {})}
    try:
        return _as_outside(
            await kube.through(f"{proxy}{path}", f"Service `{name}`: ask", forwarded, seconds, most), proxy
        )
    except ApiRefused as error:
        if error.status == 404:
            raise PermanentError(f"there is no Service `{name}`, or nothing is behind it yet") from error
        raise TemporaryError(error.text) from error  # it says nothing of the staging
    except ApiTrouble as error:
        if error.status in (502, 503, 504):
            raise PermanentError(f"nothing answers for the Service `{name}`, port {port}") from error
        raise


def _as_outside(heard: Heard, proxy: str) -> Heard:
    """The API server turns what leads to the application into what leads to its own proxy.
    https://github.com/kubernetes/apimachinery/blob/master/pkg/util/proxy/transport.go"""
    location = heard.location
    if proxy in location:
        location = location.partition(proxy)[2] or "/"
    return replace(heard, location=location, body=heard.body.replace(proxy.encode(), b""))
