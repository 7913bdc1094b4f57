"""Whether the image of a release is there, so that nothing is applied which could only wait for it."""

from collections.abc import Iterator, Sequence
from typing import Any

import structlog

from bot.domain.errors import TemporaryError
from bot.domain.events import ImageMissing
from bot.domain.model import Release, Stage
from bot.ports import Images, Renderer, RenderFacts

log = structlog.get_logger()


class ImageLook:
    """`images`: None where stagings need none."""

    def __init__(self, images: Images | None, renderer: Renderer) -> None:
        self._images, self._renderer = images, renderer

    async def before_files(self, release: Release, project: str) -> ImageMissing | None:
        """One that waits already: its files are only taken up again when the image is there."""
        if self._images is None or not release.waiting or release.stage is not Stage.QUEUED:
            return None
        try:
            there = await self._images.has(release.awaits, project)
        except TemporaryError as error:  # it was surely missing the last time
            return ImageMissing(release.id, release.awaits, error.text)
        return None if there else ImageMissing(release.id, release.awaits)

    async def before_apply(
        self, release: Release, facts: RenderFacts, objects: Sequence[dict[str, Any]]
    ) -> ImageMissing | None:
        """Only the project's own image is looked for, and only when the manifests use it. A registry that does not
        tell keeps nothing waiting: the engine will see."""
        if self._images is None or release.waiting or release.stage is not Stage.QUEUED:
            return None
        image = self._renderer.image(facts)
        if not image or image not in _images_of(objects):
            return None
        try:
            return None if await self._images.has(image, facts.project) else ImageMissing(release.id, image)
        except TemporaryError as error:
            log.warning("the registry does not tell whether an image is there", image=image, why=error.text)
            return None


def _images_of(thing: Any) -> Iterator[str]:
    """Of all containers, however deep."""
    if isinstance(thing, dict):
        for key, value in thing.items():
            if key in ("containers", "initContainers") and isinstance(value, list):
                yield from (str(one.get("image")) for one in value if isinstance(one, dict))
            else:
                yield from _images_of(value)
    elif isinstance(thing, Sequence) and not isinstance(thing, str):
        for item in thing:
            yield from _images_of(item)
