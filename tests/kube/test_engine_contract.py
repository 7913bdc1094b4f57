"""What every engine does, on both of them: the same manifests in, the same told.

Not in it, as only one engine can show it: processes and the proxy (local); namespaces, quota and pods (kubernetes).
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from engine_kit import FAILED, READY, Watched, a_world, now, reading
from local_world import QUICK

from bot.domain.errors import PermanentError, UserError
from bot.keys import keys_in
from bot.local.engine import LocalEngine

pytest_plugins = ["kube_fixtures"]


def manifest(kind: str, name: str, code: str, fate: str = "", spec: str = "", pod: str = "") -> str:
    """`code`: what it runs where commands are run; `fate`: what becomes of it where they are not."""
    version = "batch/v1" if kind == "Job" else "apps/v1"
    labels = f"{{app: {name}" + (f", test.octopod.dev/fate: {fate}}}" if fate else "}")
    return f"""\
apiVersion: {version}
kind: {kind}
metadata: {{name: {name}}}
spec:
  {spec}
  template:
    metadata: {{labels: {labels}}}
    spec:
      {pod}
      containers:
        - name: {name}
          image: "${{image}}"
          command: [python, -u, -c, "{code}"]
"""


def web(code: str = "import time; print('up'); time.sleep(3600)", fate: str = "") -> str:
    return manifest("Deployment", "web", code, fate, "selector: {matchLabels: {app: web}}")


def migrate(code: str = "print('done')", fate: str = "") -> str:
    return manifest("Job", "migrate", code, fate, "backoffLimit: 0", "restartPolicy: Never")


BROKEN = web("print('config is broken'); raise SystemExit(1)", "crash")
BAD_JOB = migrate("print('no such table'); raise SystemExit(3)", "fail")


@pytest.fixture(params=["local", pytest.param("kubernetes", marks=pytest.mark.kube)])
async def there(request: pytest.FixtureRequest, tmp_path: Path, name: str) -> AsyncIterator[Watched]:
    if request.param == "kubernetes":
        request.getfixturevalue("played")
        async with a_world(request.getfixturevalue("plane"), tmp_path, name) as world:
            yield world
        return
    async with LocalEngine(tmp_path / "engine", 8080, now, QUICK, keys=keys_in(tmp_path)) as engine:
        local = Watched(engine, tmp_path, name)
        async with reading(local):
            yield local


async def test_first_everything_then_synced_then_news(there: Watched) -> None:
    await there.deploy("r1", web(), migrate())
    seen = await there.live("r1")
    assert (seen.release, seen.present, seen.serving_workloads) == ("r1", True, seen.workloads)
    assert {(w.kind, w.name, w.release, w.ready, w.wanted) for w in seen.workloads} == {
        ("Deployment", "web", "r1", 1, 1),
        ("Job", "migrate", "r1", 1, 1),
    }
    again = Watched(there.port, Path(), there.name)
    async with reading(again):
        assert await again.live("r1") == there.newest[there.name]
        await again.until(lambda _: again.synced == 1)


async def test_asked_again_it_changes_nothing(there: Watched) -> None:
    order = await there.deploy("r1", web())
    before = await there.live("r1")
    await there.port.apply(order)
    assert await there.live("r1") == before


async def test_what_fails_leaves_what_serves(there: Watched) -> None:
    await there.deploy("r1", web())
    await there.live("r1")
    await there.deploy("r2", BROKEN)
    failed = await there.failed("r2")
    assert "web exited with code 1" in failed.reason and failed.log_tail
    assert there.newest[there.name].serving == "r1"
    assert [(w.release, w.state) for w in there.newest[there.name].serving_workloads] == [("r1", READY)]
    await there.deploy("r3", web())
    assert (await there.live("r3")).release == "r3"
    assert [seen for seen in there.own if seen.serving == "r2"] == []


def hooked(hook: str, manifest: str, name: str = "migrate") -> str:
    return manifest.replace("{name: migrate}", f"{{name: {name}, annotations: {{octopod.dev/hook: {hook}}}}}")


MARK = "import os; open(os.environ['HOME'] + '/migrated', 'w').close()"
MARKED = web("import os, time; os.stat(os.environ['HOME'] + '/migrated'); time.sleep(3600)")


async def test_hooks_run_before_its_workloads_and_when_they_are_ready(there: Watched) -> None:
    await there.deploy("r1", MARKED, hooked("pre-deploy", migrate(MARK)), hooked("post-deploy", migrate(), "announce"))
    seen = await there.live("r1")
    assert {w.name for w in seen.workloads} == {"web", "migrate", "announce"}
    for one in there.own:
        ready = {w.name for w in one.workloads if w.release == "r1" and w.state is READY}
        assert ready in (set(), {"migrate"}, {"migrate", "web"}, {"migrate", "web", "announce"})


async def test_hooks_with_weights_run_one_after_the_other(there: Watched) -> None:
    def weighing(name: str, weight: int, code: str = "print('done')") -> str:
        notes = f"{{octopod.dev/hook: pre-deploy, octopod.dev/hook-weight: '{weight}'}}"
        return migrate(code).replace("{name: migrate}", f"{{name: {name}, annotations: {notes}}}")

    needs = "import os; os.stat(os.environ['HOME'] + '/migrated')"
    await there.deploy(
        "r1", MARKED, weighing("late", 10, needs), weighing("early", -10, MARK), weighing("also", 10, needs)
    )
    await there.live("r1")
    for one in there.own:
        ready = {w.name for w in one.workloads if w.release == "r1" and w.state is READY}
        assert "early" in ready or not ready
        assert {"late", "also"} <= ready or "web" not in ready


async def test_a_failed_hook_starts_nothing_and_leaves_what_serves(there: Watched) -> None:
    await there.deploy("r1", web())
    await there.live("r1")
    await there.deploy("r2", web(), hooked("pre-deploy", BAD_JOB), hooked("post-deploy", migrate(), "announce"))
    failed = await there.failed("r2")
    assert failed.name == "migrate" and "exited with code 3" in failed.reason and failed.log_tail
    assert there.newest[there.name].serving == "r1"
    started = [w for one in there.own for w in one.workloads if w.release == "r2" and w.ready]
    assert started == []
    await there.deploy("r3", web(), hooked("pre-deploy", migrate()))
    assert {w.name for w in (await there.live("r3")).workloads} == {"web", "migrate"}


async def test_a_failed_hook_at_the_end_fails_its_release(there: Watched) -> None:
    await there.deploy("r1", web(), hooked("post-deploy", BAD_JOB))
    failed = await there.failed("r1")
    assert failed.name == "migrate" and "exited with code 3" in failed.reason
    await there.deploy("r2", web(), hooked("post-deploy", migrate()))
    await there.live("r2")


async def test_hooks_alone_are_no_release(there: Watched) -> None:
    with pytest.raises(PermanentError):
        await there.deploy("r1", hooked("pre-deploy", migrate()))


async def test_a_failed_job_fails_its_release(there: Watched) -> None:
    await there.deploy("r1", web(), BAD_JOB)
    seen = await there.until(lambda seen: any(w.state is FAILED for w in seen.workloads))
    assert "exited with code 3" in next(w.reason for w in seen.workloads if w.name == "migrate")
    assert seen.serving is None


async def test_gone_is_told_when_asked_and_when_asked_again(there: Watched) -> None:
    await there.deploy("r1", web())
    await there.live("r1")
    for _ in range(2):
        await there.port.remove(there.name)
    await there.gone()
    told = len(there.told)
    await there.port.remove(there.name)
    await there.until(lambda seen: len(there.told) > told and not seen.present)


async def test_logs_by_workload(there: Watched) -> None:
    await there.deploy("r1", web())
    await there.live("r1")
    assert set(await there.port.logs(there.name)) == {"web"}
    with pytest.raises(UserError) as caught:
        await there.port.logs(there.name, "api")
    assert caught.value.suggestions == ("web",)
    with pytest.raises(UserError):
        await there.port.logs("nobody")


async def test_a_release_of_nothing_is_refused(there: Watched) -> None:
    with pytest.raises(PermanentError):
        await there.deploy("r1", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: alone}\n")


SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: payments}
stringData: {KEY: another line}
"""


