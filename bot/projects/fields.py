"""How the single values of octopod.yaml are read: text in, value out, or ValueError that ends a sentence ("must be …").

YAML's own types are not asked, so that `1.10`, `off` and `0123` mean what they look like.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from bot.domain.durations import parse_duration
from bot.domain.naming import pattern_mistake
from bot.domain.project import SecretPlace

_SCHEMES = ("https", "http", "ssh", "file")
_SCP = re.compile(r"(?:[\w.-]+@)?[\w.-]+:(?!/?/)[^\s]+")
_SECRET = "[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}")


def text(what: str) -> Callable[[object], str]:
    """Any non-empty text on one line; `what` says what it is."""

    def read(value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"must be {what}")
        if not value.isprintable():
            raise ValueError("must be on one line, without control characters")
        return value.strip()

    return read


def repo(value: object) -> str:
    """What git clones. Passwords are refused: whoever reads the file or a log would have them."""
    url = text("what git clones, such as https://github.com/acme/shop.git, git@github.com:acme/shop.git or a path")(
        value
    )
    if url.startswith("-") or "::" in url.partition("/")[0]:
        raise ValueError("must be an https://, ssh:// or file:// URL, git@host:path or a path")
    if "://" not in url:
        return url
    scheme, there = url.partition("://")[0].lower(), parts(url)
    if scheme not in _SCHEMES:
        raise ValueError(f"can't be cloned by {scheme}://; use https:// or ssh://")
    if there.password or (there.username and scheme in ("http", "https")):
        raise ValueError("must not hold a token; put it into an environment variable, and its name into credentials")
    if scheme == "file" and there.netloc not in ("", "localhost"):
        raise ValueError("must name an absolute path after file://, as in file:///srv/shop.git")
    if scheme != "file" and not there.hostname:
        raise ValueError("must name a host")
    return url


def is_path(url: str) -> bool:
    """Whether a legal `repo` is a path on this machine."""
    return "://" not in url and not _SCP.fullmatch(url)


def variable(value: object) -> str:
    """The name of an environment variable. In capitals, which tokens pasted by mistake are not."""
    if isinstance(value, str) and re.fullmatch("[A-Z_][A-Z0-9_]{0,99}", value):
        return value
    raise ValueError("must be the name of an environment variable in capitals, such as GIT_TOKEN, not the token itself")


def other(value: object) -> str | None:
    """The name of another project; `extends.inherit` has told what is wrong with it."""
    return value if isinstance(value, str) else None


def branch(value: object) -> str:
    name = text("a branch, such as main")(value)
    if name.startswith("-") or re.search(r"[\s~^:?*\[\\]|\.\.|@\{|//|/\.|^\.|\.$|/$|\.lock$", name):
        raise ValueError("must be a branch as git allows it, such as main")
    return name


def image(value: object) -> str:
    reference = text("an image, such as ghcr.io/acme/shop:${commit}")(value)
    if re.search(r"\s", reference):
        raise ValueError("must be an image without spaces, such as ghcr.io/acme/shop:${commit}")
    return reference


def folder(value: object) -> PurePosixPath:
    """A folder inside the branch's tree; `.` is the tree itself."""
    path = PurePosixPath(text("a folder of the branch, such as deploy/staging")(value))
    if path.is_absolute() or ".." in path.parts:
        raise ValueError("must be a folder inside the branch, such as deploy/staging")
    return path


def hosts(value: object) -> dict[str, str]:
    """Only what is legal for itself; whether patterns meet is asked when all are known."""
    if not isinstance(value, Mapping) or not value:
        raise ValueError("must name at least one host, such as {web: ${staging}.shop.example.com}")
    return {str(name): str(pattern).lower() for name, pattern in value.items()}


def host_name_mistake(name: str) -> str | None:
    if re.fullmatch("[A-Za-z][A-Za-z0-9_-]{0,39}", name):
        return None
    return "must be named with letters, digits and dashes, so that ${url.NAME} can mean it"


def host_pattern_mistake(pattern: object) -> str | None:
    return (
        pattern_mistake(pattern) if isinstance(pattern, str) else "must be a host, such as ${staging}.shop.example.com"
    )


