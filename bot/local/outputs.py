"""What a staging's workloads have said last, for people to read."""

from collections.abc import Mapping, Sequence
from itertools import chain

from bot.domain.errors import UserError
from bot.domain.redaction import Redactor
from bot.local import words
from bot.local.context import key_of, pod_of
from bot.local.folders import StagingFolder
from bot.local.logs import tail_with_previous
from bot.local.spec import Release, Workload

ByRelease = Mapping[str, Release]


def read_outputs(
    folder: StagingFolder, known: ByRelease, asked: str | None, lines: int, redactor: Redactor
) -> dict[str, list[str]]:
    """`known`: the newest release first; where a workload is in several, its newest output is meant. Blocking.

    Raises UserError if `asked` is none of them.
    """
    names = list(
        dict.fromkeys(
            workload.name for workload in chain.from_iterable(release.workloads for release in known.values())
        )
    )
    if asked is not None and asked not in names:
        there_are = f"there are {', '.join(names)}" if names else "it has none"
        raise UserError(f"This staging has no workload {asked}: {there_are}.", suggestions=names)
    found: dict[str, list[str]] = {}
    for release, spec in known.items():
        for name in names if asked is None else [asked]:
            same = [workload for workload in spec.workloads if workload.name == name]
            if same and name not in found:
                found[name] = words.merge_lines(_tails(folder, release, same, lines, redactor), lines)
    return found


def _tails(
    folder: StagingFolder, release: str, workloads: Sequence[Workload], lines: int, redactor: Redactor
) -> dict[str, Sequence[str]]:
    """By process. A Deployment and a Job may have the same name: then both are told."""
    tails: dict[str, Sequence[str]] = {}
    for workload in workloads:
        for replica in range(workload.replicas):
            for container in (*workload.init, *workload.containers):
                said = tail_with_previous(folder.output(release, key_of(workload, replica, container)), lines)
                if said or container in workload.containers:
                    tails[f"{pod_of(workload, replica)} {container.name}"] = redactor.lines(said)
    return tails
