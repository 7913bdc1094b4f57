"""Stories of charts, with a program in Helm's place: what people read, and that a release is what it was made to be."""

from pathlib import Path

from helm_stub import CHART, WEB, Stub
from talk_kit import talking

from bot.domain.hooks import HOOK

SAYS = """\
---
# Source: web/templates/secret.yaml
apiVersion: v1
kind: Secret
metadata: {name: password}
stringData: {password: RANDOM}
---
# Source: web/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, command: [python]}]}
---
# Source: web/templates/seed.yaml
apiVersion: batch/v1
kind: Job
metadata: {name: seed, annotations: {helm.sh/hook: post-install}}
spec: {template: {spec: {containers: [{name: seed, command: [python]}]}}}
"""


async def test_a_release_is_rendered_once_and_is_an_install_until_one_was_live(tmp_path: Path, database: Path) -> None:
    stub = Stub(tmp_path / "stub", says=SAYS)
    async with talking(tmp_path, database, project={"source": WEB}, helm=stub.renderer()) as talk:
        talk.origin.commit("charted", {name: str(text) for name, text in CHART.items()}, "A chart")
        await talk.say("alice", "/octopod deploy charted")
        first = talk.engine.order("charted")
        await talk.report(lambda name: talk.engine.gone(talk.engine.order(name).staging), "charted")
        again = talk.engine.order("charted")
        assert len(talk.engine.orders) == 2 and again.objects == first.objects, "its password among them"
        assert len(stub.calls) == 1

        await talk.report(talk.engine.failed, "charted", "web exits with code 3")
        talk.origin.commit("charted", {"web/values.yaml": "replicas: 2\n"}, "Mend it")
        await talk.say("alice", "/octopod deploy charted")
        second = talk.engine.order("charted")
        assert _hooks(second.objects) == ["post-deploy"], "nothing was seeded yet"
        await talk.report(talk.engine.ready, "charted")

        talk.origin.commit("charted", {"web/values.yaml": "replicas: 3\n"}, "More")
        await talk.say("alice", "/octopod deploy charted")
        third = talk.engine.order("charted")
        assert _hooks(third.objects) == [] and third.release != second.release
        assert ["--is-upgrade" in words for words, _, _ in stub.calls] == [False, False, True]


async def test_without_helm_people_are_told_how_to_get_it(tmp_path: Path, database: Path) -> None:
    async with talking(tmp_path, database, project={"source": WEB}) as talk:
        talk.origin.commit("charted", {name: str(text) for name, text in CHART.items()}, "A chart")
        await talk.say("alice", "/octopod deploy charted")
        [failed] = await talk.replies("charted")
        assert "Helm is not installed where the bot runs." in failed and "OCTOPOD_HELM" in failed


def _hooks(objects: object) -> list[str]:
    assert isinstance(objects, list)
    notes = [thing["metadata"].get("annotations") or {} for thing in objects]
    return [note[HOOK] for note in notes if HOOK in note]
