"""What a branch's objects may be, and what is added to them."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from render_kit import KINDS, KUBERNETES, LOCAL, a_tree, config, deployment, facts, mistakes, rendered

from bot.domain.errors import PermanentError
from bot.ports import EngineFacts
from bot.render.located import Located
from bot.render.plain import PlainRenderer
from bot.render.rules import mistakes_in


def service(spec: str) -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {spec}\n"


def ingress(spec: str, metadata: str = "name: web") -> str:
    return f"apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{{metadata}}}\nspec: {spec}\n"


def cron_job(pod: str) -> str:
    return (
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: report}\nspec:\n  schedule: '0 3 * * *'\n"
        f"  jobTemplate: {{spec: {{template: {{spec: {pod}}}}}}}\n"
    )


def route(spec: str) -> str:
    return f"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: web}}\nspec: {spec}\n"


def named(metadata: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {metadata}\n"


def hooked(kind: str, note: str) -> str:
    text = deployment("[{name: a}]").replace("kind: Deployment", f"kind: {kind}")
    text = text.replace("apps/v1", "batch/v1") if kind == "Job" else text
    return text.replace("metadata: {name: web}", f"metadata: {{name: web, annotations: {{{note}}}}}", 1)


def noted(notes: str) -> str:
    return deployment("[{name: a}]", f"{{annotations: {{{notes}}}}}")


MORE = EngineFacts("kubernetes", KINDS | {("batch/v1", "CronJob"), ("gateway.networking.k8s.io/v1", "HTTPRoute")})
PARENTS = "parentRefs: [{name: public, namespace: infra}]"
HOSTS = "hostnames: ['${host.web}']"
OWN = "rules: [{host: '${host.web}'}]"


# ¦ stands before what is wrong: the place that must be told.
@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("¦just text", "is not an object"),
        ("¦[]", "is not an object"),
        ("¦kind: ConfigMap\nmetadata: {name: a}", "apiVersion and kind"),
        ("apiVersion: rbac.authorization.k8s.io/v1\nkind: ¦Role\nmetadata: {name: a}",
         "Role is not applied by the local engine; a branch may have ConfigMap, Deployment"),
        ("apiVersion: v1\nkind: ¦Namespace\nmetadata: {name: a}", "Namespace is for the whole cluster"),
        ("apiVersion: extensions/v1beta1\nkind: ¦Deployment\nmetadata: {name: a}", "must be apps/v1"),
        ("¦apiVersion: v1\nkind: ConfigMap", "metadata.name"),
        (named("¦{}"), "metadata.name"),
        (named("{name: ¦Web}"), "metadata.name"),
        (named("{name: ¦12}"), "metadata.name"),
        (named("{name: ¦'${url.web}'}"), "metadata.name"),
        (named(f"{{name: ¦{'a.' * 126}aa}}"), "metadata.name"),
        (service("{}").replace("web", f"¦{'a' * 40}.{'b' * 40}"), "63 characters"),
        (named("{name: a, generateName: ¦a-}"), "generateName is not allowed"),
        (named("{name: a, finalizers: ¦[x]}"), "finalizers is not allowed"),
        (named("{name: a, ownerReferences: ¦[]}"), "ownerReferences is not allowed"),
        (named("{name: a, namespace: ¦kube-system}"), "the staging's own"),
        (named("{name: a, labels: {version: ¦1}}"), "put it in quotes"),
        (named("{name: a, labels: ¦[x]}"), "must be a mapping"),
        (named("{name: ¦octopod-env}"), "Octopod's own"),
        (config("{port: ¦80}"), "put it in quotes"),
        (service("{type: ¦LoadBalancer}"), "ClusterIP"),
        (service("{externalIPs: ¦[10.0.0.1]}"), "externalIPs is not allowed"),
        (service("{externalName: ¦example.com}"), "externalName is not allowed"),
        (ingress("¦{}"), "rules with hosts"),
        (ingress("{rules: [¦{http: {}}]}"), "the staging's own"),
        (ingress("{rules: [{host: ¦[a]}]}"), "the staging's own"),
        (ingress("{rules: [{host: ¦shop.example.com}]}"), "its own hosts are ${host.web}, ${host.api}"),
        (ingress("{rules: [{host: ¦'*.localhost'}]}"), "the staging's own"),
        (ingress(f"{{{OWN}, defaultBackend: ¦{{}}}}"), "default backend"),
        (ingress(f"{{{OWN}, tls: [¦{{hosts: [example.com]}}]}}"), "TLS"),
        (ingress(f"{{{OWN}, tls: [¦{{hosts: example.com}}]}}"), "TLS"),
        (ingress(f"{{{OWN}, tls: ¦text}}"), "must be a list"),
        (ingress(f"{{{OWN}}}", "name: a, annotations: {nginx.ingress.kubernetes.io/server-alias: ¦b}"), "beyond"),
        (ingress(f"{{{OWN}}}", "name: a, annotations: {x/configuration-snippet: ¦b}"), "beyond"),
        (hooked("Deployment", "octopod.dev/hook: ¦pre-deploy"), "is for a Job, which runs to its end"),
        (hooked("Job", "octopod.dev/hook: ¦pre-install"), "must be pre-deploy or post-deploy"),
        (hooked("Job", "octopod.dev/hook: pre-deploy, octopod.dev/hook-weight: ¦'1.5'"), "must be a whole number"),
        (hooked("Job", "octopod.dev/hook: pre-deploy, octopod.dev/hook-delete: ¦always"), "must be succeeded,failed"),
        (noted("octopod.dev/snapshot: ¦pg_dump"), 'must be a command as a JSON list, such as ["pg_dump"'),
        (noted("octopod.dev/snapshot: ¦'[]'"), "must be a command as a JSON list"),
        (noted("octopod.dev/snapshot-of: ¦db"), "needs octopod.dev/snapshot-to beside it"),
        (noted("octopod.dev/snapshot-of: db, octopod.dev/snapshot-to: ¦/tmp/x"), "such as seed:/tmp/snapshot"),
        (noted("octopod.dev/snapshot-of: db, octopod.dev/snapshot-to: ¦b:/x"), "names the container b, which the pod"),
        (deployment("¦[]"), "needs spec.template.spec.containers"),
        (deployment("¦x"), "needs spec.template.spec.containers"),
        (deployment("[¦x]"), "needs a name"),
        (deployment("[¦{image: x}]"), "needs a name"),
        (deployment("[{name: a}, {name: ¦a}]"), "two containers are named `a`"),
        (deployment("[{name: a, env: [{name: A, value: ¦1}]}]"), "put it in quotes"),
        (deployment("[{name: a, env: [¦{value: x}]}]"), "every variable needs a name"),
        (deployment("[{name: a, env: ¦{A: b}}]"), "list of mappings"),
        (deployment("[{name: a, envFrom: ¦x}]"), "list of mappings"),
        (deployment("[{name: a}]\n      initContainers: [¦x]"), "needs a name"),
        (deployment("[{name: a}]\n      initContainers: ¦x"), "must be a list"),
        (deployment("[{name: a}]\n      priorityClassName: ¦system-node-critical"), "off the nodes"),
        (deployment("[{name: a}]\n      priority: ¦2000000000"), "off the nodes"),
        (deployment(metadata="¦text"), "must be a mapping"),
        (deployment(metadata="{labels: ¦[a]}"), "must be a mapping"),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(tmp_path: Path, content: str, words: str) -> None:
    before, _, after = content.partition("¦")
    [found] = mistakes(tmp_path, before + after)
    column = len(before) - before.rfind("\n")
    assert found.startswith(f"deploy/a.yaml:{before.count(chr(10)) + 1}:{column}: ")
    assert words in found


@pytest.mark.parametrize(
    ("pod", "words"),
    [
        ("¦x", "needs spec.jobTemplate.spec.template.spec.containers"),
        ("{containers: [¦{image: x}]}", "needs a name"),
        ("{containers: [{name: a, env: [{name: A, value: ¦1}]}]}", "put it in quotes"),
        ("{containers: [{name: a}], priority: ¦1}", "off the nodes"),
    ],
)
def test_the_pods_of_a_cron_job_are_looked_at_too(tmp_path: Path, pod: str, words: str) -> None:
    before, _, after = cron_job(pod).partition("¦")
    [found] = mistakes(tmp_path, before + after, MORE)
    assert found.startswith(f"deploy/a.yaml:6:{len(before) - before.rfind(chr(10))}: ") and words in found


def test_the_pods_of_a_cron_job_are_labelled_and_configured(tmp_path: Path) -> None:
    made = rendered(tmp_path, cron_job("{containers: [{name: a}]}"), MORE)[1]
    template = made["spec"]["jobTemplate"]["spec"]["template"]
    assert template["metadata"]["labels"]["octopod.dev/release"] == "r1"
    assert template["spec"]["containers"][0]["envFrom"] == [{"configMapRef": {"name": "octopod-env"}}]
    [found] = mistakes(tmp_path, cron_job("{}"))
    assert "CronJob is not applied by the local engine" in found


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (f"¦{{{PARENTS}}}", "needs hostnames, else it answers for all; its own hosts are ${host.web}, ${host.api}"),
        (f"{{{PARENTS}, hostnames: ¦text}}", "needs hostnames"),
        (f"{{{PARENTS}, hostnames: ['${{host.web}}', ¦shop.example.com]}}", "the staging's own"),
        (f"{{{PARENTS}, hostnames: [¦'*.localhost']}}", "the staging's own"),
        (f"{{{PARENTS}, hostnames: [¦[a]]}}", "the staging's own"),
        (f"¦{{{HOSTS}}}", "needs parentRefs"),
        (f"{{{HOSTS}, parentRefs: [¦x]}}", "must name a Gateway"),
        (f"{{{HOSTS}, parentRefs: [¦{{name: web, kind: Service, group: ''}}]}}", "must name a Gateway"),
        (
            f"{{{HOSTS}, {PARENTS}, rules: [{{backendRefs: [{{name: web}}, {{name: web, namespace: ¦other}}]}}]}}",
            "leads out of the staging",
        ),
        (
            f"{{{HOSTS}, {PARENTS}, rules: [{{filters: [{{requestMirror: {{backendRef: {{namespace: ¦other}}}}}}]}}]}}",
            "leads out of the staging",
        ),
    ],
)
def test_routes_are_held_to_the_stagings_own(tmp_path: Path, spec: str, words: str) -> None:
    before, _, after = route(spec).partition("¦")
    [found] = mistakes(tmp_path, before + after, MORE)
    assert found.startswith(f"deploy/a.yaml:4:{len(before) - before.rfind(chr(10))}: ") and words in found


def test_routes_may_belong_to_anybodys_gateway(tmp_path: Path) -> None:
    backends = "rules: [{backendRefs: [{name: web, namespace: '${namespace}'}, {name: api}]}]"
    made = rendered(tmp_path, route(f"{{{HOSTS}, {PARENTS}, {backends}}}"), MORE)[1]
    assert made["spec"]["hostnames"] == ["orange.localhost"]
    assert made["metadata"]["labels"]["octopod.dev/staging"] == "s1"


def test_kinds_that_the_project_allows(tmp_path: Path) -> None:
    text = "apiVersion: example.dev/{}\nkind: Widget\nmetadata: {{name: a}}\nspec: {{host: '${{host.web}}'}}\n"
    kinds = frozenset({("example.dev/v1", "Widget")})
    made = rendered(tmp_path, text.format("v1"), MORE, kinds=kinds)[1]
    assert (made["spec"], made["metadata"]["namespace"]) == ({"host": "orange.localhost"}, "shop-orange")
    assert "Widget is not applied by the kubernetes engine" in mistakes(tmp_path, text.format("v1"), MORE)[0]
    assert "must be example.dev/v1, not" in mistakes(tmp_path, text.format("v2"), MORE, kinds=kinds)[0]


def test_what_is_allowed(tmp_path: Path) -> None:
    content = "---\n".join(
        [
            named("{name: a.b, namespace: '${namespace}', labels: null, annotations: {note: x}}"),
            service("{type: ClusterIP}"),
            ingress("{rules: [{host: '${host.web}'}, {host: '${host.api}'}], tls: [{hosts: ['${host.web}']}]}"),
            deployment(),
        ]
    )
    objects = rendered(tmp_path, content)
    assert [rule["host"] for rule in objects[3]["spec"]["rules"]] == ["orange.localhost", "orange-api.localhost"]


def test_the_same_object_twice_names_both_places(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"deploy/a.yaml": config("{}"), "deploy/b.yaml": "# once more\n" + config("{}")})
    with pytest.raises(PermanentError) as caught:
        PlainRenderer().render(tree, facts(), LOCAL)
    assert caught.value.details == ("deploy/b.yaml:2:1: ConfigMap `config` stands at deploy/a.yaml:1:1 already",)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${staging}", "orange"),
        ("${project}-${branch}", "shop-orange-button"),
        ("${commit}", "a" * 40),
        ("${namespace}", "shop-orange"),
        ("${host.web} ${url.web}", "orange.localhost http://orange.localhost:8080"),
        ("${url.api}", "http://orange-api.localhost"),
        ("${image}", "none"),
        ("$${staging} $$ $(X) $HOME {a}", "${staging} $$ $(X) $HOME {a}"),
        ("$${", "${"),
    ],
)
def test_references(tmp_path: Path, text: str, value: str) -> None:
    assert rendered(tmp_path, config(f"{{key: '{text}'}}"))[1]["data"] == {"key": value}
    assert rendered(tmp_path, config("{}"), env={"KEY": text})[0]["data"] == {"KEY": value}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${stagin}", "did you mean `${staging}`?"),
        ("${host.wbe}", "did you mean `${host.web}`?"),
        ("${HOME}", "is unknown"),
        ("${}", "is unknown"),
        ("${values.web.replicas}", "has no value; the project has no `values:`"),
        ("${staging", "without its `}`"),
    ],
)
def test_references_that_mean_nothing(tmp_path: Path, text: str, words: str) -> None:
    [found] = mistakes(tmp_path, config(f"{{key: '{text}'}}"))
    assert found.startswith("deploy/a.yaml:4:13: ") and words in found
    [found] = mistakes(tmp_path, config("{}"), env={"KEY": text})
    assert found.startswith("octopod.yaml: env.KEY: ") and words in found


def test_a_mistake_hides_what_only_follows_from_it(tmp_path: Path) -> None:
    [found] = mistakes(tmp_path, named("{name: '${nmae}'}"))
    assert "unknown" in found


def test_keys_are_not_filled(tmp_path: Path) -> None:
    assert rendered(tmp_path, config("{'${staging}': x}"))[1]["data"] == {"${staging}": "x"}


def test_images(tmp_path: Path) -> None:
    content = deployment("[{name: web, image: '${image}'}]")

    def image(**changes: Any) -> str:
        return str(
            rendered(tmp_path, content, KUBERNETES, **changes)[1]["spec"]["template"]["spec"]["containers"][0]["image"]
        )

    assert image(image="ghcr.io/acme/shop:${commit}") == "ghcr.io/acme/shop:" + "a" * 40
    [found] = mistakes(tmp_path, content, KUBERNETES)
    assert found.startswith("deploy/a.yaml:9:39: ") and "`image:`" in found
    assert "octopod.yaml: image: " in mistakes(tmp_path, content, KUBERNETES, image="x:${commti}")[0]


def test_everything_is_labelled_and_configured(tmp_path: Path) -> None:
    containers = "[{name: web, env: [{name: A, value: own}], envFrom: [{secretRef: {name: x}}]}]"
    both = containers + "\n      initContainers: [{name: i}]"
    content = deployment(both, "{labels: {app: web}, annotations: {note: x}}") + "---\n" + config("{}")
    objects = rendered(tmp_path, content, env={"A": "1", "URL": "${url.web}"})
    labels = {
        "app.kubernetes.io/managed-by": "octopod",
        "octopod.dev/staging": "s1",
        "octopod.dev/project": "shop",
        "octopod.dev/release": "r1",
    }
    assert [item["kind"] for item in objects] == ["ConfigMap", "Deployment", "ConfigMap"]
    assert all(item["metadata"]["namespace"] == "shop-orange" for item in objects)
    assert all(labels.items() <= item["metadata"]["labels"].items() for item in objects)
    assert objects[0]["metadata"]["name"] == "octopod-env"
    assert objects[0]["data"] == {"A": "1", "URL": "http://orange.localhost:8080"}
    spec = objects[1]["spec"]
    assert spec["selector"] == {"matchLabels": {"app": "web"}}
    assert spec["template"]["metadata"]["labels"] == {"app": "web", **labels}
    assert spec["template"]["metadata"]["annotations"]["note"] == "x"
    source = {"configMapRef": {"name": "octopod-env"}}
    [container], [first] = spec["template"]["spec"]["containers"], spec["template"]["spec"]["initContainers"]
    assert container["envFrom"] == [source, {"secretRef": {"name": "x"}}]
    assert container["env"] == [{"name": "A", "value": "own"}]
    assert first["envFrom"] == [source]


def test_a_changed_configuration_changes_the_pods(tmp_path: Path) -> None:
    def digest(**env: str) -> str:
        template = rendered(tmp_path, deployment(), env=env)[1]["spec"]["template"]
        return str(template["metadata"]["annotations"]["octopod.dev/config-hash"])

    assert digest(A="1", B="2") == digest(B="2", A="1")
    assert len({digest(A="1"), digest(A="2"), digest(B="1"), digest()}) == 4
    assert len(digest()) == 16


TEXT = st.one_of(
    st.text(max_size=50), st.sampled_from(["a: b\n---\nkind: X", "'\"`", "- x", "{", "*a", "&a", "#", "🐙" * 999])
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(branch=TEXT, value=TEXT)
def test_no_value_breaks_or_injects_anything(tmp_path: Path, branch: str, value: str) -> None:
    """A branch's name is filled in as it is, also if it looks like YAML or like a reference."""
    escaped = value.replace("\0", "").replace("${", "$${")
    objects = rendered(tmp_path, config("{a: '${branch}', b: 'x${branch}y'}"), branch=branch, env={"V": escaped})
    assert len(objects) == 2
    assert objects[0]["data"] == {"V": value.replace("\0", "").replace("$${", "$${")}
    assert objects[1]["data"] == {"a": branch, "b": f"x{branch}y"}


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)
PARTS: dict[str, tuple[str | int, ...]] = {
    "metadata": ("metadata",),
    "labels": ("metadata", "labels"),
    "spec": ("spec",),
    "template": ("spec", "template"),
    "pod metadata": ("spec", "template", "metadata"),
    "pod": ("spec", "template", "spec"),
    "containers": ("spec", "template", "spec", "containers"),
    "rules": ("spec", "rules"),
    "tls": ("spec", "tls"),
    "data": ("data",),
}


