"""octopod.yaml: a project that extends another one."""

from pathlib import Path, PurePosixPath

import pytest

from bot.domain.errors import ConfigError
from bot.domain.project import Helm, Key, Limits, Manifests, Project, Roles, SecretPlace
from bot.projects import load_projects

SHOP = """engine: kubernetes
projects:
  shop:
    repo: ./shop.git
    source: {manifests: deploy}
    channel: stagings
    alerts: stagings-alerts
    hosts: {web: "${staging}.${project}.example.com", api: "${staging}-api.${project}.example.com"}
    ttl: 9d
    env:
      PAYMENTS: {default: sandbox, choices: [sandbox, production], description: Which.}
      PLAIN: shop
      API: "${url.api}"
    secrets: {KEY: payments/test}
    values: {web: {replicas: 1, port: 80, args: [a, b]}, db: {size: 1Gi}}
    profiles:
      live: {env: {PAYMENTS: production}, values: {web: {replicas: 3}}, allowed: "@payers"}
    roles: {deploy: "@shop", admin: "@platform"}
    limits: {stagings: 40}
"""
BLOG = """  blog:
    extends: shop
    repo: ./blog.git
    channel: blog
"""


def loaded(folder: Path, text: str) -> dict[str, Project]:
    file = folder / "octopod.yaml"
    file.write_text(text)
    return dict(load_projects(file).projects)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return list(caught.value.mistakes)


def test_what_a_project_does_not_say_is_that_of_the_other(tmp_path: Path) -> None:
    blog = loaded(tmp_path, SHOP + BLOG)["blog"]
    assert (blog.name, blog.repo, blog.channel) == ("blog", str(tmp_path / "blog.git"), "blog")
    shop = loaded(tmp_path, SHOP + BLOG)["shop"]
    for field in ("source", "alerts", "ttl", "env", "keys", "secrets", "values", "profiles", "roles", "limits"):
        assert getattr(blog, field) == getattr(shop, field), field
    assert shop.hosts["web"] == "${staging}.shop.example.com"
    assert blog.hosts == {"web": "${staging}.blog.example.com", "api": "${staging}-api.blog.example.com"}


def test_mappings_are_merged_and_all_else_is_replaced(tmp_path: Path) -> None:
    more = """    source: {helm: {chart: chart}}
    env: {PAYMENTS: production, PLAIN: {description: Now with words.}, MORE: x}
    secrets: {MAIL: env:MAIL}
    values: {web: {replicas: 2, args: [c]}}
    profiles: {live: {values: {web: {replicas: 5}}}, load: {}}
    roles: {deploy: everyone}
    limits: {per_person: 3}
"""
    blog = loaded(tmp_path, SHOP + BLOG + more)["blog"]
    assert blog.source == Helm("chart")
    assert blog.env == {"PAYMENTS": "production", "PLAIN": "shop", "API": "${url.api}", "MORE": "x"}
    assert blog.keys["PAYMENTS"] == Key("Which.", ("sandbox", "production"))
    assert blog.keys["PLAIN"] == Key("Now with words.")
    assert blog.secrets == {"KEY": SecretPlace("test", "payments"), "MAIL": SecretPlace("MAIL")}
    assert blog.values == {"web": {"replicas": 2, "port": 80, "args": ["c"]}, "db": {"size": "1Gi"}}
    assert list(blog.profiles) == ["live", "load"]
    live = blog.profiles["live"]
    assert (live.env, live.values, live.allowed) == ({"PAYMENTS": "production"}, {"web": {"replicas": 5}}, ("@payers",))
    assert (blog.roles, blog.limits) == (Roles(("everyone",), ("@platform",)), Limits(40, 3))


def test_what_is_inherited_can_be_left_out(tmp_path: Path) -> None:
    more = """    hosts: {api: }
    env: {API: , PLAIN: ~}
    values: {web: {port: ~}, db: }
    profiles: {live: }
    limits:
      stagings:
"""
    blog = loaded(tmp_path, SHOP + BLOG + more)["blog"]
    assert list(blog.hosts) == ["web"]
    assert list(blog.env) == ["PAYMENTS"]
    assert blog.values == {"web": {"replicas": 1, "args": ["a", "b"]}}
    assert (blog.profiles, blog.limits) == ({}, Limits())


def test_a_heading_with_nothing_below_it_leaves_nothing_out(tmp_path: Path) -> None:
    projects = loaded(tmp_path, SHOP + BLOG + "    env:\n      # PLAIN: blog\n    values:\n")
    assert (projects["blog"].env, projects["blog"].values) == (projects["shop"].env, projects["shop"].values)


def test_what_becomes_secret_is_not_plain_as_well(tmp_path: Path) -> None:
    blog = loaded(tmp_path, SHOP + BLOG + "    secrets: {PLAIN: a/b, PAYMENTS: a/c}\n    env: {KEY: plain}\n")["blog"]
    assert blog.env == {"API": "${url.api}", "KEY": "plain"}
    assert blog.secrets == {"PLAIN": SecretPlace("b", "a"), "PAYMENTS": SecretPlace("c", "a")}
    assert blog.keys["PAYMENTS"] == Key("Which.", secret=True)
    blog = loaded(tmp_path, SHOP + BLOG + "    env: {PLAIN: {secret: true}}\n")["blog"]
    assert "PLAIN" not in blog.env and blog.keys["PLAIN"] == Key(secret=True)


