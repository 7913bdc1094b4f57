"""Two stagings, two releases, or a staging and the defaults, side by side. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.configuration import Difference
from bot.domain.model import Release, Staging


@dataclass(frozen=True, slots=True)
class Comparison:
    """`staging` as its newest release is, against `against`, which is called `name`; None: the project's defaults."""

    staging: Staging
    name: str
    against: Release | None
    found: Sequence[Difference]
