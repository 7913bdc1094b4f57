"""Whatever a branch or octopod.yaml holds is taken or refused in its place, in bounded time, and never a traceback."""

from pathlib import Path

import hostile_yaml
import pytest
from builders import a_staging
from fuzz_kit import INPUTS, SAMPLE, bounded, check_text, inputs, jsonable
from render_kit import LOCAL, facts

from bot.domain.errors import ConfigError, PermanentError
from bot.domain.events import NoticeKind, Where
from bot.local.reader import read_release
from bot.projects import load_projects
from bot.render.plain import PlainRenderer
from bot.slack.findings import Around
from bot.slack.notices import notice

# What the readers take at most is 1024 kB of a manifest and 256 kB of octopod.yaml.
LARGE = dict(hostile_yaml.exhausting(1_000_000 if INPUTS > SAMPLE else 60_000))
LESS = dict(hostile_yaml.exhausting(250_000 if INPUTS > SAMPLE else 20_000))


@pytest.mark.timeout(1800)
def test_manifests_are_taken_or_refused(tmp_path: Path) -> None:
    for _, chance in inputs("manifests"):
        rendered(tmp_path, hostile_yaml.file(chance, hostile_yaml.MANIFESTS))


@pytest.mark.timeout(1800)
def test_configurations_are_taken_or_refused(tmp_path: Path) -> None:
    for _, chance in inputs("octopod.yaml"):
        loaded(tmp_path, hostile_yaml.file(chance, [hostile_yaml.CONFIGURATION]))


@pytest.mark.parametrize("name", LARGE)
def test_what_would_exhaust_its_reader_is_refused(tmp_path: Path, name: str) -> None:
    with bounded(f"manifests: {name}"):
        rendered(tmp_path, LARGE[name])
    with bounded(f"octopod.yaml: {name}"):
        loaded(tmp_path, LESS[name])


def rendered(folder: Path, content: bytes) -> None:
    """Through the renderer and what the local engine then reads; a refusal as it is told in Slack."""
    (folder / "deploy").mkdir(exist_ok=True)
    (folder / "deploy" / "a.yaml").write_bytes(content)
    try:
        objects = PlainRenderer().render(folder, facts(), LOCAL)
        jsonable(objects)
        read_release(objects)
    except PermanentError as error:
        said = {"actor": "U01ALICE", "release": "r1", "number": 1, "reason": error.text, "next_step": error.next_step}
        said |= {"details": list(error.details), "serves": None}
        check_text(notice(NoticeKind.FAILED, Where.THREAD, said, a_staging(owner="U01ALICE"), Around()))


def loaded(folder: Path, content: bytes) -> None:
    file = folder / "octopod.yaml"
    file.write_bytes(content)
    try:
        load_projects(file)
    except ConfigError as error:
        assert error.mistakes and all(mistake.startswith("octopod.yaml") for mistake in error.mistakes)
