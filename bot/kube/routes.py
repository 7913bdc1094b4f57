"""Which Service a host and a path of a staging lead to, by its Ingresses. Pure.

https://kubernetes.io/docs/concepts/services-networking/ingress/#path-types: the longest path wins, an exact one first.
"""

from collections.abc import Iterator, Sequence

from bot.kube.kinds import Object


def service_behind(ingresses: Sequence[Object], host: str, path: str) -> tuple[str, str] | None:
    """Its name, and its port by number or name."""
    fitting = [one for one in _paths(ingresses, host) if _fits(one, path)]
    if not fitting:
        return None
    best = max(fitting, key=lambda one: (one.get("pathType") == "Exact", len(one.get("path") or "/")))
    service = (best.get("backend") or {}).get("service") or {}
    port = service.get("port") or {}
    return str(service.get("name") or ""), str(port.get("number") or port.get("name") or "")


def _paths(ingresses: Sequence[Object], host: str) -> Iterator[Object]:
    for ingress in ingresses:
        for rule in ingress["spec"].get("rules") or []:
            if rule.get("host") == host:
                yield from (rule.get("http") or {}).get("paths") or []


def _fits(rule: Object, path: str) -> bool:
    known = rule.get("path") or "/"
    if rule.get("pathType") == "Exact":
        return bool(path == known)
    base = known.rstrip("/")
    return path == base or path.startswith(f"{base}/")
