"""Jobs, init containers and pods of several containers: what runs to its end, and what runs side by side."""

import json
from pathlib import Path

from local_world import claim, deployment, eventually, ingress, job, processes_of, service, site, world

from bot.domain.status import WorkloadState

HOST = "orange.localhost"


def python(program: str) -> list[str]:
    return ["python", "-c", program]


async def test_a_job_that_succeeds_is_ready(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [job("migrate", *python("print('done')"))])
        status = await there.until_serving("r1")
        [migrate] = status.workloads
        assert (migrate.kind, migrate.state, migrate.wanted, migrate.ready) == ("Job", WorkloadState.READY, 1, 1)
        assert await there.engine.logs("s1") == {"migrate": ["done"]}


async def test_a_job_is_tried_again_until_it_succeeds(tmp_path: Path) -> None:
    count = tmp_path / "count"
    program = (
        f"import os, sys\nopen({str(count)!r}, 'a').write('x')\n"
        f"sys.exit('not yet') if os.path.getsize({str(count)!r}) < 3 else None"
    )
    async with world(tmp_path) as there:
        await there.apply("r1", [job("migrate", *python(program), backoff=6)])
        await there.until_serving("r1")
        assert count.read_text() == "xxx"
        assert any("migrate exited with code 1 (2 times)" in status.workloads[0].reason for status in there.seen)


async def test_a_job_fails_beyond_its_backoff_limit(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply(
            "r1", [job("migrate", *python("import sys; sys.exit('no database')"), backoff=2), *site(HOST)]
        )
        migrate = await there.until_failed("r1")
        assert migrate.reason == "migrate failed 3 times: the last time it exited with code 1"
        assert migrate.log_tail == ("no database",)
        await eventually(lambda: processes_of(tmp_path) == [])


async def test_a_job_without_a_second_chance(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [job("migrate", *python("import os; os.kill(os.getpid(), 9)"))])
        assert (await there.until_failed("r1")).reason == "migrate was ended by SIGKILL"


async def test_a_job_whose_program_is_missing(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [job("migrate", "no-such-program")])
        migrate = await there.until_failed("r1")
        assert migrate.log_tail == ("there is no program no-such-program",)


async def test_a_job_that_takes_too_long(tmp_path: Path) -> None:
    slow = job("migrate", "sleep", "600")
    slow["spec"]["activeDeadlineSeconds"] = 1
    async with world(tmp_path) as there:
        await there.apply("r1", [slow])
        reason = (await there.until_failed("r1")).reason
        assert reason == "migrate took longer than its activeDeadlineSeconds of 1 s"
        await eventually(lambda: processes_of(tmp_path) == [])


async def test_a_job_sees_its_environment_and_not_ours(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        variables = [
            {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "PYTHONPATH", "value": "lib"},
            {"name": "WHO", "value": "$(POD)"},
        ]
        program = "import os, sys; print(os.environ['WHO'], sys.path[1])"
        await there.apply("r1", [job("seed", *python(program), env=variables)])
        await there.until_serving("r1")
        [line] = (await there.engine.logs("s1"))["seed"]
        assert line == "seed-0 lib", "as the branch has it: where this machine keeps it is left out"


async def test_a_deployment_waits_for_what_its_job_prepares(tmp_path: Path) -> None:
    wants = (
        "import os, sys\n"
        "if not os.path.exists(os.environ['OCTOPOD_VOLUME_DATA'] + '/shop.db'): sys.exit('no table')\n"
        "import web\n"
    )
    seed = "import os, time; time.sleep(1); open(os.environ['OCTOPOD_VOLUME_DATA'] + '/shop.db', 'w').close()"
    mount = [{"name": "data", "mountPath": "/data"}]
    pod = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    objects = [
        claim("data"),
        job("seed", *python(seed), volumeMounts=mount, pod=pod),
        deployment(command=["python", "wants.py"], volumeMounts=mount, pod=pod),
        service(),
        ingress(HOST),
    ]
    async with world(tmp_path) as there:
        await there.apply("r1", objects, wants=wants)
        await there.until_serving("r1")
        assert (tmp_path / "local/s1/volumes/data/shop.db").exists()
        await there.apply("r2", objects, wants=wants)
        await there.until_serving("r2")
        assert (tmp_path / "local/s1/volumes/data/shop.db").exists()


async def test_init_containers_come_first_and_in_order(tmp_path: Path) -> None:
    def step(name: str) -> dict[str, object]:
        return {"name": name, "command": python(f"open('steps', 'a').write('{name} ')")}

    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, pod={"initContainers": [step("one"), step("two")]}))
        await there.until_serving("r1")
        assert (tmp_path / "local/s1/releases/r1/tree/steps").read_text() == "one two "


async def test_an_init_container_that_fails_fails_the_release(tmp_path: Path) -> None:
    broken = {"name": "check", "command": python("import sys; sys.exit('no such table')")}
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, pod={"initContainers": [broken]}))
        web = await there.until_failed("r1")
        assert web.reason.startswith("web (container check) exited with code 1, 3 times in a row")
        assert web.log_tail == ("no such table",)


async def test_all_containers_of_a_pod_run_and_all_must_be_ready(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        web = deployment()
        sidecar = {"name": "sidecar", "command": python("import sys; sys.exit(3)")}
        web["spec"]["template"]["spec"]["containers"].append(sidecar)
        await there.apply("r1", [web])
        assert (await there.until_failed("r1")).reason.startswith("web (container sidecar) exited with code 3, 3 times")
        web = deployment()
        web["spec"]["template"]["spec"]["containers"].append({"name": "sidecar", "command": ["sleep", "600"]})
        await there.apply("r2", [web, service(), ingress(HOST)])
        await there.until_serving("r2")
        assert json.loads((await there.get(HOST, "/env"))[1])["NAME"] == "web"
        assert len(processes_of(tmp_path)) == 2


async def test_startup_and_command_probes(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    probe = {"exec": {"command": ["test", "-e", str(gate)]}, "periodSeconds": 1, "failureThreshold": 1}
    tcp = {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 30}
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, readinessProbe=probe, startupProbe=tcp))
        status = await there.until(lambda status: "the command test" in status.workloads[0].reason)
        assert status.workloads[0].reason == "web runs but is not ready: the command test exited with code 1"
        gate.touch()
        await there.until_serving("r1")
        gate.unlink()
        await there.until(lambda status: status.workloads[0].ready == 0)


async def test_one_that_never_passes_its_startup_probe_is_ended(tmp_path: Path) -> None:
    tcp = {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 1}
    async with world(tmp_path) as there:
        await there.apply("r1", [deployment(command=["sleep", "600"], startupProbe=tcp)])
        status = await there.until(lambda status: "startup" in status.workloads[0].reason)
        assert status.workloads[0].reason.startswith(
            "web was ended because nothing listens on its port yet (startup probe)"
        )


async def test_no_replicas_are_no_problem(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, replicas=0))
        await there.until_serving("r1")
        assert await there.get(HOST) == (503, "web has no process that is ready just now. Try again in a moment.\n")
