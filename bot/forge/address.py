"""Whether two addresses are of one repository. Hosts name theirs in several ways, and octopod.yaml has one of them."""

import re
from dataclasses import dataclass
from functools import lru_cache
from posixpath import normpath
from urllib.parse import unquote, urlsplit

_SCP = re.compile(r"(?:[^/:@]+@)?([^/:@]+):(?!//)(.+)")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ssh": 22, "git": 9418}
# Where GitHub and GitLab also take ssh, at the port of HTTPS.
_ALIASES = {"ssh.github.com": "github.com", "www.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}


@dataclass(frozen=True, slots=True)
class Address:
    """`host`: "" for a path of this machine. `ssh`: spoken to by ssh. `port`: None for the usual one."""

    host: str
    path: str
    ssh: bool = False
    port: int | None = None


def same(one: str, other: str) -> bool:
    """Whether both lead to one repository. What is no address is the same as nothing."""
    a, b = read(one), read(other)
    if a is None or b is None or (a.host, a.path) != (b.host, b.path):
        return False
    # ssh and HTTP of one host have a port each, so only those of one kind can be compared.
    return a.ssh != b.ssh or a.port == b.port


@lru_cache(maxsize=4096)
def read(text: str) -> Address | None:
    """An https://, ssh:// or file:// URL, git@host:path, or an absolute path; None for anything else."""
    text = text.strip()
    if text.startswith("/"):
        return _local(text)
    if "://" in text:
        return _of_url(text)
    scp = _SCP.fullmatch(text)
    return _remote(scp[1], scp[2], ssh=True, port=None) if scp else None


def _of_url(text: str) -> Address | None:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme == "file":
        return _local(unquote(parts.path)) if parts.path.startswith("/") and host in ("", "localhost") else None
    if parts.scheme not in _DEFAULT_PORTS:
        return None
    usual = port == _DEFAULT_PORTS[parts.scheme]
    return _remote(host, unquote(parts.path), parts.scheme == "ssh", None if usual else port)


def _local(path: str) -> Address:
    # `normpath` leaves two slashes at the beginning as they are.
    whole = "/" + normpath(path).lstrip("/")
    return Address("", whole.removesuffix("/.git").removesuffix(".git"))


def _remote(host: str, path: str, ssh: bool, port: int | None) -> Address | None:
    """Hosts of repositories make no difference between "Acme/Shop" and "acme/shop", whatever people write."""
    host = host.lower().rstrip(".")
    path = "/".join(part for part in path.split("/") if part).casefold().removesuffix(".git")
    return Address(_ALIASES.get(host, host), path, ssh, port) if host and path else None
