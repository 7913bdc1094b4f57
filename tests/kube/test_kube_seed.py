"""What the seed of web-postgres runs, on a real PostgreSQL of this machine: each database is a staging's.

The commands are those of the template and of `bringing`; what carries the bytes between the two is tested beside it.
"""

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from render_kit import facts

from bot.domain.project import Template
from bot.kube.bringing import KEEP, REFUSE, TAKE
from bot.kube.engine import KINDS
from bot.ports import EngineFacts
from bot.render.plain import PlainRenderer

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda path: int(path.parent.name))
FOLDER = Path(__file__).parents[2] / "manifests" / "templates" / "web-postgres"
WILLING = {"seed": {"from": "baseline"}}
DATA = """\
create extension pgcrypto;
create table orders (id serial primary key, note text unique);
insert into orders (note) values ('ünïcödé'), (E'two\\nlines'), ('\\! echo not a command');
create schema more;
create table more.digests as select n, md5(n::text) from generate_series(1, 20000) n;
create view counted as select count(*) from more.digests;
"""
SEEN = "select note from orders order by id", "select count(*), sum(n), max(md5) from more.digests", "table counted"

pytestmark = [
    pytest.mark.kube,
    pytest.mark.skipif(PROGRAMS is None, reason="needs PostgreSQL (apt install postgresql)"),
]


class Server:
    def __init__(self, port: int) -> None:
        path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
        self._environ = {"PATH": path, "PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "app", "LANG": "C.UTF-8"}

    def environ(self, database: str) -> dict[str, str]:
        return self._environ | {"PGDATABASE": database}

    def fresh(self, database: str) -> str:
        for words in (["dropdb", "--if-exists", database], ["createdb", "--template=template0", database]):
            subprocess.run(words, env=self._environ, check=True, capture_output=True)
        return database

    def ask(self, database: str, sql: str) -> str:
        words = ["psql", "-qtA", "-v", "ON_ERROR_STOP=1", "-c", sql]
        return subprocess.run(words, env=self.environ(database), check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """It refuses to be root's, so its folder is another user's then."""
    folder = tempfile.mkdtemp(prefix="octopod-postgres-")
    root = os.geteuid() == 0
    user = pwd.getpwnam("nobody").pw_uid if root else None
    shutil.chown(folder, user or os.geteuid())
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    options = f"-p {port} -c fsync=off -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
    data = ["-D", f"{folder}/data"]

    def run(program: str, *words: str) -> None:
        command = [f"{PROGRAMS}/{program}", *data, *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder, timeout=60)

    run("initdb", "--username=app", "--auth=trust", "--encoding=UTF8", "--no-sync")
    run("pg_ctl", "--wait", "-l", f"{folder}/log", "-o", options, "start")
    try:
        yield Server(port)
    finally:
        run("pg_ctl", "--wait", "--mode=immediate", "stop")
        shutil.rmtree(folder)


def objects(values: Mapping[str, Any], baseline: str) -> dict[str, Any]:
    where = facts(source=Template("web-postgres", FOLDER), image="shop:1", seed="s", values=values, baseline=baseline)
    made = PlainRenderer().render(Path(), where, EngineFacts("kubernetes", KINDS))
    return {one["kind"]: one["spec"]["template"] for one in made if one["kind"] in ("StatefulSet", "Job")}


def given_out(server: Server, database: str, values: Mapping[str, Any]) -> subprocess.CompletedProcess[bytes]:
    words = json.loads(objects(values, "")["StatefulSet"]["metadata"]["annotations"]["octopod.dev/snapshot"])
    return subprocess.run(words, env=server.environ(database), capture_output=True)


class Seed:
    """The container `dump` of a staging. `file`: where its /tmp/snapshot is."""

    def __init__(self, server: Server, folder: Path, values: Mapping[str, Any] = WILLING, of: str = "main") -> None:
        self.file = folder / "snapshot"
        [spec] = objects(values, of)["Job"]["spec"]["initContainers"]
        told = {one["name"]: one["value"] for one in spec["env"]}
        self._words = [word.replace("/tmp/snapshot", str(self.file)) for word in spec["command"]]
        self._environ = server.environ("branch") | told

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(self._words, env=self._environ, stderr=subprocess.PIPE, text=True)

    def ended(self) -> tuple[int, str]:
        with self.start() as process:
            _, said = process.communicate(timeout=30)
        return process.returncode, said

    def script(self, script: str, *words: str, given: bytes = b"") -> bytes:
        command = ["sh", "-c", script, "sh", str(self.file), *words]
        return subprocess.run(command, input=given, check=True, capture_output=True, timeout=30).stdout


def test_an_empty_database_begins_with_the_data_of_the_baseline(server: Server, tmp_path: Path) -> None:
    server.ask(server.fresh("main"), DATA)
    server.fresh("branch")
    seed, data = Seed(server, tmp_path), given_out(server, "main", WILLING).stdout
    with seed.start() as process:
        assert seed.script(TAKE, "try", given=data) == b"wanted\n"
        seed.script(KEEP, "try", str(len(data)))
        assert process.wait(30) == 0
    assert [server.ask("branch", sql) for sql in SEEN] == [server.ask("main", sql) for sql in SEEN]
    again = Seed(server, tmp_path / "another pod")
    assert again.ended() == (0, ""), "the next release has its data, and waits for none"


def test_what_is_no_whole_snapshot_leaves_the_database_empty(server: Server, tmp_path: Path) -> None:
    server.ask(server.fresh("main"), DATA)
    server.fresh("branch")
    seed, data = Seed(server, tmp_path), given_out(server, "main", WILLING).stdout
    for length in (len(data) - 1, len(data) // 2, 10, 0):
        seed.file.write_bytes(data[:length])
        assert seed.ended()[0] != 0
    assert server.ask("branch", "select count(*) from pg_tables where schemaname in ('public', 'more')") == "0\n"


def test_why_there_is_none_is_told_and_not_tried_again(server: Server, tmp_path: Path) -> None:
    server.fresh("branch")
    refused = Seed(server, tmp_path)
    refused.script(REFUSE, 'main sleeps: `/octopod wake main`, "$then" this')
    assert refused.ended() == (3, 'main sleeps: `/octopod wake main`, "$then" this\n')
    typo = Seed(server, tmp_path, {"seed": {"from": "main"}})
    assert typo.ended() == (3, 'seed.from is "main"; it can be baseline, or empty.\n')
    unwilling = given_out(server, "branch", {})
    assert unwilling.returncode == 3 and b"no `seed: {from: baseline}`" in unwilling.stderr


def test_the_baseline_itself_and_who_does_not_ask_wait_for_nothing(server: Server, tmp_path: Path) -> None:
    server.fresh("branch")
    for seed in (Seed(server, tmp_path, of=""), Seed(server, tmp_path, {})):
        assert seed.ended() == (0, "")
