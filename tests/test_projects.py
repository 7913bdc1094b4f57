"""octopod.yaml: what it may say, and every mistake in it with its place."""

from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.errors import ConfigError
from bot.domain.hours import Hours
from bot.domain.project import EngineKind, Fence, Follow, Manifests, ProbeFrom, Project, Roles, Updates, UrlProbe
from bot.projects import load_projects

DATA = Path(__file__).parent / "data"
LEAST = """
engine: local
projects:
  shop:
    repo: ./shop.git
    source: {manifests: deploy}
    channel: stagings
"""
# Ten aliases of ten aliases of …: a few lines that unfold to a hundred million.
LAUGHS = "a0: &a0 x\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "octopod.yaml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def project(folder: Path, extra: str = "", text: str = LEAST) -> Project:
    (found,) = load_projects(written(folder, f"{text}    {extra}\n")).projects.values()
    return found


def mistakes(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_projects(written(folder, text))
    return list(caught.value.mistakes)


def test_little_needs_to_be_said(tmp_path: Path) -> None:
    configuration = load_projects(written(tmp_path, LEAST))
    assert configuration.engine is EngineKind.LOCAL
    assert configuration.projects == {
        "shop": Project(
            name="shop",
            repo=str(tmp_path / "shop.git"),
            source=Manifests(PurePosixPath("deploy")),
            channel="stagings",
            alerts="stagings",
            baseline="main",
            hosts={"web": "${staging}.localhost"},
            scheme="http",
            ttl=timedelta(days=3),
        )
    }


def test_everything_can_be_said() -> None:
    assert load_projects(DATA / "projects_full.yaml").projects["shop"] == Project(
        name="shop",
        repo="https://github.com/acme/shop.git",
        source=Manifests(PurePosixPath("deploy/staging")),
        channel="stagings",
        alerts="stagings-alerts",
        credentials="GIT_TOKEN",
        baseline="release/1.10",
        image="ghcr.io/acme/shop:${commit}",
        hosts={"web": "${staging}.shop.example.com", "api": "${staging}-api.shop.example.com:8443"},
        scheme="https",
        ttl=timedelta(days=9),
        env={
            "PAYMENTS": "sandbox",
            "DEBUG": "off",
            "VERSION": "1.10",
            "MODE": "0755",
            "EMPTY": "",
            "URL": "${url.web}/$${x}",
            "DAY": "2026-01-02",
        },
        roles=Roles(("@bob", "U0123ABCD"), ("@platform",)),
        url_probe=UrlProbe("/healthz", "10.0.0.7:443", ProbeFrom.OFF, (404, 418), 2.5),
    )


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        load_projects(DATA / "projects_wrong.yaml")
    assert list(caught.value.mistakes) == (DATA / "projects_wrong.txt").read_text().splitlines()


def test_the_engine_is_said_never_detected(tmp_path: Path) -> None:
    assert mistakes(tmp_path, LEAST.replace("engine: local", "")) == [
        "octopod.yaml:3:1: engine: is missing; say `engine: kubernetes` or `engine: local`"
    ]
    assert mistakes(tmp_path, LEAST.replace("local", "kubernetes")) == [
        "octopod.yaml:4:3: projects.shop.hosts: is missing; say `hosts: {web: ${staging}.shop.example.com}`",
    ]


def test_a_probe_from_inside_the_cluster(tmp_path: Path) -> None:
    kubernetes = LEAST.replace("local", "kubernetes") + '    hosts: {web: "${staging}.shop.example.com"}\n'
    probe = project(tmp_path, "url_probe: {from: cluster}", kubernetes).url_probe
    assert probe == UrlProbe(origin=ProbeFrom.CLUSTER)
    (text,) = mistakes(tmp_path, f"{LEAST}    url_probe: {{from: cluster}}\n")
    assert text.endswith("projects.shop.url_probe.from: cluster is for engine: kubernetes; say bot or off")
    (text,) = mistakes(tmp_path, kubernetes + "    url_probe: {from: cluster, address: 'ingress:443'}\n")
    assert "projects.shop.url_probe.address: is dialled by the bot; with from: cluster the Service" in text


def test_secrets_are_copied_on_kubernetes_only(tmp_path: Path) -> None:
    kubernetes = LEAST.replace("local", "kubernetes") + '    hosts: {web: "${staging}.shop.example.com"}\n'
    assert project(tmp_path, "copy_secrets: [registry, wildcard-tls]", kubernetes).copy_secrets == (
        "registry",
        "wildcard-tls",
    )
    (text,) = mistakes(tmp_path, f"{LEAST}    copy_secrets: [registry]\n")
    assert text.startswith("octopod.yaml:8:5: projects.shop.copy_secrets: is for engine: kubernetes; the local engine")
    (text,) = mistakes(tmp_path, f"{kubernetes}    copy_secrets: [Not Legal]\n")
    assert "must be names of Secrets" in text


FENCED = LEAST.replace("local", "kubernetes") + '    hosts: {web: "${staging}.shop.example.com"}\n'


def test_a_fence_says_what_is_not_as_usual(tmp_path: Path) -> None:
    assert project(tmp_path, "fence: {}", FENCED).fence == Fence()
    said = "{quota: {pods: 60, services.nodeports: none, count/cronjobs.batch: 3}, requests: {cpu: 0.1},"
    more = " limits: {cpu: 2, memory: 1Gi}, pod_security: restricted, egress: closed}"
    fence = project(tmp_path, f"fence: {said}{more}", FENCED).fence
    assert (fence.quota["pods"], fence.quota["requests.cpu"], fence.quota["count/cronjobs.batch"]) == ("60", "8", "3")
    assert "services.nodeports" not in fence.quota
    assert (fence.requests, fence.limits) == ({"cpu": "0.1", "memory": "128Mi"}, {"cpu": "2", "memory": "1Gi"})
    assert (fence.pod_security, fence.egress) == ("restricted", False)


def test_how_branches_are_followed(tmp_path: Path) -> None:
    assert project(tmp_path, "").follow == Follow()
    said = 'follow: {updates: false, branches: ["feature/*", "!feature/wip-*"], baseline: false, gone_after: never}'
    assert project(tmp_path, said).follow == Follow(Updates.OFF, ("feature/*", "!feature/wip-*"), False, None)
    wrong = f"{LEAST}    follow: {{updates: maybe, branches: [], gone_after: soon, baselines: true}}\n"
    assert [text.split(": ", 1)[1] for text in mistakes(tmp_path, wrong)] == [
        "projects.shop.follow.updates: must be true or false or paused",
        'projects.shop.follow.branches: must be a list of branches or globs, such as ["feature/*", "!feature/wip-*"]',
        "projects.shop.follow.gone_after: must be a duration such as 3d, 12h or 1h30m, or never",
        "projects.shop.follow.baselines: is not a known key; did you mean baseline?",
    ]


def test_working_hours(tmp_path: Path) -> None:
    assert project(tmp_path, "").hours is None
    said = "hours: {zone: Europe/Berlin, from: 07:30, to: 24:00}"
    assert project(tmp_path, said).hours == Hours("Europe/Berlin", frozenset(range(5)), 450, 1440)
    said = "hours: {zone: UTC, days: [sat-mon, wed], from: 22:00, to: 6:00}"
    assert project(tmp_path, said).hours == Hours("UTC", frozenset({5, 6, 0, 2}), 1320, 360)


def test_every_mistake_in_working_hours_is_told(tmp_path: Path) -> None:
    wrong = f"{LEAST}    hours: {{zone: Europe/Berln, days: [mon-fry], from: 24:01, too: 7}}\n"
    assert [text.split(": projects.shop.hours", 1)[1] for text in mistakes(tmp_path, wrong)] == [
        '.to: is missing; say when they are put to sleep, such as `to: "19:00"`',
        ".zone: Europe/Berln is no time zone; did you mean Europe/Berlin?",
        ".days: must be days, such as mon-fri, or [mon-thu, sat]",
        ".from: must be a time of day such as 07:30",
        ".too: is not a known key; did you mean to?",
    ]
    wrong = f"{LEAST}    hours: {{zone: UTC, days: sun-sat, from: 0:00, to: 24:00}}\n"
    assert "leaves no time to sleep" in mistakes(tmp_path, wrong)[0]


def test_every_mistake_in_a_fence_is_told_with_its_place(tmp_path: Path) -> None:
    text = FENCED + (
        "    fence:\n"
        "      quota: {pod: 3, pods: many, requests.nvidia.com/gpu: 1}\n"
        "      requests: {memory: 2Gi, disk: 1}\n"
        "      limits: {cpu: 10m}\n"
        "      pod_security: privileged\n"
        "      egress: off\n"
        "      hostage: x\n"
    )
    shop = "projects.shop.fence"
    quantity = "must be a quantity as Kubernetes writes it, such as 500m or 16Gi, or none"
    assert mistakes(tmp_path, text) == [
        f"octopod.yaml:10:15: {shop}.quota.pod: is nothing that can be limited here; did you mean pods?",
        f"octopod.yaml:10:29: {shop}.quota.pods: {quantity}",
        f"octopod.yaml:11:26: {shop}.requests.memory: the request 2Gi would be more than the limit 512Mi; set both",
        f"octopod.yaml:11:31: {shop}.requests.disk: is nothing that can be limited here; known are cpu, memory, "
        "ephemeral-storage",
        f"octopod.yaml:12:21: {shop}.limits.cpu: the request 50m would be more than the limit 10m; set both",
        f"octopod.yaml:13:21: {shop}.pod_security: must not be privileged: whoever can push a branch could take over "
        "the node; say baseline",
        f"octopod.yaml:14:15: {shop}.egress: must be open or closed",
        f"octopod.yaml:15:7: {shop}.hostage: is not a known key; known are quota, requests, limits, "
        "pod_security, egress",
    ]
    (text,) = mistakes(tmp_path, f"{LEAST}    fence: {{egress: open}}\n")
    assert text == "octopod.yaml:8:5: projects.shop.fence: is for engine: kubernetes; the local engine fences nothing"


def test_further_kinds_are_custom_resources_of_a_cluster(tmp_path: Path) -> None:
    said = "[cert-manager.io/v1/Certificate, gateway.networking.k8s.io/v1/HTTPRoute, cert-manager.io/v1/Certificate]"
    assert project(tmp_path, f"kinds: {said}", FENCED).kinds == (
        ("cert-manager.io/v1", "Certificate"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    )
    (text,) = mistakes(tmp_path, f"{LEAST}    kinds: []\n")
    assert text == "octopod.yaml:8:5: projects.shop.kinds: is for engine: kubernetes; the local engine has only its own"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("Certificate", "must be a list of kinds as group/version/Kind"),
        ("[Certificate]", "must be kinds of custom resources as group/version/Kind, such as cert-manager.io/v1/Certi"),
        ("[cert-manager.io/Certificate]", "as group/version/Kind"),
        ("[cert-manager.io/v1/certificates]", "as group/version/Kind"),
        ("[v1/Pod]", "as group/version/Kind"),
        ("[apps/v1/ReplicaSet]", "as group/version/Kind"),
        ("[[a]]", "as group/version/Kind"),
        ("[rbac.authorization.k8s.io/v1/Role]", "it is Kubernetes' own, and of these a branch may have what is docum"),
        ("[networking.k8s.io/v1/NetworkPolicy]", "it is Kubernetes' own"),
        ("[serving.knative.dev/v1/Service]", "Service is a kind of Kubernetes' own, and could not be told apart"),
        ("[a.dev/v1/Widget, b.dev/v1/Widget]", "must not name two kinds Widget; they could not be told apart"),
    ],
)
def test_kinds_that_no_project_can_have(tmp_path: Path, said: str, why: str) -> None:
    (text,) = mistakes(tmp_path, f"{FENCED}    kinds: {said}\n")
    assert text.startswith("octopod.yaml:9:12: projects.shop.kinds: must") and why in text