@settings(max_examples=300)
@given(kind=st.sampled_from(sorted(LOCAL.kinds)), part=st.sampled_from(sorted(PARTS)), value=JSON)
def test_no_shape_of_an_object_confuses_the_rules(kind: tuple[str, str], part: str, value: Any) -> None:
    item: dict[str, Any] = {
        "apiVersion": kind[0],
        "kind": kind[1],
        "metadata": {"name": "a"},
        "spec": {"template": {"spec": {"containers": [{"name": "a"}]}}, "rules": [{"host": "orange.localhost"}]},
    }
    *way, last = PARTS[part]
    inner: Any = item
    for step in way:
        inner = inner[step]
    inner[last] = deepcopy(value)
    found = list(mistakes_in(Located("a.yaml", item, {(): (1, 1)}), facts(), LOCAL))
    assert all(mistake.startswith("a.yaml:1:1: ") for mistake in found)


@pytest.mark.parametrize("templates", ["x", "[x]", "[{metadata: {}}]", "{a: b}"])
def test_claims_of_stateful_sets_have_names(tmp_path: Path, templates: str) -> None:
    engine = EngineFacts("kubernetes", KINDS | {("apps/v1", "StatefulSet")})
    claims = f"spec:\n  volumeClaimTemplates: {templates}\n"
    content = deployment().replace("Deployment", "StatefulSet").replace("spec:\n", claims, 1)
    assert mistakes(tmp_path, content, engine) == (
        "deploy/a.yaml:5:25: must be a list of claims, each with metadata.name",
    )


def test_mistakes_in_what_octopod_yaml_itself_refers_to(tmp_path: Path) -> None:
    told = mistakes(tmp_path, config("{a: b}"), image="shop:${comit}", values={"web": {"tag": "${comit}"}})
    assert [one.partition(": `")[0] for one in told] == ["octopod.yaml: image", "octopod.yaml: values.web.tag"]
