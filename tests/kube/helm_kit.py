"""Charts with the real helm: rendered by themselves, or put on the control plane."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine_kit import COMMIT, World
from kube_rig import SCRIPTS

from bot.domain.project import Helm
from bot.ports import ReleaseOrder, RenderFacts
from bot.render.helm import HelmRenderer
from bot.render.helm_program import HelmProgram

CHARTS = Path(__file__).parents[1] / "data" / "charts"
SHOP, WORKER = Helm("shop"), Helm("worker")
VALUES: dict[str, Any] = {
    "image": {"repository": "ghcr.io/acme/shop", "tag": "${commit}"},
    "ingress": {"hosts": [{"host": "${host.web}"}]},
}


def helm_binary() -> str:
    """Where the script says; it builds it if need be."""
    found = subprocess.run([SCRIPTS / "helm-binary"], check=True, stdout=subprocess.PIPE, text=True)
    return found.stdout.strip()


def a_tree(folder: Path) -> Path:
    """A branch with the test charts."""
    shutil.copytree(CHARTS, folder, dirs_exist_ok=True)
    return folder


def a_renderer(folder: Path, **options: Any) -> HelmRenderer:
    return HelmRenderer(HelmProgram(helm_binary(), folder / "helm"), **options)


class ChartWorld:
    """A staging whose objects come from a chart that sees the cluster."""

    def __init__(self, world: World, folder: Path, more: Mapping[str, str] | None = None) -> None:
        """`more`: files of the branch besides the test charts."""
        self.world, self._folder, self._more = world, folder, more or {}
        self.renderer = a_renderer(folder, window=world.engine.window)

    async def deploy(self, release: str, source: Helm = SHOP, *, first: bool = False, **changes: Any) -> ReleaseOrder:
        order = await self.order(release, source, first=first, **changes)
        await self.world.apply(order)
        return order

    async def order(self, release: str, source: Helm = SHOP, *, first: bool = False, **changes: Any) -> ReleaseOrder:
        world, tree = self.world, a_tree(self._folder / release)
        for name, text in self._more.items():
            (tree / name).write_text(text)
        usual: dict[str, Any] = {
            "staging": world.name,
            "release": release,
            "name": world.name,
            "project": "shop",
            "branch": world.name,
            "commit": COMMIT,
            "namespace": world.namespace,
            "source": source,
            "hosts": {"web": f"{world.name}.shop.test"},
            "scheme": "https",
            "values": VALUES,
            "kinds": world.kinds,
            "first": first,
        }
        facts = RenderFacts(**(usual | changes))
        objects = await self.renderer.render(source, tree, facts, world.port.facts)
        order = ReleaseOrder(world.name, world.name, "shop", release, COMMIT, objects, tree)
        world.orders[release] = order
        return order
