"""Objects from whatever source a project has."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.domain.known import KnownValue
from bot.domain.project import Helm
from bot.ports import EngineFacts, RenderFacts
from bot.render.helm import HelmRenderer
from bot.render.plain import PlainRenderer


class SourceRenderer:
    def __init__(self, helm: HelmRenderer, plain: PlainRenderer | None = None) -> None:
        self._helm, self._plain = helm, plain or PlainRenderer()

    async def render(self, tree: Path, facts: RenderFacts, engine: EngineFacts) -> list[dict[str, Any]]:
        if isinstance(facts.source, Helm):
            return await self._helm.render(facts.source, tree, facts, engine)
        return await asyncio.to_thread(self._plain.render, tree, facts, engine)

    async def known(self, tree: Path, facts: RenderFacts) -> Mapping[str, KnownValue]:
        if isinstance(facts.source, Helm):
            return await self._helm.known(facts.source, tree, facts.branch)
        return await asyncio.to_thread(self._plain.known, tree, facts)

    def image(self, facts: RenderFacts) -> str | None:
        return self._plain.image(facts)