def choice(*allowed: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value in allowed:
            return str(value)
        raise ValueError(f"must be {' or '.join(allowed)}")

    return read


def engine(value: object) -> str:
    return choice("kubernetes", "local")(value)


def origin(value: object) -> str:
    """Where the URL probe dials from."""
    return choice("bot", "cluster", "off")(value)


def channel(value: object) -> str:
    """A channel's name or id. YAML reads an unquoted # as a comment, so it may be left out."""
    if value is None:
        raise ValueError("is empty; write the channel without #")
    name = text("a Slack channel, such as stagings")(value).removeprefix("#")
    if not re.fullmatch(r"[^\s#@<>,:!]{1,80}", name):
        raise ValueError("must be a Slack channel, such as stagings")
    return name


def duration(value: object) -> timedelta:
    return parse_duration(str(value or ""))


def duration_or_none(value: object) -> timedelta:
    """`none` is no time at all."""
    if value == "none":
        return timedelta()
    try:
        return duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, or none") from None


def ttl(value: object) -> timedelta | None:
    if value == "never":
        return None
    try:
        return duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, or never") from None


def env(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError("must be names with values, such as {PAYMENTS: sandbox}")
    return {str(name): str(one) for name, one in value.items()}


def mapping(what: str) -> Callable[[object], dict[str, Any]]:
    """Names with anything; nothing is none of them. `what` says what it is."""

    def read(value: object) -> dict[str, Any]:
        if value is not None and not isinstance(value, dict):
            raise ValueError(f"must be {what}")
        return value or {}

    return read


def value(said: object) -> str:
    """One value of the environment."""
    if not isinstance(said, str):
        raise ValueError("must be text; '' is the empty one")
    if "\0" in said:
        raise ValueError("must not hold a NUL character")
    return said


def choices(said: object) -> tuple[str, ...]:
    if not isinstance(said, list) or not said or not all(isinstance(one, str) for one in said):
        raise ValueError("must be a list of values, such as [sandbox, production]")
    return tuple(dict.fromkeys(said))


def boolean(value: object) -> bool:
    return choice("true", "false")(value) == "true"


def count(value: object) -> int:
    if isinstance(value, str) and re.fullmatch("[1-9][0-9]{0,5}", value):
        return int(value)
    raise ValueError("must be a whole number from 1 to 999999")


def secret_place(value: object) -> SecretPlace:
    """`SECRET/KEY`, or `env:NAME`. What looks like a value is not repeated."""
    said = value if isinstance(value, str) else ""
    if found := re.fullmatch("env:([A-Z_][A-Z0-9_]{0,99})", said):
        return SecretPlace(found[1])
    if found := re.fullmatch(rf"({_SECRET})/([A-Za-z0-9._-]{{1,253}})", said):
        return SecretPlace(found[2], found[1])
    raise ValueError(
        "must be where its value is, not the value: SECRET/KEY for a Secret in the bot's namespace, or env:NAME for a "
        "variable of the bot's environment, in capitals"
    )


def env_mistake(name: str, value: object) -> str | None:
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
        return "must be named with letters, digits and underscores, as environment variables are"
    if value is None:
        return "must have a value; '' is the empty one"
    if not isinstance(value, str):
        return "must be text"
    return "must not hold a NUL character" if "\0" in value else None


def unknown_references(text: object, known: Sequence[str]) -> list[str]:
    """The `${…}` in a text that mean nothing. `$${` is a literal `${`."""
    found = (match[1] for match in _REFERENCE.finditer(text) if match[1] is not None) if isinstance(text, str) else ()
    return [name for name in found if name not in known]


def people(value: object) -> tuple[str, ...]:
    """Who has a role: `everyone`, `@name` of a person or a user group, or a Slack id."""
    entries = value if isinstance(value, list) else [value]
    for entry in entries:
        if not isinstance(entry, str) or not re.fullmatch(r"everyone|@\S{1,80}|[UWS][A-Z0-9]{5,20}", entry):
            raise ValueError('must be everyone, or people and user groups such as ["@bob", "@platform"]')
    return tuple(entries)


def secrets(value: object) -> tuple[str, ...]:
    """Names of Kubernetes Secrets."""
    if not isinstance(value, list):
        raise ValueError("must be a list of Secrets' names, such as [registry-credentials]")
    for entry in value:
        if not isinstance(entry, str) or not re.fullmatch(_SECRET, entry):
            raise ValueError("must be names of Secrets, of a–z, 0–9, dashes and dots")
    return tuple(dict.fromkeys(value))


def user(value: object) -> str:
    """A person, not a group of them."""
    if isinstance(value, str) and re.fullmatch(r"@\S{1,80}|[UW][A-Z0-9]{5,20}", value):
        return value
    raise ValueError('must be a Slack user, such as "@alice" or U0123ABCD')


def label(value: object) -> str:
    """Of pull requests."""
    if isinstance(value, str) and value.strip() == value and 0 < len(value) <= 100 and value.isprintable():
        return value
    raise ValueError("must be the name of a label, such as staging")


def globs(value: object) -> tuple[str, ...]:
    """Of branches."""
    if not isinstance(value, list) or not value:
        raise ValueError('must be a list of branches or globs, such as ["feature/*", "!feature/wip-*"]')
    for entry in value:
        if not isinstance(entry, str) or not re.fullmatch(r"!?[^\s!~^:\\]+", entry):
            raise ValueError('must be branches or globs, such as "feature/*"; one that begins with ! takes out')
    return tuple(value)


DAY = 24 * 60
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def zone(value: object) -> str:
    name = text("a time zone such as Europe/Berlin")(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = difflib.get_close_matches(name, available_timezones(), 1)
        hint = f"; did you mean {close[0]}?" if close else "; say one such as Europe/Berlin"
        raise ValueError(f"{name} is no time zone{hint}") from None
    return name


def days(value: object) -> frozenset[int]:
    """Monday is 0."""
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed:
        raise ValueError(_NO_DAYS)
    return frozenset(day for one in listed for day in _days(one))


_NO_DAYS = "must be days, such as mon-fri, or [mon-thu, sat]"


def _days(value: object) -> list[int]:
    first, _, last = value.lower().partition("-") if isinstance(value, str) else ("", "", "")
    if first not in DAYS or (last or first) not in DAYS:
        raise ValueError(_NO_DAYS)
    start, end = DAYS.index(first), DAYS.index(last or first)
    return [(start + n) % 7 for n in range((end - start) % 7 + 1)]


def time_of_day(value: object) -> int:
    """In minutes since midnight; 24:00 is its end."""
    match = re.fullmatch(r"([01]?[0-9]|2[0-4]):([0-5][0-9])", value) if isinstance(value, str) else None
    minutes = 60 * int(match[1]) + int(match[2]) if match else DAY + 1
    if minutes > DAY:
        raise ValueError("must be a time of day such as 07:30")
    return minutes


def probe_path(value: object) -> str:
    path = text("a path such as /healthz")(value)
    if re.fullmatch(r"/[\x21-\x7e]*", path) and not path.startswith("//"):
        return path
    raise ValueError("must be a path such as /healthz")


def address(value: object) -> str:
    match = (
        re.fullmatch(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})", value) if isinstance(value, str) else None
    )
    if match and 1 <= int(match[2]) <= 65535:
        return match[0]
    raise ValueError("must be a host and a port, such as 10.0.0.7:443")


def codes(value: object) -> tuple[int, ...]:
    if isinstance(value, list) and all(isinstance(one, str) and re.fullmatch("[1-5][0-9]{2}", one) for one in value):
        return tuple(dict.fromkeys(int(one) for one in value))
    raise ValueError("must be a list of status codes from 100 to 599, such as [404]")


def seconds(value: object) -> float:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", value) and 0.1 <= float(value) <= 60:
        return float(value)
    raise ValueError("must be seconds from 0.1 to 60")


def parts(url: str) -> SplitResult:
    try:
        found = urlsplit(url)
        if found.port == 0:
            raise ValueError
    except ValueError:
        raise ValueError("must be a URL whose host and port are legal") from None
    return found
