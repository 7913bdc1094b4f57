"""The values that a chart is given, as a file: whatever they hold, Helm reads back just that. Pure."""

import json
import re
from collections.abc import Mapping
from typing import Any

from bot.ports import RenderFacts
from bot.render.references import filled

# In JSON's text: the two halves of a character beyond the basic plane, one without the other, any other escape.
_ESCAPED = re.compile(r"\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|(u)d[89a-f][0-9a-f]{2}|.)")
OWN = "octopod"


def given(facts: RenderFacts, meaning: Mapping[str, Any], told: bool, mistakes: list[str]) -> dict[str, Any]:
    """`values:` with its references filled in, and, if it is to be `told`, what Octopod tells a chart.

    That is `global.octopod`, which subcharts see as well.
    """
    values: dict[str, Any] = filled(dict(facts.values), meaning, mistakes)
    if not told:
        return values
    everywhere = values.get("global") or {}
    if not isinstance(everywhere, dict):
        mistakes.append("octopod.yaml: values.global: must have keys of its own, as charts share them")
        return values
    return {**values, "global": {**everywhere, OWN: _told(facts, meaning)}}


def as_yaml(values: Mapping[str, Any]) -> str:
    """JSON in ASCII, but for characters beyond the basic plane, which YAML can't have in two halves."""
    text = json.dumps(values, allow_nan=False)
    return _ESCAPED.sub(_joined, text)


def _joined(found: re.Match[str]) -> str:
    if found[3]:
        return r"\ufffd"
    if found[1] is None:
        return found[0]
    whole = 0x10000 + ((int(found[1], 16) - 0xD800) << 10) + (int(found[2], 16) - 0xDC00)
    return f"\\U{whole:08x}"


def _told(facts: RenderFacts, meaning: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "staging": facts.name,
        "project": facts.project,
        "branch": facts.branch,
        "commit": facts.commit,
        "image": meaning.get("image", ""),
        "namespace": facts.namespace,
        "baseline": facts.baseline,
        "hosts": {name: meaning[f"host.{name}"] for name in facts.hosts},
        "urls": {name: meaning[f"url.{name}"] for name in facts.hosts},
    }
