"""Snapshots: a workload says how its data is given out, a pod of another staging says where it wants a copy of it.

Both are annotations of pods. The first is the consent of whoever wrote the giver's manifests; so is the command.
"""

import json
from collections.abc import Collection, Iterator, Mapping

# How all of its data is written to standard output: a list of words as JSON, run in its first container.
SNAPSHOT = "octopod.dev/snapshot"
# Of which workload of the baseline's staging a copy is wanted, and where: CONTAINER:/PATH/OF/A/FILE.
SNAPSHOT_OF = "octopod.dev/snapshot-of"
SNAPSHOT_TO = "octopod.dev/snapshot-to"


def command(text: str) -> tuple[str, ...]:
    """Raises ValueError, in words that read on after the annotation's name."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list) or not found or not all(isinstance(word, str) for word in found):
        raise ValueError('must be a command as a JSON list, such as ["pg_dump", "--format=custom"]')
    return tuple(found)


def place(text: str) -> tuple[str, str]:
    """Container and path. Raises ValueError, in words that read on after the annotation's name."""
    container, colon, path = text.partition(":")
    if not container or not colon or not path.startswith("/") or path.endswith("/"):
        raise ValueError("must be a container and the path of a file in it, such as seed:/tmp/snapshot")
    return container, path


def mistakes(notes: Mapping[str, str], containers: Collection[str]) -> Iterator[tuple[str, str]]:
    """Annotation and what is wrong with it. `containers`: names of the pod's, those that prepare it as well."""
    if SNAPSHOT in notes:
        try:
            command(notes[SNAPSHOT])
        except ValueError as error:
            yield SNAPSHOT, str(error)
    for one, other in ((SNAPSHOT_OF, SNAPSHOT_TO), (SNAPSHOT_TO, SNAPSHOT_OF)):
        if one in notes and other not in notes:
            yield one, f"needs {other} beside it"
    if SNAPSHOT_TO in notes:
        try:
            container, _ = place(notes[SNAPSHOT_TO])
        except ValueError as error:
            yield SNAPSHOT_TO, str(error)
        else:
            if container not in containers:
                yield SNAPSHOT_TO, f"names the container {container}, which the pod does not have"