@pytest.mark.parametrize(
    ("extra", "field", "value"),
    [
        ("repo: https://git.example.com:8443/a.git", "repo", "https://git.example.com:8443/a.git"),
        ("repo: git@github.com:acme/shop.git", "repo", "git@github.com:acme/shop.git"),
        ("repo: ssh://git@github.com/acme/shop.git", "repo", "ssh://git@github.com/acme/shop.git"),
        ("repo: file:///srv/shop.git", "repo", "file:///srv/shop.git"),
        ("repo: /srv/shop.git", "repo", "/srv/shop.git"),
        ("image_wait: 2h", "image_wait", timedelta(hours=2)),
        ("ci: Build and push", "ci", "Build and push"),
        ("undo: 1h", "undo", timedelta(hours=1)),
        ("undo: none", "undo", timedelta()),
        ("ttl: never", "ttl", None),
        ("ttl: 1h30m", "ttl", timedelta(minutes=90)),
        ("channel: C0123ABCD", "channel", "C0123ABCD"),
        ("baseline: 1.10", "baseline", "1.10"),
        ("source: {manifests: .}", "source", Manifests(PurePosixPath("."))),
        ("roles: {deploy: [], admin: everyone}", "roles", Roles((), ("everyone",))),
        ("env:", "env", {}),
        ("url_probe: {from: bot}", "url_probe", UrlProbe()),
    ],
)
def test_values_that_are_understood(tmp_path: Path, extra: str, field: str, value: object) -> None:
    text = "\n".join(line for line in LEAST.splitlines() if not line.strip().startswith(extra.split(":")[0] + ":"))
    assert getattr(project(tmp_path, extra, text + "\n"), field) == value


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ("repo: https://SECRET@github.com/a.git", "must not hold a token"),
        ("repo: https://bob:SECRET@github.com/a.git", "must not hold a token"),
        ("repo: ssh://git:SECRET@github.com/a.git", "must not hold a token"),
        ("repo: git://github.com/a.git", "can't be cloned by git://"),
        ("repo: ext::SECRET", "must be an https://"),
        ("repo: --upload-pack=SECRET", "must be an https://"),
        ("repo: file://host/a.git", "an absolute path after file://"),
        ("repo: https:///a.git", "must name a host"),
        ("repo: https://a:b:c/", "host and port are legal"),
        ("repo: 'a\tb'", "on one line"),
        ("repo: [a]", "must be what git clones"),
        ("credentials: ghp_SECRET", "must be the name of an environment variable"),
        ("baseline: a..b", "as git allows it"),
        ("image: a b", "without spaces"),
        ("image: ${url.web}", "means nothing here"),
        ("source: {manifests: /etc}", "inside the branch"),
        ("hosts: {}", "at least one host"),
        ("hosts: {web: 7}", "must contain ${staging} once"),
        ("hosts: {web: [a]}", "must be a host"),
        ("hosts: {'a b': '${staging}.x.com'}", "must be named with letters"),
        ("channel: two words", "must be a Slack channel"),
        ("alerts:", "is empty; write the channel without #"),
        ("undo: never", "must be a duration such as 3d, 12h or 1h30m, or none"),
        ("image_wait: never", "must be a duration such as 3d, 12h or 1h30m"),
        ("ci: [Build]", "must be what makes the image, as CI names it, such as Build"),
        ("ttl: 0d", "must be longer than nothing"),
        ("ttl: 3", "must be a duration such as 3d, 12h or 1h30m, or never"),
        ("env: [a]", "must be names with values"),
        ("roles: {admin: [bob]}", "must be everyone, or people"),
        ("roles:", "must have keys of its own"),
        ("url_probe: {path: //x}", "must be a path"),
        ("url_probe: {address: 'x:0'}", "must be a host and a port"),
        ("url_probe: {accept: [404, 600]}", "from 100 to 599"),
        ("url_probe: {seconds: 61}", "from 0.1 to 60"),
        ("url_probe: {from: moon}", "must be bot or cluster or off"),
        ("baseline: !!binary eA==", "the tag binary is not understood here"),
        ("baseline: !env x", "the tag !env is not understood here"),
    ],
)
def test_values_that_are_refused(tmp_path: Path, extra: str, why: str) -> None:
    text = "\n".join(line for line in LEAST.splitlines() if not line.strip().startswith(extra.split(":")[0] + ":"))
    (mistake,) = mistakes(tmp_path, f"{text}\n    {extra}\n")
    assert why in mistake and "SECRET" not in mistake


