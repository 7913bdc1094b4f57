"""Which Service a host and a path lead to."""

import pytest

from bot.kube.kinds import Object
from bot.kube.routes import service_behind


def ingress(host: str | None, *paths: tuple[str | None, str, str, object]) -> Object:
    """`paths`: path, type, Service, and its port."""
    rules = [
        {
            **({"path": path} if path else {}),
            "pathType": kind,
            "backend": {"service": {"name": name, "port": {"number" if isinstance(port, int) else "name": port}}},
        }
        for path, kind, name, port in paths
    ]
    return {"spec": {"rules": [{**({"host": host} if host else {}), "http": {"paths": rules}}]}}


SHOP = [
    ingress(
        "x.shop.test", ("/", "Prefix", "web", 80), ("/api", "Prefix", "api", "http"), ("/api", "Exact", "root", 81)
    ),
    ingress("x-admin.shop.test", (None, "ImplementationSpecific", "admin", 82)),
    ingress(None, ("/", "Prefix", "anybody", 83)),
    {"spec": {"defaultBackend": {}}},
    {"spec": {"rules": [{"host": "y.shop.test"}]}},
]


@pytest.mark.parametrize(
    ("host", "path", "found"),
    [
        ("x.shop.test", "/", ("web", "80")),
        ("x.shop.test", "/login", ("web", "80")),
        ("x.shop.test", "/api/v1", ("api", "http")),
        ("x.shop.test", "/api/", ("api", "http")),
        ("x.shop.test", "/apiary", ("web", "80")),
        ("x.shop.test", "/api", ("root", "81")),
        ("x-admin.shop.test", "/healthz", ("admin", "82")),
        ("y.shop.test", "/", None),
        ("z.shop.test", "/", None),
    ],
)
def test_the_service_behind(host: str, path: str, found: tuple[str, str] | None) -> None:
    assert service_behind(SHOP, host, path) == found
