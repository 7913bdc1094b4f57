"""Words for what stagings can have in common when they break: `node worker-2`, `registry ghcr.io`,
`dns payments.example.com`, `address payments.example.com:443`, `PAYMENTS=production`. Pure.

A word is evidence only if it can't be another thing in each of them: what is the staging's own makes none.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from ipaddress import ip_address

from bot.domain.status import Sign, SignKind


class WordKind(StrEnum):
    NODE = "node"
    REGISTRY = "registry"
    DNS = "dns"
    ADDRESS = "address"
    VALUE = "value"


RESOLVER = "dns resolver"
"""No name at all could be looked up."""

_OF_SIGN = {SignKind.NODE: "node", SignKind.EVICTED: "node", SignKind.IMAGE: "registry"}

# The bot cuts lines of logs long before that; no pattern below should have to look at more.
_LONGEST = 1000
_UNREACHED = re.compile(
    r"refused|timed[ -]?out|time-?out|unreachable|no route to host|reset by peer|deadline exceeded"
    r"|E(?:CONNREFUSED|TIMEDOUT|HOSTUNREACH|NETUNREACH|CONNRESET)\b|(?:failed|could not|unable) to connect"
    r"|can(?:no|')t connect",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"name or service not known|no such host|NXDOMAIN|ENOTFOUND|nodename nor servname|unknown ?host"
    r"|could not resolve|failed to resolve|could not translate host name|name does not resolve|server misbehaving",
    re.IGNORECASE,
)
_NO_RESOLVER = re.compile(r"temporary failure in name resolution|EAI_AGAIN", re.IGNORECASE)

_NAME = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}[a-z][a-z0-9-]{0,61}[a-z0-9]"
_IP = r"\d{1,3}(?:\.\d{1,3}){3}"
_URL = re.compile(
    rf"\b([a-z][a-z0-9+.-]{{1,20}})://(?:[^\s/@]{{0,200}}@)?({_NAME}|{_IP})(?::(\d{{1,5}}))?(?![\w.-])", re.IGNORECASE
)
_PAIR = re.compile(rf"(?<![\w.@/-])({_NAME}|{_IP}):(\d{{1,5}})(?!\w|:\d|->)", re.IGNORECASE)
# What libraries make of it: curl, psql, urllib3.
_APART = re.compile(rf"(?<![\w.-])({_NAME}|{_IP})[\"')]*(?: \({_IP}\))?,? port[ =](\d{{1,5}})(?!\d)", re.IGNORECASE)
_LONE = re.compile(rf"(?<![\w.@/-])({_NAME})(?![\w-])(?!\.\w)(?!\()", re.IGNORECASE)

_PORTS = {
    "http": 80,
    "https": 443,
    "postgres": 5432,
    "postgresql": 5432,
    "mysql": 3306,
    "redis": 6379,
    "rediss": 6379,
    "amqp": 5672,
    "amqps": 5671,
    "mongodb": 27017,
}
# `server.py:42` is a line of a program, `net.ConnectException` a class.
_NOT_HOSTS = re.compile(
    r".*\.(?:py|pyc|js|mjs|cjs|ts|tsx|jsx|go|rb|java|kt|scala|rs|php|c|cc|cpp|h|hpp|cs|ex|exs|sh|sql|log|txt|json|ya?ml"
    r"|html?|css|conf|cfg|ini|toml|\w*(?:exception|error))",
    re.IGNORECASE,
)


def kind(word: str) -> WordKind:
    """Of what is neither, it is a value of the configuration."""
    first, space, _ = word.partition(" ")
    return WordKind(first) if space and first in _KINDS else WordKind.VALUE


_KINDS = frozenset(WordKind) - {WordKind.VALUE}


def sign_word(sign: Sign) -> str:
    """The node or the registry that it tells about; "" if none is known."""
    of = _OF_SIGN.get(sign.kind)
    return f"{of} {sign.of}" if of and sign.of else ""


def sign_words(signs: Iterable[Sign]) -> tuple[str, ...]:
    return _each_once(word for sign in signs if (word := sign_word(sign)))


def words(texts: Iterable[str], own: Collection[str] = ()) -> tuple[str, ...]:
    """What is said there not to be reachable or known, each once: of reasons, and of the last lines of logs.

    `own`: host names of the staging itself, and its namespace. Also left out is what is another thing in each staging:
    this machine, and names without a dot.
    """
    lines = (line[:_LONGEST] for text in texts for line in text.splitlines())
    mine = frozenset(name.lower() for name in own)
    return _each_once(word for line in lines for word in _words(line, mine))


def _words(line: str, own: frozenset[str]) -> Iterator[str]:
    if _NO_RESOLVER.search(line):
        yield RESOLVER
    elif _NO_NAME.search(line):
        yield from (f"dns {host}" for host in _hosts(line) if _elsewhere(host, own))
    elif _UNREACHED.search(line):
        yield from (f"address {host}:{port}" for host, port in _addresses(line) if _elsewhere(host, own))


def _hosts(line: str) -> Iterator[str]:
    for found in _URL.finditer(line):
        yield found[2].lower()
    for found in _LONE.finditer(_URL.sub(" ", line)):
        yield found[1].lower()


def _addresses(line: str) -> Iterator[tuple[str, int]]:
    for scheme, host, port in _URL.findall(line):
        number = int(port) if port else _PORTS.get(scheme.lower(), 0)
        yield host.lower(), number
    rest = _URL.sub(" ", line)
    for host, port in (*_PAIR.findall(rest), *_APART.findall(rest)):
        yield host.lower(), int(port)


def _elsewhere(host: str, own: frozenset[str]) -> bool:
    labels = host.split(".")
    if labels[-1] == "localhost" or own.intersection((host, *labels)):
        return False
    if re.fullmatch(_IP, host):
        return _is_another_machine(host)
    return not _NOT_HOSTS.fullmatch(host)


def _is_another_machine(host: str) -> bool:
    try:
        ip = ip_address(host)
    except ValueError:
        return False
    return not (ip.is_loopback or ip.is_unspecified)


def _each_once(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
