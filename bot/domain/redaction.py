"""What must not be shown of other people's output: the secrets that are known, and what looks like one. Pure.

Too much hidden is a fault as well: whoever reads a log wants to know why something died. So a plain word is hidden
only where it stands as a password's value, however secret somebody has called it.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

HIDDEN = "•••"
OWN_CONFIG = "octopod-env"
SHORTEST_OWN = 4
# More would make each line slow. The longest are kept.
MOST_KNOWN = 500

_NAME = r"pass(?:word|wd|phrase)|pwd|secret|token|credentials?|(?:api|access|secret|private|signing|encryption)[_-]?key"
_SECRET_NAME = re.compile(rf"{_NAME}|pass\b|key\b|auth|salt|dsn|seed|cookie|jwt|hmac|signature", re.IGNORECASE)
_ONE_WORD = re.compile(r"[A-Za-z]?[a-z]{1,11}|[A-Z]{1,12}")
_WORDS = re.compile(r"[A-Za-z]?[a-z]+(?:[-_. /][a-z]+)*")
_NUMBERS = re.compile(r"[\d.:, -]+")
_LITERALS = re.compile(r"none|null|nil|undefined|true|false|\*+|•+", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)*[,;:]?|[A-Za-z_][\w.]*[(\[{].*")
_URL_PASSWORD = re.compile(r"[\w+.-]+://[^\s/:@]*:([^\s/]+)@")
_SETTING = re.compile(r"""\s*(?:export\s+)?["']?([\w.-]+)["']?\s*[=:]\s*["']?(.+?)["']?,?\s*""")

_LINE_OF_KEY = re.compile(r"[A-Za-z0-9+/=]{40,}|[A-Za-z0-9+/]{1,39}={0,2}")
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----")

_TOKENS = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"xox[a-z](?:\.xox[a-z])?-[\w-]{6,}|xapp-[\w-]{6,}|xwfp-[\w-]{6,}"  # Slack
    r"|gh[opusr]_\w{16,}|github_pat_\w{20,}|gl[a-z]{2,5}-[\w-]{16,}"  # GitHub, GitLab
    r"|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{35}|(?:sk|rk|pk)_(?:live|test)_\w{8,}|sk-[\w-]{20,}"  # clouds, payments
    r"|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|dckr_pat_[\w-]{16,}|SG\.[\w-]{16,}\.[\w-]{16,}|hv[sb]\.[\w-]{20,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"  # JSON Web Tokens
    r")"
)
_WEBHOOK = re.compile(r"(?<=hooks\.slack\.com/)[\w/]+")
_URL = re.compile(r"(?<=://)([^\s/:@]*)(:[^\s/]+)?@")
_AUTHORIZATION = re.compile(
    r"""(authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token|digest|apikey)\s+)[^\s"']+""", re.IGNORECASE
)
_BEARER = re.compile(r"\b((?:bearer|basic)\s+)([A-Za-z0-9._~+/-]{8,}=*)", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"""({_NAME})(["']?)(\s*)(=>|:=|=(?!=)|:(?!//))(\s*)("[^"]*"|'[^']*'|[^\s&;]+)""",
    re.IGNORECASE,
)


class Redactor:
    """`known`: secrets, as `secrets_in` gives them."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        longest_first = sorted(set(filter(None, known)), key=len, reverse=True)[:MOST_KNOWN]
        self._known = re.compile("|".join(map(_needle, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """One line, or a sentence."""
        if self._known:
            text = self._known.sub(HIDDEN, text)
        return shapes_hidden(text)

    def lines(self, lines: Sequence[str]) -> tuple[str, ...]:
        """As many as there were. Lines that belong together, as those of a key, are seen together."""
        return tuple(map(self.text, _without_keys(lines)))


def shapes_hidden(text: str) -> str:
    """Without what looks like a secret to anybody."""
    if "-----BEGIN" in text:
        text = re.sub(rf"({_BEGIN.pattern}).*?({_END.pattern}|$)", rf"\1{HIDDEN}\2", text)
    text = _WEBHOOK.sub(HIDDEN, _TOKENS.sub(HIDDEN, text))
    if "://" in text:
        text = _URL.sub(_userinfo, text)
    text = _AUTHORIZATION.sub(rf"\1{HIDDEN}", text)
    return _ASSIGNED.sub(_assignment, _BEARER.sub(_bearer, text))


def secrets_in(values: Mapping[str, str]) -> frozenset[str]:
    """What to look for of a Secret's decoded values, in the forms in which programs print them."""
    return frozenset(found for name, value in values.items() for found in _parts(name, value))


