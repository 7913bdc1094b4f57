"""From an order to processes that answer: first releases, updates, failures, restarts, removal."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from local_world import (
    QUICK,
    all_ready,
    deployment,
    eventually,
    failed,
    is_running,
    job,
    processes_of,
    service,
    site,
    world,
)

from bot.domain.status import SignKind, StagingStatus, WorkloadState

HOST = "orange.localhost"


async def test_a_release_answers_at_its_host(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        status = await there.until_serving("r1")
        assert status.release == "r1"
        assert status.workloads == status.serving_workloads
        assert await there.get(HOST, "/hello") == (200, "web /hello")
        assert await there.get("other.localhost") == (404, "no staging here")


async def test_two_stagings_live_side_by_side(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site("a.localhost", "apples"), staging="a")
        await there.apply("r2", site("b.localhost", "bananas"), staging="b")
        await there.until_serving("r1", "a")
        await there.until_serving("r2", "b")
        assert await there.get("a.localhost") == (200, "apples /")
        assert await there.get("b.localhost:8080") == (200, "bananas /")


async def test_an_update_switches_only_when_all_of_it_is_ready(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, env=[{"name": "NAME", "value": "old"}]))
        await there.until_serving("r1")
        old = int((await there.get(HOST, "/pid"))[1])
        gate = tmp_path / "open-the-gate"
        waits = ["python", "-c", f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)"]
        await there.apply("r2", [*site(HOST, env=[{"name": "NAME", "value": "new"}]), job("migrate", *waits)])
        await there.until(lambda status: _states(status) == {"migrate": "progressing", "web": "ready"})
        assert await there.get(HOST) == (200, "old /")
        gate.touch()
        status = await there.until_serving("r2")
        assert status.release == "r2"
        assert await there.get(HOST) == (200, "new /")
        await eventually(lambda: not is_running(old))
        await eventually(lambda: not (tmp_path / "local/s1/releases/r1").exists())


async def test_a_request_in_flight_is_answered_by_the_release_that_took_it(tmp_path: Path) -> None:
    home = tmp_path / "local/s1/home"
    async with world(tmp_path, replace(QUICK, drain=60)) as there:
        await there.apply("r1", site(HOST, env=[{"name": "NAME", "value": "old"}]))
        await there.until_serving("r1")
        slow = asyncio.create_task(there.get(HOST, "/slow"))
        await eventually((home / "slow").exists)
        await there.apply("r2", site(HOST, env=[{"name": "NAME", "value": "new"}]))
        await there.until_serving("r2")
        assert await there.get(HOST) == (200, "new /")
        assert not slow.done()
        (home / "go").touch()
        assert await slow == (200, "old /slow")
        await eventually(lambda: len(processes_of(tmp_path)) == 1)


async def test_requests_that_never_end_hold_up_no_update_for_long(tmp_path: Path) -> None:
    async with world(tmp_path, replace(QUICK, drain=0.2)) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        slow = asyncio.create_task(there.get(HOST, "/slow"))
        await eventually((tmp_path / "local/s1/home/slow").exists)
        await there.apply("r2", site(HOST))
        await there.until_serving("r2")
        assert (await slow)[0] == 502
        await eventually(lambda: len(processes_of(tmp_path)) == 1)


async def test_an_ordinary_start_is_told_without_complaints(tmp_path: Path) -> None:
    async with world(tmp_path, replace(QUICK, quiet=30)) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        assert {workload.reason for status in there.seen for workload in status.workloads} == {""}


async def test_a_first_release_that_exits_at_once_fails_with_its_last_words(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, env=[{"name": "FAIL", "value": "7"}]))
        web = await there.until_failed("r1")
        assert web.reason.startswith("web exited with code 7, 3 times in a row, the last time 0.")
        assert web.reason.endswith(" s after its start")
        assert web.log_tail == ("config is broken",)
        assert there.newest["s1"].serving is None
        await eventually(lambda: not processes_of(tmp_path))
        assert (await there.get(HOST))[0] == 404


async def test_a_failed_update_leaves_the_old_release_alone(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        await there.apply("r2", [*site(HOST, env=[{"name": "FAIL", "value": "1"}]), deployment("api")])
        await there.until_failed("r2")
        status = there.newest["s1"]
        assert status.serving == "r1"
        assert all_ready(status.serving_workloads)
        api = next(workload for workload in status.workloads if workload.name == "api")
        assert (api.state, api.ready, api.reason) == (WorkloadState.PROGRESSING, 0, "stopped, because web failed")
        assert await there.get(HOST) == (200, "web /")
        await eventually(lambda: len(processes_of(tmp_path)) == 1)


async def test_after_a_failure_a_better_release_goes_live(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, env=[{"name": "FAIL", "value": "1"}]))
        await there.until_failed("r1")
        await there.apply("r2", site(HOST))
        status = await there.until_serving("r2")
        assert failed(status) is None
        await eventually(lambda: not (tmp_path / "local/s1/releases/r1").exists())


async def test_a_program_that_does_not_exist_fails_in_words(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [deployment(command=["no-such-program"])])
        web = await there.until_failed("r1")
        assert web.reason == "web can't start: there is no program no-such-program, 3 times in a row"


async def test_a_folder_that_does_not_exist_fails_in_words(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [deployment(workingDir="src/nowhere")])
        web = await there.until_failed("r1")
        assert web.reason == "web can't start: there is no folder src/nowhere, 3 times in a row"


async def test_one_that_never_becomes_ready_fails_with_what_its_probe_said(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        web = deployment(readinessProbe={"httpGet": {"path": "/healthz", "port": 8080}}, env=[])
        web["spec"]["progressDeadlineSeconds"] = 1
        sick = {"sick": "import os; open(os.environ['HOME'] + '/sick.', 'w').close(); import web"}
        web["spec"]["template"]["spec"]["containers"][0]["command"] = ["python", "sick.py"]
        await there.apply("r1", [web], **sick)
        assert (await there.until_failed("r1")).reason == "web runs but never became ready: GET /healthz answers 503"


async def test_exits_while_another_workload_still_starts_do_not_fail_the_release(tmp_path: Path) -> None:
    impatient = (
        "import os, socket, sys\n"
        "address = os.environ['API_SERVICE_HOST'], int(os.environ['API_SERVICE_PORT'])\n"
        "connection = socket.create_connection(address)\n"
        "connection.sendall(b'GET / HTTP/1.0\\r\\n\\r\\n')\n"
        "sys.exit('api is not there yet') if not connection.recv(1) else None\n"
        "import web\n"
    )
    lazy = "import time; time.sleep(1.5); import web"
    objects = [
        deployment("web", command=["python", "impatient.py"]),
        deployment("api", command=["python", "lazy.py"]),
        service("api"),
    ]
    async with world(tmp_path) as there:
        await there.apply("r1", objects, impatient=impatient, lazy=lazy)
        await there.until_serving("r1")
        assert any(
            "web exited with code 1" in workload.reason for status in there.seen for workload in status.workloads
        )


async def test_a_newer_release_overtakes_an_unfinished_one(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [job("never", "sleep", "600")])
        await there.until(lambda status: status.release == "r1")
        await eventually(lambda: len(processes_of(tmp_path)) == 2)
        await there.apply("r2", site(HOST))
        await there.until_serving("r2")
        await eventually(lambda: len(processes_of(tmp_path)) == 1)
        assert not any(status.serving == "r1" for status in there.seen)


async def test_the_same_release_again_changes_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        before = await there.get(HOST, "/pid"), len(there.seen)
        again = there.order("r1-again", site(HOST))
        await there.engine.apply(type(again)("s1", "name-of-s1", "shop", "r1", "c" * 40, again.objects, again.tree))
        assert (await there.get(HOST, "/pid"), len(there.seen)) == before


async def test_going_back_to_the_release_that_still_serves(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        pid = await there.get(HOST, "/pid")
        await there.apply("r2", [job("never", "sleep", "600")])
        await there.until(lambda status: status.release == "r2")
        order = there.order("r1b", site(HOST))
        await there.engine.apply(type(order)("s1", "name-of-s1", "shop", "r1", "c" * 40, order.objects, order.tree))
        status = await there.until(lambda status: status.release == "r1")
        assert status.workloads == status.serving_workloads
        assert await there.get(HOST, "/pid") == pid


async def test_replicas_share_the_requests(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, replicas=3))
        status = await there.until_serving("r1")
        assert [(each.ready, each.wanted) for each in status.workloads] == [(3, 3)]
        pids = {(await there.get(HOST, "/pid"))[1] for _ in range(6)}
        assert len(pids) == 3


async def test_a_process_that_dies_while_serving_is_told_and_comes_back(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        await there.get(HOST, "/exit/5")
        status = await there.until(lambda status: status.serving_workloads[0].ready == 0)
        web = status.serving_workloads[0]
        assert (web.state, web.wanted) == (WorkloadState.PROGRESSING, 1)
        assert web.reason == "web exited with code 5; trying again in 0.1 s"
        assert web.log_tail[-1] == "asked to end"
        status = await there.until_serving("r1")
        web = status.serving_workloads[0]
        assert (web.reason, [sign.text for sign in web.signs]) == ("", ["web exited with code 5; it is started again"])
        assert (await there.get(HOST))[0] == 200


async def test_a_serving_process_that_dies_again_and_again_is_never_given_up(tmp_path: Path) -> None:
    fails_later = (
        "import os, pathlib, sys\n"
        "mark = pathlib.Path(os.environ['HOME'], 'broken')\n"
        "if mark.exists(): print('cannot go on'); sys.exit(4)\n"
        "mark.with_name('started').touch()\n"
        "import web\n"
    )
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, command=["python", "later.py"]), later=fails_later)
        await there.until_serving("r1")
        broken = tmp_path / "local/s1/home/broken"
        broken.touch()
        await there.get(HOST, "/exit/4")
        begun = datetime.now(UTC)
        status = await there.until(lambda status: "(5 times); trying again in 0.4 s" in status.workloads[0].reason)
        assert status.workloads[0].log_tail == ("cannot go on",)
        assert status.workloads[0].state is WorkloadState.PROGRESSING
        assert (await there.get(HOST))[0] == 503
        broken.unlink()
        status = await there.until_serving("r1")
        signs = status.workloads[0].signs
        assert len(signs) >= 5 and {(sign.kind, sign.workload) for sign in signs} == {(SignKind.RESTARTED, "web")}
        assert [sign.at for sign in signs] == sorted(sign.at for sign in signs) and signs[-1].at > begun


async def test_one_that_loses_its_readiness_gets_no_requests(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        pid = await there.get(HOST, "/pid")
        await there.get(HOST, "/sick")
        status = await there.until(lambda status: status.workloads[0].ready == 0)
        assert status.workloads[0].reason == "web runs but is not ready: GET /healthz answers 503"
        assert (await there.get(HOST))[0] == 503
        (tmp_path / "local/s1/home/sick.web").unlink()
        await there.until_serving("r1")
        assert await there.get(HOST, "/pid") == pid


async def test_one_that_fails_its_liveness_probe_is_restarted(tmp_path: Path) -> None:
    liveness = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1, "failureThreshold": 1}
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, readinessProbe=None, livenessProbe=liveness))
        await there.until_serving("r1")
        pid = (await there.get(HOST, "/pid"))[1]
        await there.get(HOST, "/sick")
        status = await there.until(lambda status: "liveness" in status.workloads[0].reason)
        reason = status.workloads[0].reason
        assert reason.startswith("web was ended because GET /healthz answers 503 (liveness probe)")
        (tmp_path / "local/s1/home/sick.web").unlink()
        status = await there.until_serving("r1")
        assert "(liveness probe); it is started again" in status.workloads[0].signs[0].text
        assert (await there.get(HOST, "/pid"))[1] != pid


async def test_removal_leaves_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, replicas=2))
        await there.until_serving("r1")
        assert len(processes_of(tmp_path)) == 2
        await there.engine.remove("s1")
        assert (await there.get(HOST))[0] == 404
        await there.until_gone()
        assert processes_of(tmp_path) == []
        assert [path.name for path in (tmp_path / "local").iterdir()] == ["lock"]


async def test_removal_ends_children_that_have_left_their_group(tmp_path: Path) -> None:
    runaway = (
        "import os, subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        "subprocess.Popen(['sleep', '600'])\n"
        "import web\n"
    )
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, command=["python", "runaway.py"]), runaway=runaway)
        await there.until_serving("r1")
        assert len(processes_of(tmp_path)) == 3
        await there.engine.remove("s1")
        await there.until_gone()
        assert processes_of(tmp_path) == []


async def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    stubborn = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); import web"
    pod = {"terminationGracePeriodSeconds": 1}
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST, command=["python", "stubborn.py"], pod=pod), stubborn=stubborn)
        await there.until_serving("r1")
        await there.engine.remove("s1")
        await there.until_gone()
        assert processes_of(tmp_path) == []


async def test_removing_what_is_not_there_says_that_it_is_gone(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await eventually(lambda: there.synced is not None)
        await there.engine.remove("nobody")
        await there.until_gone("nobody")


async def test_a_removal_overtakes_a_release_that_starts(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", [job("never", "sleep", "600"), *site(HOST)])
        await there.engine.remove("s1")
        await there.engine.remove("s1")
        await there.until_gone()
        assert processes_of(tmp_path) == []
        await there.apply("r2", site(HOST), staging="s2")
        await there.until_serving("r2", "s2")


async def test_processes_get_nothing_of_the_bots_environment(tmp_path: Path) -> None:
    async with world(tmp_path) as there:
        await there.apply("r1", site(HOST))
        await there.until_serving("r1")
        env = json.loads((await there.get(HOST, "/env"))[1])
        expected = {"PATH", "HOME", "TMPDIR", "LANG", "PYTHONUNBUFFERED", "PORT", "PORT_HTTP", "NAME"}
        expected |= {"WEB_SERVICE_HOST", "WEB_SERVICE_PORT", "OCTOPOD_PROCESS", "OCTOPOD_PORTS"}
        assert set(env) - {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"} == expected
        assert env["HOME"] == str(tmp_path / "local/s1/home")


def _states(status: StagingStatus) -> dict[str, str]:
    return {workload.name: workload.state.value for workload in status.workloads}
