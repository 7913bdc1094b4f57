"""A branch's tree with manifests, rendered as the local engine would have it."""

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from bot.domain.errors import PermanentError
from bot.domain.project import Manifests
from bot.ports import EngineFacts, RenderFacts
from bot.render.plain import PlainRenderer

KINDS = frozenset(
    {
        ("apps/v1", "Deployment"),
        ("batch/v1", "Job"),
        ("v1", "Service"),
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("v1", "PersistentVolumeClaim"),
        ("networking.k8s.io/v1", "Ingress"),
    }
)
LOCAL = EngineFacts("local", KINDS)
KUBERNETES = EngineFacts("kubernetes", KINDS)


def facts(**changes: Any) -> RenderFacts:
    usual: dict[str, Any] = {
        "staging": "s1",
        "release": "r1",
        "name": "orange",
        "project": "shop",
        "branch": "orange-button",
        "commit": "a" * 40,
        "namespace": "shop-orange",
        "source": Manifests(PurePosixPath("deploy")),
        "hosts": {"web": "orange.localhost:8080", "api": "orange-api.localhost"},
        "scheme": "http",
    }
    return RenderFacts(**(usual | changes))


def a_tree(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder / "tree"


def rendered(folder: Path, content: str | bytes, engine: EngineFacts = LOCAL, **changes: Any) -> list[dict[str, Any]]:
    """The objects of one manifest; the first is the configuration."""
    return PlainRenderer().render(a_tree(folder, {"deploy/a.yaml": content}), facts(**changes), engine)


def mistakes(folder: Path, content: str | bytes, engine: EngineFacts = LOCAL, **changes: Any) -> tuple[str, ...]:
    with pytest.raises(PermanentError) as caught:
        rendered(folder, content, engine, **changes)
    return caught.value.details


def config(data: str) -> str:
    """A ConfigMap; `data` begins in line 4, column 7."""
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: config}}\ndata: {data}\n"


def deployment(containers: str = "[{name: web}]", metadata: str = "{}") -> str:
    """A Deployment; `metadata` begins in line 7, column 15, `containers` in line 9, column 19."""
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {app: web}}\n"
        f"  template:\n    metadata: {metadata}\n    spec:\n      containers: {containers}\n"
    )
