"""What is wrong with `health_checks:` and `people:` in octopod.yaml that a schema can't see."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.projects import environment, fields
from bot.projects.health import METHODS, CheckKeys
from bot.projects.places import Document, Keys, Mistake

# Said by the bot, or by what carries the request.
_OWN_HEADERS = {
    "host": "is the staging's own; say which by `host`",
    "user-agent": "is the bot's own, so that checks are told from visits; leave it out",
    "content-length": "is set by what is sent; leave it out",
    "transfer-encoding": "is set by what is sent; leave it out",
    "connection": "is the bot's own; leave it out",
}
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_OF_HTTP = {field.alias or key for key, field in CheckKeys.model_fields.items()} - {"name", "seconds", "tcp"}


def mistakes(document: Document, at: Keys, project: Mapping[str, Any], hosts: Mapping[str, Any]) -> Iterator[Mistake]:
    yield from _of_people(document, (*at, "people"), project.get("people"))
    said = project.get("health_checks")
    secrets = environment.secret_keys(project)
    inside, names = _mapping(project.get("url_probe")).get("from") == "cluster", set[str]()
    for index, check in enumerate(said if isinstance(said, list) else ()):
        if isinstance(check, Mapping):
            place = (*at, "health_checks", index)
            yield from _of_name(document, place, check.get("name"), names)
            yield from _of_check(document, place, check, hosts)
            yield from _of_headers(document, place, check)
            if inside and "tcp" not in check:
                yield from _of_inside(document, place, check)
            yield from _of_texts(document, (*place, "headers"), check.get("headers"), secrets)
            form = _mapping(check.get("session")).get("form")
            yield from _of_texts(document, (*place, "session", "form"), form, secrets)


def _of_people(document: Document, at: Keys, said: object) -> Iterator[Mistake]:
    addresses: set[str] = set()
    for address in _mapping(said):
        if not re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", address):
            text = "must be an e-mail address, as commits have it, such as alice@home.example"
            yield document.mistake((*at, address), text, at_key=True)
        if address.lower() in addresses:
            yield document.mistake((*at, address), "is here twice; capitals do not tell addresses apart", at_key=True)
        addresses.add(address.lower())


def _of_name(document: Document, at: Keys, name: object, names: set[str]) -> Iterator[Mistake]:
    if not isinstance(name, str):
        return
    if name.lower() in names:
        yield document.mistake((*at, "name"), f"another check is called {name} already")
    names.add(name.lower())


def _of_check(document: Document, at: Keys, check: Mapping[str, Any], hosts: Mapping[str, Any]) -> Iterator[Mistake]:
    if "tcp" in check:
        for key in [key for key in check if key in _OF_HTTP]:
            yield document.mistake((*at, key), "is for HTTP, and tcp only connects; leave one out", at_key=True)
        names = ["staging", "namespace", *(f"host.{name}" for name in hosts)]
        yield from environment.reference_mistakes(document, (*at, "tcp"), check["tcp"], names)
    host = check.get("host")
    if isinstance(host, str) and host and host not in hosts:
        close = difflib.get_close_matches(host, hosts, 1)
        hint = f"did you mean {close[0]}?" if close else f"they are {', '.join(hosts)}"
        yield document.mistake((*at, "host"), f"is none of the project's hosts; {hint}")
    if str(check.get("method")).upper() == "HEAD":
        for key in check.keys() & {"contains", "json"}:
            yield document.mistake((*at, key), "looks into a body, and HEAD has none; say method: GET", at_key=True)
    if "redirect" in check and any(not code.startswith("3") for code in _codes(check.get("status"))):
        yield document.mistake((*at, "status"), "must be 3xx with redirect, as nothing else leads anywhere")


def _codes(said: object) -> list[str]:
    return [code for code in (said if isinstance(said, list) else [said]) if isinstance(code, str)]


def _of_headers(document: Document, at: Keys, check: Mapping[str, Any]) -> Iterator[Mistake]:
    for name in _mapping(check.get("headers")):
        place, own = (*at, "headers", name), _OWN_HEADERS.get(name.lower())
        if own is None and name.lower() == "cookie" and "session" in check:
            own = "is what session brings; leave one out"
        if own:
            yield document.mistake(place, own, at_key=True)
        elif not _HEADER.fullmatch(name):
            yield document.mistake(place, "must be named as HTTP headers are, such as X-Api-Key", at_key=True)


def _of_inside(document: Document, at: Keys, check: Mapping[str, Any]) -> Iterator[Mistake]:
    """The API server takes GET alone from the bot, and Authorization for itself."""
    why = "is not possible with url_probe.from: cluster, which asks through the API server"
    if "session" in check:
        yield document.mistake((*at, "session"), why, at_key=True)
    if str(check.get("method", "GET")).upper() in {*METHODS} - {"GET"}:
        yield document.mistake((*at, "method"), f"{why}; it only takes GET", at_key=True)
    for name in _mapping(check.get("headers")):
        if name.lower() == "authorization":
            yield document.mistake((*at, "headers", name), f"{why} and keeps this header for itself", at_key=True)


def _mapping(said: object) -> Mapping[str, Any]:
    return said if isinstance(said, Mapping) else {}


def _of_texts(document: Document, at: Keys, said: object, secrets: Sequence[str]) -> Iterator[Mistake]:
    known = [f"secret.{key}" for key in secrets]
    for key, text in _mapping(said).items():
        for name in fields.unknown_references(text, known):
            wrong = f"${{{name}}} is no secret of the project or of its profiles; {_meant(name, secrets)}"
            yield document.mistake((*at, key), wrong)


def _meant(name: str, secrets: Sequence[str]) -> str:
    close = difflib.get_close_matches(name.removeprefix("secret."), secrets, 1)
    if close:
        return f"did you mean ${{secret.{close[0]}}}?"
    if not secrets:
        return "there are none; `secrets:` says where they are"
    return f"known are {', '.join(f'${{secret.{key}}}' for key in secrets)}"