def secrets_of(objects: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Of all Secrets among these objects of Kubernetes, as its API has them. What is no text is left out."""
    secrets = [thing for thing in objects if thing.get("kind", "Secret") == "Secret"]
    found = {part for thing in secrets for part in secrets_in(_decoded(thing))}
    return frozenset(found | {value for thing in secrets if _is_own(thing) for value in _plain(_decoded(thing))})


def _is_own(thing: Mapping[str, Any]) -> bool:
    metadata = thing.get("metadata")
    return isinstance(metadata, Mapping) and metadata.get("name") == OWN_CONFIG


def _plain(values: Mapping[str, str]) -> Iterator[str]:
    """What octopod.yaml calls secret is hidden whatever it looks like, unless that hid what every log says."""
    return (value for value in values.values() if len(value) >= SHORTEST_OWN)


def _decoded(secret: Mapping[str, Any]) -> dict[str, str]:
    plain = secret.get("stringData")
    found = {str(name): str(value) for name, value in plain.items()} if isinstance(plain, Mapping) else {}
    data = secret.get("data")
    for name, value in data.items() if isinstance(data, Mapping) else ():
        try:
            found.setdefault(str(name), base64.b64decode(str(value)).decode())
        except ValueError:
            continue
    return found


def _parts(name: str, value: str) -> Iterator[str]:
    value = value.strip()
    if value[:1] in ("{", "["):
        yield from _leaves(name, value)
    if "-----BEGIN CERTIFICATE" in value and not _BEGIN.search(value):
        return  # as public as can be
    lines = value.splitlines()
    if len(lines) > 1:
        for line in lines:
            setting = _SETTING.fullmatch(line)
            if setting:
                yield from _parts(setting[1], setting[2])
            elif len(line.strip()) >= 16 and not line.startswith("-----"):
                yield line.strip()
        return
    password = _URL_PASSWORD.match(value)
    if password:
        yield from _parts("password", unquote(password[1]))
    if _is_secret(name, value):
        yield from {value, quote(value, safe=""), base64.b64encode(value.encode()).decode()}


def _leaves(name: str, text: str) -> Iterator[str]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return
    open_ones: list[tuple[str, Any]] = [(name, whole)]
    while open_ones:
        name, value = open_ones.pop()
        if isinstance(value, dict):
            open_ones += [(str(key), inner) for key, inner in value.items()]
        elif isinstance(value, list):
            open_ones += [(name, inner) for inner in value]
        elif isinstance(value, str) and not value.startswith(("{", "[")):
            yield from _parts(name, value)


def _is_secret(name: str, value: str) -> bool:
    """Whether its value can be told from what any log says."""
    if _SECRET_NAME.search(name):
        return len(value) >= 6 and not _ONE_WORD.fullmatch(value)
    return len(value) >= 8 and not _WORDS.fullmatch(value) and not _NUMBERS.fullmatch(value)


def _needle(known: str) -> str:
    """Short ones only as a whole, not as a part of something longer."""
    return rf"(?<![A-Za-z0-9]){re.escape(known)}(?![A-Za-z0-9])" if len(known) < 8 else re.escape(known)


def _without_keys(lines: Sequence[str]) -> list[str]:
    """Private keys of several lines, of which the tail may have only the end."""
    found = list(lines)
    open_one = False
    for at, line in enumerate(found):
        begins, ends = _BEGIN.search(line), _END.search(line)
        if ends and not open_one and not begins:
            _hide_back(found, at)
        elif open_one and not ends:
            found[at] = HIDDEN
        open_one = bool(begins or open_one) and not ends
    return found


def _hide_back(lines: list[str], end: int) -> None:
    while end > 0 and _LINE_OF_KEY.fullmatch(lines[end - 1].strip()):
        end -= 1
        lines[end] = HIDDEN


def _userinfo(found: re.Match[str]) -> str:
    user, password = found[1], found[2]
    if password:
        return f"{user}:{HIDDEN}@"
    return f"{HIDDEN}@" if len(user) >= 16 else found[0]


def _bearer(found: re.Match[str]) -> str:
    value = found[2]
    secret = len(value) >= 20 or re.search(r"[\d=]", value)
    return found[1] + HIDDEN if secret else found[0]


def _assignment(found: re.Match[str]) -> str:
    name, quote_mark, before, sign, after, value = found.groups()
    bare = value.strip("\"'")
    rest = value[len(value.rstrip(",)]}\"'")) :] if value[0] not in "\"'" else ""
    if not bare.rstrip(",)]}\"'") or _LITERALS.fullmatch(bare.rstrip(",)]}\"'")):
        return found[0]
    quoted = value[0] in "\"'"
    if (
        sign == ":"
        and not quote_mark
        and (not after or not (_told_apart(bare) or (quoted and not _ONE_WORD.fullmatch(bare))))
    ):
        return found[0]
    if quoted:
        shown = value[0] + HIDDEN + value[0]
    elif sign != ":" and before and _CODE.fullmatch(bare):
        return found[0]
    else:
        shown = HIDDEN + rest
    return f"{name}{quote_mark}{before}{sign}{after}{shown}"


def _told_apart(value: str) -> bool:
    """`password: hunter22` is one, `token: expected` is a sentence."""
    return len(value) >= 6 and re.search(r"\d", value) is not None