def test_a_project_may_extend_one_that_extends_one_whatever_their_order(tmp_path: Path) -> None:
    wiki = "  wiki: {extends: blog, values: {web: {replicas: 7}}}\n"
    before = SHOP.replace("  shop:\n", f"{wiki}  shop:\n", 1)
    projects = loaded(tmp_path, before + BLOG + "    source: {manifests: other}\n")
    assert list(projects) == ["wiki", "shop", "blog"]
    wikis = projects["wiki"]
    assert (wikis.repo, wikis.source) == (str(tmp_path / "blog.git"), Manifests(PurePosixPath("other")))
    assert wikis.values["web"] == {"replicas": 7, "port": 80, "args": ["a", "b"]}
    assert wikis.hosts["web"] == "${staging}.wiki.example.com"


def test_on_the_local_engine_no_hosts_need_to_be_said(tmp_path: Path) -> None:
    text = "engine: local\nprojects:\n  shop: {repo: a, source: {manifests: .}, channel: c}\n  blog: {extends: shop}\n"
    projects = loaded(tmp_path, text)
    assert projects["shop"].hosts == {"web": "${staging}.localhost"}
    assert projects["blog"].hosts == {"web": "${staging}.blog.localhost"}


def test_inherited_hosts_that_could_meet_are_refused(tmp_path: Path) -> None:
    text = SHOP.replace(".${project}", "") + BLOG + BLOG.replace("blog:", "wiki:")
    told = mistakes(tmp_path, text)
    assert len(told) == 4
    assert told[0] == (
        "octopod.yaml:21:14: projects.blog.extends: inherits hosts.api, but ${staging}-api.example.com could be the "
        "same host as one of projects.shop.hosts.web; say hosts of its own, or write ${project} into them, such as "
        "${staging}.${project}-api.example.com"
    )


def test_a_mistake_that_is_inherited_is_told_once_at_its_place(tmp_path: Path) -> None:
    text = SHOP.replace("9d", "soon").replace("PLAIN: shop", "PLAIN: '${urk.web}'").replace("    channel", "    chanel")
    assert mistakes(tmp_path, text + "  blog: {extends: shop, hosts: {app: '${staging}.b.example.com'}}\n") == [
        "octopod.yaml:3:3: projects.shop.channel: is missing; say where the cards go, such as `channel: stagings`",
        "octopod.yaml:6:5: projects.shop.chanel: is not a known key; did you mean channel?",
        "octopod.yaml:9:10: projects.shop.ttl: must be a duration such as 3d, 12h or 1h30m, or never",
        "octopod.yaml:12:14: projects.shop.env.PLAIN: ${urk.web} means nothing here; did you mean ${url.web}?",
    ]


def test_a_mistake_that_only_the_heir_has_is_told_with_its_name(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, SHOP + BLOG + "    hosts: {api: }\n")
    assert told.startswith("octopod.yaml:13:12: projects.blog.env.API: ${url.api} means nothing here; known are")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("  blog: {extends: shpo}\n", ["20:19: projects.blog.extends: is no project; did you mean shop?"]),
        ("  blog: {extends: 7}\n", ["20:19: projects.blog.extends: is no project; there is shop"]),
        ("  blog: {extends: [shop]}\n", ["20:19: projects.blog.extends: must be the name of another project"]),
        ("  blog: {extends: }\n", ["20:18: projects.blog.extends: must be the name of another project"]),
        ("  blog: {extends: blog}\n", ["20:19: projects.blog.extends: must name another project"]),
        (
            "  a: {extends: b}\n  b: {extends: c}\n  c: {extends: b}\n",
            ["21:16: projects.b.extends: leads back to itself: b → c → b"],
        ),
        ("  blog:\n  wiki: {extends: blog}\n", ["20:8: projects.blog: must have keys of its own, as lines of"]),
    ],
)
def test_what_cannot_be_extended_is_told_once(tmp_path: Path, lines: str, told: list[str]) -> None:
    found = mistakes(tmp_path, SHOP.rstrip("\n") + "\n" + lines)
    assert [one.startswith(f"octopod.yaml:{start}") for one, start in zip(found, told, strict=True)] == [True] * len(
        told
    ), found


def test_hosts_may_have_the_name_of_the_project(tmp_path: Path) -> None:
    said = 'hosts: {web: "${project}-${staging}.example.com"}'
    assert loaded(tmp_path, SHOP + BLOG + f"    {said}\n")["blog"].hosts["web"] == "blog-${staging}.example.com"
    (text,) = mistakes(tmp_path, SHOP + BLOG + f"    {said.replace('project', 'branch')}\n")
    assert "must contain ${staging} once, and nothing else but ${project}, such as" in text


def test_many_that_inherit_much_are_refused(tmp_path: Path) -> None:
    values = ", ".join(f"k{n}: 1" for n in range(2_000))
    text = SHOP + f"  much: {{extends: shop, values: {{{values}}}}}\n"
    (told,) = mistakes(tmp_path, text + "".join(f"  p{n}: {{extends: much}}\n" for n in range(1_000)))
    assert told.startswith("octopod.yaml:3:3: projects: is too much")
