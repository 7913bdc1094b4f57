"""Names: from a branch to a staging's name, and from a staging's name to its hosts and URLs.

A staging's name is one DNS label of at most 40 characters, so that it fits into a host, a namespace and a thread.
Host patterns are what `hosts:` in octopod.yaml holds: `${staging}.shop.example.com`, perhaps with a port.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Container, Iterator, Mapping

from bot.domain.errors import UserError

LONGEST_NAME = 40
STAGING = "${staging}"
# Nobody's staging is called so: at its host two are shown side by side.
COMPARING = "octopod-compare"
# So begin the names of throw-away stagings, and of no others.
WITNESS = "octopod-witness-"

_HASH = 5
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NAME = re.compile(rf"[a-z0-9](?:[a-z0-9-]{{0,{LONGEST_NAME - 2}}}[a-z0-9])?")
_PORT = re.compile(r":([0-9]{1,5})\Z")
_LONGEST_LABEL = 63
_LONGEST_HOST = 253
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
# Letters that look like ASCII to people, but that Unicode does not take apart.
_LATIN = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def staging_name(branch: str, taken: Callable[[str], bool] | Container[str] = ()) -> str:
    """The name of a branch's staging: always the same for the same branch, unless the name is `taken`.

    A short hash of the branch is added where the name alone would not say which branch it is: when letters were lost,
    when it had to be cut, and when another staging has the name. Raises UserError when every such name is taken.
    """
    base, whole = _slug(branch)
    is_taken = taken if callable(taken) else taken.__contains__
    if whole and not is_ours(base) and not is_taken(base):
        return base
    for name in _hashed_names(base.removeprefix("octopod-") if is_ours(base) else base, branch):
        if not is_taken(name):
            return name
    raise UserError(f"Every name for a staging of `{branch}` is taken. Choose one yourself: `deploy {branch} as NAME`.")


def valid_name(text: str) -> bool:
    """Whether people may name a staging so. Dashes in third and fourth place are reserved (RFC 5890, as in `xn--`)."""
    return _NAME.fullmatch(text) is not None and text[2:4] != "--" and not is_ours(text)


def witness_name(id: str) -> str:
    """Of the throw-away staging with this id, which no other has: at most 24 letters and digits."""
    return f"{WITNESS}{id}"


def namespace(project: str, staging: str) -> str:
    """The Kubernetes namespace of one staging. Two dashes, as `a-b` of `c` and `b-c` of `a` are not the same."""
    whole = f"{project}--{staging}"
    if len(whole) <= _LONGEST_LABEL:
        return whole
    return f"{whole[: _LONGEST_LABEL - _HASH - 1].rstrip('-')}-{_digest(whole)[:_HASH]}"


def host(pattern: str, staging: str) -> str:
    """The host of one staging, in lower case, with the pattern's port if it has one."""
    return pattern.replace(STAGING, staging).lower()


def hosts(patterns: Mapping[str, str], staging: str, port: int | None) -> dict[str, str]:
    """All hosts of one staging by name. `port` is added where a pattern names none."""
    suffix = "" if port is None else f":{port}"
    return {
        name: host(pattern, staging) + ("" if _PORT.search(pattern) else suffix) for name, pattern in patterns.items()
    }


def main_host(patterns: Mapping[str, str], staging: str, port: int | None) -> str:
    """The first one, that of the main URL; empty if a project has none."""
    return next(iter(hosts(patterns, staging, port).values()), "")


def could_be_host(pattern: str, host: str) -> bool:
    """Whether some staging's host, without port, could be this one."""
    before, _, after = without_port(pattern).partition(STAGING)
    label = host[len(before) : len(host) - len(after)]
    return host.startswith(before) and host.endswith(after) and _NAME.fullmatch(label) is not None


def url(scheme: str, host: str) -> str:
    """`https://shop.example.com`: without the port that the scheme implies."""
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS.get(scheme, ':'))}"


def without_port(host: str) -> str:
    """The host (or pattern) alone, as certificates, Ingresses and Host comparisons want it."""
    return _PORT.sub("", host)


