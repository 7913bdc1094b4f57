"""What a chart or a template has by way of values, for suggestions only. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class KnownValue:
    """`default`: as it would be typed, cut; None if none is said. `choices`: the only values that its schema takes."""

    default: str | None = None
    description: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Learned:
    """`values` by dotted key. `source`: in words of our own, what they were learned of; another one has others."""

    source: str = ""
    values: Mapping[str, KnownValue] = field(default_factory=dict)