async def test_values_of_secrets_are_not_shown(there: Watched) -> None:
    says = "print('one line'); print('another line'); raise SystemExit(1)"
    await there.deploy("r1", web(says, "crash"), SECRET)
    failed = await there.failed("r1")
    assert failed.log_tail[:2] == ("one line", "•••")
    said = (await there.port.logs(there.name))["web"]
    assert "one line" in str(said) and "another line" not in str(said)


async def test_it_sleeps_until_it_is_applied_again(there: Watched) -> None:
    assert await there.port.sleep("nobody")  # of which nothing runs
    order = await there.deploy("r1", web(), hooked("pre-deploy", migrate()))
    await there.live("r1")
    await there.sleep()
    seen = await there.until(lambda seen: seen.asleep)
    assert (seen.present, seen.serving, seen.release) == (True, None, "r1")
    assert await there.sleep()
    await there.apply(order)
    assert not (await there.live("r1")).asleep


async def test_a_newer_release_that_failed_is_not_what_comes_back(there: Watched) -> None:
    order = await there.deploy("r1", web())
    await there.live("r1")
    await there.deploy("r2", BROKEN)
    await there.failed("r2")
    await there.sleep()
    await there.until(lambda seen: seen.asleep)
    await there.apply(order)
    seen = await there.live("r1")
    assert {w.release for w in seen.workloads} == {"r1"}


async def test_a_sleeping_one_can_be_removed(there: Watched) -> None:
    await there.deploy("r1", web())
    await there.live("r1")
    await there.sleep()
    await there.port.remove(there.name)
    await there.gone()
