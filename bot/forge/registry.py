"""What registries say about new images.

    {"image": "ghcr.io/acme/shop:1a2b3c"}                       by anybody who knows the secret
    {"events": [{"action": "push", "target": {…}, …}, …]}       Docker's registry (distribution) and its kin
    {"type": "PUSH_ARTIFACT", "event_data": {"resources": …}}   Harbor, in either of its formats

https://distribution.github.io/distribution/about/notifications/
https://goharbor.io/docs/main/working-with-projects/project-configuration/configure-webhooks/
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.domain.hearsay import ImagePushed
from bot.forge.reading import Body, Told

_HARBOR = {"PUSH_ARTIFACT": "event_data", "harbor.artifact.pushed": "data"}


def told(raw: bytes) -> Told:
    """Raises Unreadable."""
    body = Body.of(raw)
    images = list(_images(body))
    body.checked()
    return Told(said=tuple(map(ImagePushed, images)), note="" if images else "It is no new image with a tag.")


def _images(body: Body) -> Iterator[str]:
    if body.has("events"):
        yield from (image for event in body.each("events") if (image := _distribution(event)))
    elif body.has("type"):
        for one in body.within(_HARBOR.get(body.text("type"), "")).each("resources"):
            if one.text("tag"):
                yield one.image(one.text("resource_url", longest=500), "resource_url")
    else:
        yield body.image(body.text("image", longest=500), "image")


def _distribution(event: Body) -> str:
    """Layers are pushed as well, and pulls are told: "" for these."""
    target = event.within("target")
    name, tag = target.text("repository"), target.text("tag")
    if event.text("action") != "push" or not tag:
        return ""
    host = event.within("request").text("host") or _host(target.text("url", longest=2000))
    return target.image(f"{host}/{name}:{tag}", "repository")


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
