"""Names of images, as Docker and Kubernetes read them. Pure.

The grammar is that of github.com/distribution/reference.
"""

import ipaddress
import re
from dataclasses import dataclass

DOCKER_HUB = "docker.io"
LONGEST = 255  # without tag and digest

_ALNUM = "[a-zA-Z0-9]"
_LABEL = f"(?:{_ALNUM}|{_ALNUM}[a-zA-Z0-9-]*{_ALNUM})"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?")
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[+.\-_][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}")
_ID = re.compile(r"[a-f0-9]{64}")


@dataclass(frozen=True, slots=True)
class ImageName:
    """`registry`: host, with ":port" if there is one. `repository`: the path there. `reference`: the digest, else the
    tag."""

    registry: str
    repository: str
    reference: str

    @property
    def host(self) -> str:
        """Without the port, and without brackets."""
        return re.sub(":[0-9]+$", "", self.registry).strip("[]")

    @property
    def local(self) -> bool:
        """On this machine: as Docker does, it is spoken to without TLS."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse(text: str) -> ImageName:
    """Raises ValueError with the reason, as the end of a sentence."""
    name, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise ValueError("what follows @ must be a digest, such as sha256: and 64 hex digits")
    if _ID.fullmatch(name):
        raise ValueError("64 hex digits are an image's id, not its name")
    head, slash, rest = name.partition("/")
    registry, path = (head, rest) if slash and _is_registry(head) else (DOCKER_HUB, name)
    path, colon, tag = path.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise ValueError("what follows the colon must be a tag: letters, digits, dots, dashes and underscores")
    if not _HOST.fullmatch(registry):
        raise ValueError(f"`{registry}` can be no host")
    if not _PATH.fullmatch(path):
        raise ValueError("its path must be of lower-case letters and digits, with single . _ - between them")
    if len(registry) + 1 + len(path) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST} characters")
    if registry in (DOCKER_HUB, f"index.{DOCKER_HUB}"):
        registry, path = DOCKER_HUB, path if "/" in path else f"library/{path}"
    return ImageName(registry, path, digest or tag or "latest")


def same(one: str, other: str) -> bool:
    """Whether both name one image. What can be no image's name is the same as nothing."""
    try:
        return parse(one) == parse(other)
    except ValueError:
        return False


def _is_registry(head: str) -> bool:
    """Whether the part before the first slash names a host; else it is a folder of Docker Hub."""
    return "." in head or ":" in head or head == "localhost" or head != head.lower()
