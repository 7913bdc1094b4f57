"""What a release has beside its workloads, on a real control plane: applied, pruned, and not waited for."""

import json

import pytest
from engine_kit import World, a_set, deployment, job
from manifest_kit import autoscaler, budget, cron_job

from bot.domain.errors import PermanentError

pytestmark = pytest.mark.kube
pytest_plugins = ["kube_fixtures"]


async def replicas(world: World, thing: str = "deployment/web") -> str:
    return await world.kubectl("-n", world.namespace, "get", thing, "-o", "jsonpath={.spec.replicas}")


async def all_ready(world: World, count: int) -> None:
    await world.until(lambda seen: {(w.ready, w.wanted) for w in seen.workloads} == {(count, count)})


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
async def test_an_autoscaler_is_not_fought(world: World, kind: str) -> None:
    """It is the cluster's own that sets the replicas; it looks every 15 s."""
    workload = deployment(replicas=1) if kind == "Deployment" else a_set(kind, "web")
    thing = f"{kind.lower()}/web"
    await world.deploy("r1", workload, autoscaler(kind))
    await world.live("r1")
    await all_ready(world, 2)
    for release in ("r2", "r3"):
        await world.deploy(release, workload, autoscaler(kind))
        await world.live(release)
        assert await replicas(world, thing) == "2"
    assert not any(w.state == "failed" for seen in world.own for w in seen.workloads)

    alone = (
        workload.replace("spec:\n", "spec:\n  replicas: 3\n", 1) if kind == "StatefulSet" else deployment(replicas=3)
    )
    await world.deploy("r4", alone)
    await world.live("r4")
    assert (await world.names("hpa"), await replicas(world, thing)) == ([], "3")


async def test_what_somebody_elses_autoscaler_has_set_stays_theirs(world: World) -> None:
    await world.deploy("r1", deployment(replicas=1))
    await world.live("r1")
    await world.kubectl("-n", world.namespace, "autoscale", "deployment/web", "--min=2", "--max=3", "--cpu=80%")
    await all_ready(world, 2)
    with pytest.raises(PermanentError, match="by hand") as caught:
        await world.deploy("r2", deployment(replicas=1))
    assert any('"kube-controller-manager"' in line for line in caught.value.details)
    assert await replicas(world) == "2"


async def test_a_budget_that_blocks_is_not_waited_for(world: World) -> None:
    await world.deploy("r1", deployment(), budget(9))
    await world.live("r1")
    said = await world.kubectl("-n", world.namespace, "get", "pdb", "web", "-o", "json")
    assert json.loads(said)["spec"]["minAvailable"] == 9
    await world.deploy("r2", deployment(), budget(9))
    await world.live("r2")
    await world.deploy("r3", deployment())
    await world.live("r3")
    assert await world.names("pdb") == []


async def test_jobs_of_a_cron_job_say_nothing_about_the_staging(world: World) -> None:
    """Although they fail, and carry its labels."""
    await world.deploy("r1", deployment(), cron_job(world.name))
    await world.live("r1")
    await world.kubectl("-n", world.namespace, "create", "job", "--from=cronjob/report", "report-1")
    await world.kubectl("-n", world.namespace, "wait", "job/report-1", "--for=condition=Failed", "--timeout=60s")
    await world.deploy("r2", deployment(), cron_job(world.name))
    seen = await world.live("r2")
    assert [w.name for w in seen.workloads] == ["web"]
    assert "report-1" in await world.names("job")
    with pytest.raises(PermanentError, match="refuses an object") as caught:
        await world.deploy("r3", deployment(), cron_job(world.name, "every morning"))
    assert "CronJob `report`: apply: " in caught.value.details[0] and "spec.schedule" in caught.value.details[0]
    await world.deploy("r4", deployment(), job())
    await world.live("r4")
    assert (await world.names("cronjob"), "migrate" in await world.names("job")) == ([], True)
