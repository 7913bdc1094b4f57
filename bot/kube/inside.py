"""A staging asked from inside the cluster: through the API server, at the Service that its Ingress names.

So the bot may be anywhere, no pod is needed, and of rights only `get` on `services/proxy` in the staging's namespace.
Who is asked for is said as X-Forwarded-Host: the Host header is the API server's own.
https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/
"""

from urllib.parse import urlsplit

from bot.domain.errors import PermanentError
from bot.kube.client import Kube
from bot.kube.errors import ApiRefused, ApiTrouble
from bot.kube.kinds import INGRESS, SERVICE
from bot.kube.routes import service_behind


async def ask(kube: Kube, namespace: str, url: str, path: str, seconds: float) -> int:
    """The status of the answer. Raises TemporaryError and PermanentError when there is none."""
    parts, way = urlsplit(url), urlsplit(path)
    ingresses, _ = await kube.list(INGRESS, namespace)
    found = service_behind(ingresses, parts.hostname or "", way.path or "/")
    if found is None:
        raise PermanentError(
            f"no Ingress of it leads {parts.hostname}{way.path} to a Service, which `url_probe.from: cluster` asks"
        )
    name, port = found
    place = f"{SERVICE.path(namespace, f'{name}:{port}')}/proxy{path}"
    forwarded = {"X-Forwarded-Host": parts.netloc, "X-Forwarded-Proto": parts.scheme}
    try:
        return await kube.through(place, f"Service `{name}`: ask", forwarded, seconds)
    except ApiRefused as error:
        if error.status == 404:
            raise PermanentError(f"there is no Service `{name}`, or nothing is behind it yet") from error
        raise
    except ApiTrouble as error:
        if error.status == 503:
            raise PermanentError(f"nothing answers for the Service `{name}`, port {port}") from error
        raise
