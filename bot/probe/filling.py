"""What stands in a health check for what a staging has: its secrets, its hosts. And that no secret comes back."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote, quote_plus, urlsplit

from bot.domain.checks import HealthCheck
from bot.domain.redaction import HIDDEN, secrets_in, shapes_hidden
from bot.ports import CheckFacts
from bot.probe.judging import short

_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}")
_LOOKED_AT = 2000
_LINES = re.compile(r"[\r\n\0]")


class CantAsk(Exception):
    """A check can't be made, which says nothing of the staging. The text says why."""


def url_of(check: HealthCheck, facts: CheckFacts) -> str:
    """Raises CantAsk."""
    if check.host and check.host not in facts.urls:
        raise CantAsk(f"this staging has no host called {check.host}")
    url = facts.urls[check.host] if check.host else next(iter(facts.urls.values()), "")
    if not url:
        raise CantAsk("this staging has no URL")
    return url.rstrip("/")


def address_of(check: HealthCheck, facts: CheckFacts) -> str:
    """HOST:PORT of a check over TCP. Raises CantAsk."""
    meanings = {"staging": facts.name, "namespace": facts.namespace}
    meanings |= {f"host.{name}": urlsplit(url).hostname or "" for name, url in facts.urls.items()}

    def meant(name: str) -> str:
        if name not in meanings:
            raise CantAsk(f"`${{{name}}}` means nothing for this staging")
        return meanings[name]

    return _filled(check.tcp, meant)


def headers_of(check: HealthCheck, facts: CheckFacts) -> dict[str, str]:
    """Raises CantAsk."""
    return {name: _in_header(name, with_secrets(text, facts.secrets)) for name, text in check.headers.items()}


def with_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """Raises CantAsk."""

    def meant(name: str) -> str:
        key = name.removeprefix("secret.")
        if key not in secrets:
            raise CantAsk(f"it needs the secret `{key}`, which this staging does not have")
        return secrets[key]

    return _filled(text, meant)


def hiding(secrets: Iterable[str]) -> Callable[[str], str]:
    """For what is quoted of an answer: nothing of it is shown if a secret is in it."""
    forms = {form for value in secrets if value for form in _forms(value)}

    def hide(text: str) -> str:
        if any(form in text for form in forms):
            return HIDDEN
        return short(" ".join(shapes_hidden(text[:_LOOKED_AT]).split()))

    return hide


def _forms(value: str) -> set[str]:
    value = value.strip() or value
    written = {value, json.dumps(value)[1:-1], quote(value), quote(value, safe=""), quote_plus(value)}
    return written | secrets_in({"secret": value})


def _filled(text: str, meant: Callable[[str], str]) -> str:
    return _REFERENCE.sub(lambda found: "${" if found[1] is None else meant(found[1]), text)


def _in_header(name: str, value: str) -> str:
    """Files often end with a line break that is no part of the secret in them."""
    value = value.strip()
    if _LINES.search(value):
        raise CantAsk(f"what goes into its header {name} has several lines")
    return value
