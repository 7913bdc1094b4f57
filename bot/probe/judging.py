"""What an answer means for a health check, and in which words. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from bot.domain.checks import HealthCheck

MOST_BYTES = 256 * 1024
LONGEST = 60
# What is quoted of answers passes through this: without secrets, and short.
Hide = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Answer:
    """`url`: what was asked. `location`: where the answer leads, as it says it. `body`: its first bytes, as text, if
    they were read; `whole`: there were no more."""

    url: str
    status: int
    location: str = ""
    body: str = ""
    whole: bool = True


class _Nothing(Exception):
    pass


def asked_for(check: HealthCheck) -> str:
    """How a request is called: `/login`, or `POST /login of api`."""
    method = "" if check.method == "GET" else f"{check.method} "
    of = f" of {check.host}" if check.host else ""
    return f"`{method}{short(check.path)}`{of}"


def judged(check: HealthCheck, answer: Answer, hide: Hide) -> tuple[bool, str]:
    """Whether it passes, and what came back, as one clause."""
    said = f"{asked_for(check)} answers {answer.status}"
    if not _accepted(check, answer.status):
        return False, said + _expected(check) + _leading(answer, hide)
    for wrong in (
        _redirect_mistake(check, answer, hide),
        _text_mistake(check, answer),
        _json_mistake(check, answer, hide),
    ):
        if wrong:
            return False, said + wrong
    return True, said


def reads_body(check: HealthCheck) -> bool:
    """Else it is not read: what streams for ever answers, too."""
    return bool(check.contains or check.json)


def short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _accepted(check: HealthCheck, status: int) -> bool:
    if check.status:
        return status in check.status
    return 300 <= status < 400 if check.redirect else 200 <= status < 300


def _expected(check: HealthCheck) -> str:
    if check.status:
        return f", not {' or '.join(map(str, check.status))}"
    return f" and does not lead to {short(check.redirect)}" if check.redirect else ""


def _leading(answer: Answer, hide: Hide) -> str:
    return f" (to {hide(answer.location)})" if answer.location and 300 <= answer.status < 400 else ""


def _redirect_mistake(check: HealthCheck, answer: Answer, hide: Hide) -> str:
    if check.redirect is None or leads(answer.url, answer.location, check.redirect):
        return ""
    there = f"to {hide(answer.location)}" if answer.location else "nowhere"
    return f" and leads {there}, not to {short(check.redirect)}"


def leads(url: str, location: str, where: str) -> bool:
    """Whether a redirect leads there. A path is one of the same host; a query counts if `where` has one.

    The scheme of a path does not: behind a proxy that ends TLS, many applications do not know theirs.
    """
    if not location:
        return False
    try:
        found, meant = urlsplit(urljoin(url, location)), urlsplit(urljoin(url, where))
        same = (found.hostname, found.path or "/") == (meant.hostname, meant.path or "/")
        place = where.startswith("/") or (found.scheme, found.port) == (meant.scheme, meant.port)
    except ValueError:
        return False
    return same and place and (not meant.query or found.query == meant.query)


def _text_mistake(check: HealthCheck, answer: Answer) -> str:
    if check.contains in answer.body:
        return ""
    where = "" if answer.whole else " in its first 256 KiB"
    return f", but without “{short(check.contains)}”{where}"


def _json_mistake(check: HealthCheck, answer: Answer, hide: Hide) -> str:
    if not check.json:
        return ""
    if not answer.whole:
        return ", but its JSON is longer than 256 KiB"
    try:
        # Numbers as they are written.
        data = json.loads(answer.body, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return ", but no JSON"
    wrong = (_value_mistake(data, path, value, hide) for path, value in check.json.items())
    return next((f", but {text}" for text in wrong if text), "")


def _value_mistake(data: Any, path: str, value: str, hide: Hide) -> str:
    try:
        found = _text(_at(data, path))
    except _Nothing:
        return f"`{short(path)}` is not there"
    return "" if found == value else f"`{short(path)}` is “{hide(found)}”, not “{short(value)}”"


def _at(data: Any, path: str) -> Any:
    """Of lists, by number from 0."""
    for part in path.split("."):
        if isinstance(data, Mapping) and part in data:
            data = data[part]
        elif isinstance(data, list) and part.isdecimal() and int(part) < len(data):
            data = data[int(part)]
        else:
            raise _Nothing
    return data


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