def two(hosts: str, other: str) -> str:
    first = f"{LEAST}    {hosts}\n"
    return f"{first}  blog:\n    repo: x\n    source: {{manifests: m}}\n    channel: c\n    {other}\n"


def test_projects_whose_hosts_could_meet_are_refused(tmp_path: Path) -> None:
    assert mistakes(tmp_path, two("", "")) == [
        "octopod.yaml:9:3: projects.blog.hosts.web: ${staging}.localhost could be the same host as one of "
        "projects.shop.hosts.web; tell them apart, such as ${staging}.blog.localhost"
    ]
    text = two("hosts: {web: '${staging}.x.com'}", "hosts: {api: '${staging}-api.x.com'}")
    assert len(mistakes(tmp_path, text)) == 1
    text = two("", "hosts: {web: '${staging}.blog.localhost'}")
    assert list(load_projects(written(tmp_path, text)).projects) == ["shop", "blog"]


def test_parts_can_be_shared_by_anchors(tmp_path: Path) -> None:
    text = LEAST.replace("shop:", "shop: &shop") + "    env: {A: one}\n"
    text += "  blog:\n    <<: *shop\n    hosts: {web: '${staging}.blog.localhost'}\n    env: {B: two}\n"
    blog = load_projects(written(tmp_path, text)).projects["blog"]
    assert (blog.channel, blog.env) == ("stagings", {"B": "two"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "octopod.yaml is empty. It needs `engine:` and `projects:`."),
        ("# nothing\n", "octopod.yaml is empty. It needs `engine:` and `projects:`."),
        (b"engine: local\nprojects: \xff", "octopod.yaml:2: is not UTF-8 text. Save it as UTF-8."),
        ("a: b: c", "octopod.yaml:1:5: is not valid YAML: mapping values are not allowed here"),
        ("a\nb: \x07", "octopod.yaml:2:4: a character that YAML does not allow"),
        ("a: @b", "put the value into quotes"),
        ("engine: local\n---\nengine: local", "octopod.yaml:2:1: is not valid YAML: expected a single document"),
        ("- a", "octopod.yaml:1:1: must have keys of its own"),
        ("&a [*a]", "nested too deeply"),
        ("[" * 5000 + "]" * 5000, "nested too deeply"),
        (LAUGHS, "nested too deeply"),
        ("engine: local\nprojects: {}", "octopod.yaml:2:11: projects: must hold at least one project"),
        ("engine: local", "octopod.yaml:1:1: projects: is missing"),
    ],
)
def test_what_is_no_such_file_is_told_in_one_message(tmp_path: Path, text: str | bytes, why: str) -> None:
    (mistake,) = mistakes(tmp_path, text)
    assert why in mistake


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"There is no .*/octopod.yaml. Set OCTOPOD_CONFIG"):
        load_projects(tmp_path / "octopod.yaml")
    with pytest.raises(ConfigError, match="is a folder; OCTOPOD_CONFIG must name a file"):
        load_projects(tmp_path)


