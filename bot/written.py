"""Facts of the domain as plain JSON, and back: for the store, and for messages that are made later."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from bot.domain.checks import Stand
from bot.domain.finding import Finding
from bot.domain.status import Sign

_FINDING = TypeAdapter(Finding)
_STANDS, _SIGNS = TypeAdapter(tuple[Stand, ...]), TypeAdapter(tuple[Sign, ...])


def finding_json(finding: Finding) -> dict[str, Any]:
    """Without what is as by default."""
    written: dict[str, Any] = _FINDING.dump_python(finding, mode="json", exclude_defaults=True)
    return written


def facts_json(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Of a notice, in which a finding may stand."""
    return {name: finding_json(one) if isinstance(one, Finding) else one for name, one in facts.items()}


def facts_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `facts_json`."""
    return {name: finding_of(one) if name == "finding" else one for name, one in facts.items()}


def finding_of(written: Any) -> Finding:
    return _FINDING.validate_python(written)


def stands_json(stands: tuple[Stand, ...]) -> list[Any]:
    written: list[Any] = _STANDS.dump_python(stands, mode="json")
    return written


def stands_of(written: Any) -> tuple[Stand, ...]:
    return _STANDS.validate_python(written)


def signs_json(signs: tuple[Sign, ...]) -> list[Any]:
    written: list[Any] = _SIGNS.dump_python(signs, mode="json")
    return written


def signs_of(written: Any) -> tuple[Sign, ...]:
    return _SIGNS.validate_python(written)
