"""Credentials from a Docker config.json, as `docker login` and Kubernetes' pull secrets write it."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.registry.names import DOCKER_HUB, ImageName

FILES = ("config.json", ".dockerconfigjson")


@dataclass(frozen=True, slots=True)
class Credentials:
    """`token`: an identity token, which takes the password's place."""

    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


def read(place: Path) -> Mapping[str, Credentials]:
    """By registry, or registry and the beginning of a path. `place`: the file, or a folder with one.

    Read anew each time, as mounted Secrets change. Raises OSError or ValueError.
    """
    file = next((one for name in FILES if (one := place / name).is_file()), place)
    return parse(file.read_text(encoding="utf-8"))


def parse(text: str) -> Mapping[str, Credentials]:
    """As `read`, of the file's text. Raises ValueError."""
    config = json.loads(text)
    auths = config.get("auths") if isinstance(config, dict) else None
    if not isinstance(auths or {}, dict):
        raise ValueError("`auths` is no mapping")
    return {_place(key): _credentials(entry) for key, entry in (auths or {}).items() if isinstance(entry, dict)}


def of_image(known: Mapping[str, Credentials], name: ImageName) -> Credentials | None:
    """Those of the longest place that the image is in."""
    image = f"{name.registry}/{name.repository}/"
    fitting = [place for place in known if image.startswith(f"{place}/")]
    return known[max(fitting, key=len)] if fitting else None


def _place(key: str) -> str:
    """`https://index.docker.io/v1/` and `docker.io` are the same place."""
    place = key.partition("://")[2] or key
    place = place.rstrip("/").removesuffix("/v1").removesuffix("/v2")
    host, slash, path = place.partition("/")
    hub = host in (f"index.{DOCKER_HUB}", f"registry-1.{DOCKER_HUB}")
    return (DOCKER_HUB if hub else host) + slash + path


def _credentials(entry: Mapping[str, Any]) -> Credentials:
    user, password = str(entry.get("username") or ""), str(entry.get("password") or "")
    if entry.get("auth"):
        try:
            both = base64.b64decode(str(entry["auth"]), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise ValueError("an `auth` is no base64") from None
        user, _, password = both.partition(":")
    return Credentials(user, password.strip("\0"), str(entry.get("identitytoken") or ""))
