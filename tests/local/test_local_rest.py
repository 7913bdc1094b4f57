"""Stagings of the local engine asleep: no process, all data, also across restarts; after a wipe hooks run again."""

from pathlib import Path

from local_world import World, claim, deployment, ingress, job, processes_of, service, world

HOST = "orange.localhost"
MOUNT = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
MOUNTED = {"name": "data", "mountPath": "/d"}
KEEP = "import os, pathlib; pathlib.Path(os.environ['OCTOPOD_VOLUME_DATA'], 'seeds').open('a').write('seeded\\n')"


def shop(host: str = HOST) -> list[object]:
    seed = job("seed", "python", "-c", KEEP, pod={"volumes": [MOUNT]}, volumeMounts=[MOUNTED])
    seed["metadata"]["annotations"] = {"octopod.dev/hook": "pre-deploy"}
    return [deployment(replicas=3), service(), ingress(host), claim("data"), seed]


def seeds(folder: Path, staging: str = "s1") -> str:
    return (folder / "local" / staging / "volumes" / "data" / "seeds").read_text()


async def slept(there: World) -> None:
    await there.engine.sleep("s1")
    await there.until(lambda status: status.asleep)


async def test_processes_end_data_stays_and_all_replicas_come_back(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", shop())
        await there.until_serving("r1")
        await slept(there)
        assert processes_of(tmp_path) == [] and seeds(tmp_path) == "seeded\n"
        assert await there.get(HOST) == (404, "no staging here")
        await there.apply("r1", shop())
        status = await there.until_serving("r1")
        assert [w.ready for w in status.workloads if w.name == "web"] == [3] and (await there.get(HOST))[0] == 200
        assert seeds(tmp_path) == "seeded\n"  # no hook runs twice


async def test_a_sleep_outlives_the_bot(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", shop())
        await there.until_serving("r1")
        await there.engine.sleep("s1")
    async with world(tmp_path) as there:
        await there.until(lambda status: status.asleep)
        assert processes_of(tmp_path) == [] and await there.engine.sleep("s1")
        await there.apply("r1", shop())
        await there.until_serving("r1")
        assert seeds(tmp_path) == "seeded\n"


async def test_a_wipe_leaves_no_data_and_hooks_run_again(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", shop())
        await there.apply("r1", shop("blue.localhost"), staging="s2")
        await there.until_serving("r1", "s2")
        await there.until_serving("r1")
        (tmp_path / "local" / "s1" / "volumes" / "data" / "orders").write_text("1000")
        await slept(there)
        await there.engine.wipe("s1")
        assert not (tmp_path / "local" / "s1" / "volumes").exists()
        await there.apply("r1", shop())
        await there.until_serving("r1")
        assert (
            seeds(tmp_path) == "seeded\n" and not (tmp_path / "local" / "s1" / "volumes" / "data" / "orders").exists()
        )


async def test_one_that_does_not_get_ready_is_told_as_failed(tmp_path: Path) -> None:
    """A wake is judged as a new release is, and nothing of it serves meanwhile."""
    async with world(tmp_path) as there:
        await there.apply("r1", shop())
        await there.until_serving("r1")
        await slept(there)
        (tmp_path / "local" / "s1" / "releases" / "r1" / "tree" / "web.py").write_text("raise SystemExit(1)")
        await there.apply("r1", shop())
        assert "exited with code 1" in (await there.until_failed("r1")).reason
        assert there.newest["s1"].serving is None
