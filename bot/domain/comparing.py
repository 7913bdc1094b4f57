"""Two stagings, two releases, or a staging and the defaults, side by side. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.configuration import Difference, Overrides, differences, effective
from bot.domain.model import Release, Staging
from bot.domain.project import Project


@dataclass(frozen=True, slots=True)
class Comparison:
    """`staging` as its newest release is, against `against`, which is called `name`; None: the project's defaults."""

    staging: Staging
    name: str
    against: Release | None
    found: Sequence[Difference]


def with_defaults(staging: Staging, project: Project) -> Comparison:
    defaults = effective(project, Overrides())
    return Comparison(staging, "defaults", None, differences(defaults, staging.attempt.configuration))


def with_release(staging: Staging, name: str, other: Release) -> Comparison:
    return Comparison(staging, name, other, differences(other.configuration, staging.attempt.configuration))
