"""The few files of a chart that say what it is: of a folder or an archive, whatever anybody has put there."""

import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from bot.domain.objects import mapping
from bot.render.source import MAX_FILE_BYTES, mapping_in

NAMES = ("Chart.yaml", "values.yaml", "values.schema.json")
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ChartFiles:
    """`texts` by name, empty if there is none that can be read. `charts`: the keys of values that are for other charts
    in it."""

    texts: Mapping[str, str]
    charts: Sequence[str]


def chart_files(chart: Path, most: int = MOST_BYTES) -> ChartFiles:
    """What can't be read is not there. `most`: bytes that an archive may unpack to."""
    contents: dict[str, bytes] = {}
    within: set[str] = set()
    try:
        for path, content in _of_folder(chart) if chart.is_dir() else _of_archive(chart, most):
            match PurePosixPath(path).parts:
                case (name,):
                    contents.setdefault(name, content)
                case ("charts", name, *_):
                    within.add(name)
    except (OSError, tarfile.TarError, EOFError):
        pass  # cut short: what came before it counts
    texts = {name: _decoded(contents.get(name, b"")) for name in NAMES}
    return ChartFiles(texts, [*dict.fromkeys([*_depends_on(texts["Chart.yaml"]), *sorted(within)])])


def _of_folder(chart: Path) -> Iterator[tuple[str, bytes]]:
    for name in NAMES:
        if (chart / name).is_file():
            with (chart / name).open("rb") as stream:
                yield name, _content(stream)
    for beside in (chart / "charts").glob("*/Chart.yaml"):
        yield beside.relative_to(chart).as_posix(), b""


def _of_archive(chart: Path, most: int) -> Iterator[tuple[str, bytes]]:
    """Without the folder that all of it is in."""
    room = most
    with tarfile.open(chart) as archive:
        for member in archive:
            room -= member.size
            if room < 0:
                return
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])
            stream = archive.extractfile(member) if member.isfile() and path.name in NAMES else None
            if stream:
                yield path.as_posix(), _content(stream)


def _content(stream: IO[bytes]) -> bytes:
    """Nothing of what nobody would read."""
    content = stream.read(MAX_FILE_BYTES + 1)
    return content if len(content) <= MAX_FILE_BYTES else b""


def _decoded(content: bytes) -> str:
    return content.decode("utf-8-sig", errors="replace")


def _depends_on(text: str) -> Iterator[str]:
    listed = mapping_in(text).get("dependencies")
    for one in listed if isinstance(listed, list) else []:
        name = mapping(one).get("alias") or mapping(one).get("name")
        if isinstance(name, str):
            yield name
