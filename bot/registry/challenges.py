"""`WWW-Authenticate` as registries send it: which way to say who asks. Pure. RFC 9110, section 11.6.1."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))\s*,?')
_SCHEME = re.compile(rf"[\s,]*({_TOKEN})(?:\s+|$|(?=,))")


@dataclass(frozen=True, slots=True)
class Challenge:
    """`scheme` and the names of `values` are in lower case."""

    scheme: str
    values: Mapping[str, str]


def parse(header: str) -> list[Challenge]:
    """What can be read of it, in its order; what follows something illegible is left out."""
    found, at = [], 0
    while scheme := _SCHEME.match(header, at):
        values, at = {}, scheme.end()
        while parameter := _PARAMETER.match(header, at):
            name, quoted, plain = parameter.groups()
            values[name.lower()] = plain or re.sub(r"\\(.)", r"\1", quoted or "")
            at = parameter.end()
        found.append(Challenge(scheme[1].lower(), values))
    return found


def best(header: str) -> Challenge | None:
    """Bearer before Basic; anything else is not spoken here."""
    known = {one.scheme: one for one in reversed(parse(header))}
    return known.get("bearer") or known.get("basic")