values = st.recursive(
    st.sampled_from(["x", "", "~", "3d", "${staging}.a.com", "'@x'", "7", "!t x", "*a", "&a y", "off"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(["web", "<<", "manifests", "deploy", "from", "1", "?"]), inner, max_size=3).map(
            lambda entries: "{" + ", ".join(f"{key}: {value}" for key, value in entries.items()) + "}"
        ),
    ),
    max_leaves=6,
)
known = ["repo", "credentials", "baseline", "image", "source", "hosts", "channel", "ttl", "env", "roles", "url_probe"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(known), values), max_size=6), st.text() | st.none())
def test_whatever_it_holds_it_is_read_or_refused_in_words(
    tmp_path: Path, lines: list[tuple[str, str]], free: str | None
) -> None:
    body = "".join(f"    {key}: {value}\n" for key, value in lines)
    text = f"engine: local\nprojects:\n  shop:\n{body}" if free is None else free
    try:
        load_projects(written(tmp_path, text.encode(errors="replace")))
    except ConfigError as error:
        assert error.mistakes and all(mistake.startswith("octopod.yaml") for mistake in error.mistakes)


def test_what_is_far_too_large_is_not_read(tmp_path: Path) -> None:
    assert mistakes(tmp_path, LEAST + "# x\n" * 70_000) == ["octopod.yaml is larger than 256 kB."]


def test_merges_of_merges_of_nothing_are_refused(tmp_path: Path) -> None:
    merges = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 9))
    assert "unfold to too much" in mistakes(tmp_path, f"a0: &a0 {{}}\n{merges}")[0]