def pattern_mistake(pattern: str) -> str | None:
    """What is wrong with a host pattern, in words that end a sentence about it; None if nothing is."""
    if pattern.count(STAGING) != 1 or "$" in pattern.replace(STAGING, ""):
        return f"must contain {STAGING} once, and nothing else but ${{project}}, such as {STAGING}.shop.example.com"
    port = _PORT.search(pattern)
    if port and not 1 <= int(port[1]) <= 65535:
        return "must have a port from 1 to 65535"
    # The longest name, so that a pattern that fits today does not fail on somebody's long branch.
    longest = without_port(host(pattern, "a" * LONGEST_NAME))
    if len(longest) > _LONGEST_HOST or any(len(label) > _LONGEST_LABEL for label in longest.split(".")):
        return f"is too long: with a name of {LONGEST_NAME} characters, a part may have 63 and the whole 253"
    if not all(_LABEL.fullmatch(label) for label in longest.split(".")):
        return "must be a host: letters a–z, digits and dashes, in parts joined by dots"
    if STAGING in pattern.rpartition(".")[2] or not re.search("[a-z]", longest.rpartition(".")[2]):
        return f"must end in a domain, such as {STAGING}.shop.example.com or {STAGING}.localhost"
    return None


def same_pattern(one: str, other: str) -> bool:
    """Whether two patterns mean the same host for every staging (ports don't tell hosts apart)."""
    return _bare(one) == _bare(other)


def patterns_meet(one: str, other: str) -> bool:
    """Whether two names could exist for which the patterns yield the same host.

    `${staging}.example.com` and `${staging}-api.example.com` meet: a branch may be called `x-api`.
    """
    prefix, _, suffix = _bare(one).partition(STAGING)
    other_prefix, _, other_suffix = _bare(other).partition(STAGING)
    left, leftis_ours = _difference(prefix, other_prefix)
    right, rightis_ours = _difference(suffix[::-1], other_suffix[::-1])
    if left is None or right is None:
        return False
    if not left or not right or leftis_ours == rightis_ours:
        return _could_be_name(f"{left}a{right[::-1]}")
    return _overlap(left, right[::-1])


def _slug(branch: str) -> tuple[str, bool]:
    """The branch in a–z, 0–9 and single dashes, and whether that still stands for the whole of it."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", branch).casefold().translate(_LATIN))
    letters = "".join(char for char in folded if not unicodedata.combining(char))
    slug = "-".join(re.findall("[a-z0-9]+", letters))
    whole = 0 < len(slug) <= LONGEST_NAME and not any(char.isalnum() and not char.isascii() for char in letters)
    return slug, whole


def is_ours(name: str) -> bool:
    """Whether a name is kept for what is no staging of people's."""
    return name == COMPARING or name.startswith(WITNESS)


def _hashed_names(base: str, branch: str) -> Iterator[str]:
    digest = _digest(branch)
    stem = base[: LONGEST_NAME - _HASH - 1].rstrip("-") or "branch"
    for start in range(0, len(digest) - _HASH, _HASH):
        yield f"{stem}-{digest[start : start + _HASH]}"


def _digest(text: str) -> str:
    # Branches may hold bytes that are not UTF-8; Python shows them as lone surrogates.
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _bare(pattern: str) -> str:
    return without_port(pattern).lower()


def _difference(one: str, other: str) -> tuple[str | None, bool]:
    """What the longer of two beginnings has beyond the shorter (None: they differ), and whether `one` is the longer."""
    if one.startswith(other):
        return one[len(other) :], True
    return (other[len(one) :], False) if other.startswith(one) else (None, False)


def _could_be_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _overlap(left: str, right: str) -> bool:
    """Whether names x and y exist with `left + x == y + right`."""
    if _could_be_name(f"{left}a") and _could_be_name(f"a{right}"):
        return True
    return any(
        right.startswith(left[cut:]) and _could_be_name(left[:cut]) and _could_be_name(right[len(left) - cut :])
        for cut in range(1, len(left) + 1)
    )
