"""What a browser would send along with a form: its hidden fields, and the cookies it was given."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from html.parser import HTMLParser
from http.cookies import Morsel, SimpleCookie

_OF_SESSION = 8


class Cookies(dict[str, str]):
    """By name, as they are sent. Of one host, so that neither domain nor path is asked."""

    def take(self, given: SimpleCookie) -> None:
        for name, cookie in given.items():
            if _is_over(cookie):
                self.pop(name, None)
            else:
                self[name] = cookie.coded_value

    @property
    def secrets(self) -> Collection[str]:
        """What is too long to be a setting."""
        return [value for value in self.values() if len(value) >= _OF_SESSION]

    @property
    def header(self) -> Mapping[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.items())} if self else {}


def _is_over(cookie: Morsel[str]) -> bool:
    """How applications take one away. The date that this is said with as well is in 1970."""
    return cookie["max-age"] == "0" or "1970" in cookie["expires"]


def hidden_fields(page: str, known: Collection[str]) -> dict[str, str]:
    """Those of the form that has fields of these names: tokens against forgery, without which it is refused."""
    forms = _Forms()
    with suppress(AssertionError):  # which the parser raises for odd declarations; what came before them counts
        forms.feed(page)
        forms.close()
    return dict(next((form.hidden for form in forms.found if form.names & set(known)), {}))


class _Form:
    def __init__(self) -> None:
        self.names: set[str] = set()
        self.hidden: dict[str, str] = {}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Form] = []
        self._open: _Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "form":
            self.found.append(opened := _Form())
            self._open = opened
        elif tag in ("input", "textarea", "select") and self._open and (name := said.get("name")):
            self._open.names.add(name)
            if (said.get("type") or "").lower() == "hidden":
                self._open.hidden[name] = said.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
