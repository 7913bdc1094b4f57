"""The small parts: counting exits, finding processes again, free ports, files that are whole or not there."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from local_world import eventually, is_running

from bot.local import marks, processes, words
from bot.local.environment import Launch
from bot.local.folders import EngineFolder, move_tree, read_json, remove_tree, write_json
from bot.local.identity import Identity, group_lives, identity_of
from bot.local.loopback import FreePorts, is_free
from bot.local.pace import Pace
from bot.local.processes import start
from bot.local.streak import Streak, pause_after


def test_the_serving_release_is_retried_ever_more_calmly() -> None:
    pauses = [pause_after(exits, True, Pace()) for exits in (1, 2, 3, 6, 100)]
    assert pauses == [0.5, 1.0, 2.0, 15.0, 15.0]


def test_a_release_that_does_not_serve_yet_is_retried_at_once() -> None:
    assert [pause_after(exits, False, Pace()) for exits in (1, 2, 3, 50)] == [0.3, 0.6, 1.0, 1.0]


def test_a_streak_counts_exits_and_what_speaks_against_the_release() -> None:
    streak = Streak()
    streak.note("exited with code 1", 0.2, ("oops",), strike=False)
    streak.note("exited with code 2", None, (), strike=True)
    assert (streak.exits, streak.strikes, streak.last, streak.tail) == (2, 1, "exited with code 2", ())
    streak.begin_anew()
    assert (streak.exits, streak.strikes) == (0, 0)


@pytest.mark.parametrize(
    ("code", "text"),
    [(0, "exited with code 0"), (-9, "was ended by SIGKILL"), (-200, "was ended by signal 200"), (None, "ended")],
)
def test_exits_in_words(code: int | None, text: str) -> None:
    assert words.exit_text(code) == text


def test_a_single_failed_start_in_words() -> None:
    assert words.failed_start("web", "exited with code 1", 1, 0.2) == "web exited with code 1, 0.2 s after its start"


def test_ports_are_free_and_nobody_gets_the_same() -> None:
    free = FreePorts()
    ports = [free.take() for _ in range(200)]
    assert len(set(ports)) == 200
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", ports[0]))
        taken.listen()
        assert not is_free(ports[0])
    assert is_free(ports[1])


def test_an_identity_is_more_than_a_number() -> None:
    mine = identity_of(os.getpid())
    assert mine is not None
    assert mine == identity_of(os.getpid())
    child = subprocess.Popen(["sleep", "600"])
    found = identity_of(child.pid)
    assert found is not None
    assert found.started != mine.started or found.pid != mine.pid
    child.kill()
    while identity_of(child.pid) is not None:
        time.sleep(0.01)
    child.wait()


async def test_a_process_that_is_somebody_else_by_now_is_not_touched() -> None:
    process = start(Launch(("sleep", "600"), {"PATH": os.defpath}, Path("/")), None)
    assert processes.adopt(Identity(process.pid, "some other time")) is None
    await processes.end_all([Identity(process.pid, "some other time")], grace=0)
    assert is_running(process.pid)
    await process.end(grace=1)
    assert await process.wait() == -15


async def test_children_end_with_the_process_that_started_them() -> None:
    program = "import subprocess, os; subprocess.Popen(['sleep', '600']); os._exit(3)"
    launch = Launch((sys.executable, "-c", program), {"PATH": os.environ["PATH"]}, Path("/"))
    process = start(launch, None)
    assert await process.wait() == 3
    await eventually(lambda: not group_lives(process.pid))


async def test_marked_processes_are_found_by_their_owner_only(tmp_path: Path) -> None:
    owner, other = marks.owner_of(tmp_path / "a"), marks.owner_of(tmp_path / "b")
    env = {"PATH": os.environ["PATH"], **marks.mark(owner, "s1", "r1", "deployment.web.0.web", {8080: 31000})}
    process = start(Launch(("sleep", "600"), env, Path("/")), None)
    [found] = marks.find_marked(owner)
    assert (found.identity, found.staging, found.release) == (process.identity, "s1", "r1")
    assert (found.key, found.ports, found.leads) == ("deployment.web.0.web", {8080: 31000}, True)
    assert marks.find_marked(other) == []
    await process.end(grace=1)
    assert marks.find_marked(owner) == []


def test_json_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "a.json"
    write_json(file, {"a": 1}, durable=True)
    with pytest.raises(ValueError, match="Circular"):
        circle: list[object] = []
        circle.append(circle)
        write_json(file, circle)
    assert read_json(file) == {"a": 1}
    file.write_text("{")
    assert read_json(file) is None
    assert read_json(tmp_path / "none.json") is None


def test_a_tree_moves_also_between_file_systems(tmp_path: Path) -> None:
    shared_memory = Path("/dev/shm")
    source = (shared_memory if shared_memory.is_dir() else tmp_path) / f"octopod-test-{os.getpid()}"
    try:
        (source / "deep").mkdir(parents=True)
        (source / "deep" / "file").write_text("x")
        (source / "link").symlink_to("deep/file")
        target = tmp_path / "releases" / "tree"
        (target / "old").mkdir(parents=True)
        move_tree(source, target)
        assert sorted(path.name for path in target.iterdir()) == ["deep", "link"]
        assert (target / "link").is_symlink()
        assert not source.exists()
    finally:
        shutil.rmtree(source, ignore_errors=True)


def test_discarding_spares_what_links_point_to(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("precious")
    outside.chmod(0o400)
    place = EngineFolder(tmp_path / "local")
    folder = place.staging("s1").root
    (folder / "closed").mkdir(parents=True)
    (folder / "closed" / "link").symlink_to(outside)
    (folder / "closed").chmod(0o500)
    place.discard(folder)
    place.discard(folder)
    assert list(place.root.iterdir()) == []
    assert (outside.read_text(), outside.stat().st_mode & 0o777) == ("precious", 0o400)
    remove_tree(tmp_path / "never there")
