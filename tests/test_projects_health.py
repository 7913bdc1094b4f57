"""`health_checks:` in octopod.yaml, and what goes with it."""

from datetime import timedelta
from pathlib import Path

from test_projects import LEAST, mistakes, project, written

from bot.domain.checks import HealthCheck, Session
from bot.domain.project import Witnesses
from bot.projects import load_projects

FULL = """health_checks:
      - {name: login, path: "/login?next=/", contains: Sign in, seconds: 2.5}
      - name: shelf
        host: api
        method: post
        headers: {Authorization: "Bearer ${secret.API_KEY}", X-Literal: "$${x}"}
        status: 201
        json: {"items.0.name": on, total: 1.10}
      - {name: home, redirect: /login, status: [302, 303]}
      - {name: cart, path: /cart, session: {path: /login, form: {user: alice, password: "${secret.PASSWORD}"}}}
      - {name: database, tcp: "db.${namespace}.svc:5432", seconds: 1}
    hosts: {web: "${staging}.localhost", api: "${staging}-api.localhost"}
    env: {API_KEY: {secret: true}}
    profiles: {live: {secrets: {PASSWORD: "env:SHOP_PASSWORD"}}}
    url_probe: {address: "10.0.0.7:443"}
    witnesses: auto
    good_after: 5m
    people: {Alice@Home.example: "@alice", bob@home.example: U0123ABCD}
"""


def test_what_can_be_asked(tmp_path: Path) -> None:
    shop = project(tmp_path, FULL)
    there = "10.0.0.7:443"
    assert shop.health_checks == (
        HealthCheck("login", "/login?next=/", contains="Sign in", seconds=2.5, address=there),
        HealthCheck(
            "shelf",
            method="POST",
            host="api",
            headers={"Authorization": "Bearer ${secret.API_KEY}", "X-Literal": "$${x}"},
            status=(201,),
            json={"items.0.name": "on", "total": "1.10"},
            address=there,
        ),
        HealthCheck("home", status=(302, 303), redirect="/login", address=there),
        HealthCheck(
            "cart",
            "/cart",
            session=Session("/login", {"user": "alice", "password": "${secret.PASSWORD}"}),
            address=there,
        ),
        HealthCheck("database", tcp="db.${namespace}.svc:5432", seconds=1, address=there),
    )
    assert (shop.witnesses, shop.good_after) == (Witnesses.AUTO, timedelta(minutes=5))
    assert shop.people == {"alice@home.example": "@alice", "bob@home.example": "U0123ABCD"}


def test_nothing_needs_to_be_said(tmp_path: Path) -> None:
    shop = project(tmp_path)
    assert (shop.health_checks, shop.witnesses, shop.good_after) == ((), Witnesses.ASK, timedelta(minutes=1))
    assert project(tmp_path, "good_after: none").good_after == timedelta()


def told(folder: Path, checks: str) -> list[str]:
    found = mistakes(folder, f"{LEAST}    health_checks: {checks}\n")
    return [text.partition("projects.shop.health_checks")[2] for text in found]


def test_a_list_is_needed(tmp_path: Path) -> None:
    assert told(tmp_path, "{login: {path: /login}}") == [
        ": must be a list of checks, such as [{name: login, path: /login}]; [] is none of them"
    ]


WRONG = """
      - {path: login, host: wep, contains: "", seconds: 0}
      - {name: Has Spaces, path: "/${staging}", status: [20], redirect: login, json: {total: }}
      - {name: login, method: delete, headers: {Host: x, User-Agent: curl, "a b": c}, pth: /}
      - {name: LOGIN, method: head, contains: Sign in, redirect: /login, status: [200, 302]}
      - {name: for, headers: {X-Key: "${secret.API_KEI}", X-Url: "${url.web}"}, contains: "${secret.API_KEY}"}
      - {name: cart, session: {form: {user: , password: "${secret.NONE}"}}, headers: {Cookie: a=b}}
      - {name: db, tcp: "${hots.web}:5432", path: /, session: {path: /}}
      - {name: db2, tcp: 5432}
      - login
    secrets: {API_KEY: "env:SHOP_API_KEY"}
    witnesses: always
    good_after: soon
    people: {alice: "@alice", Bob@home.example: bob, bob@home.example: S0123ABCD}"""


def test_every_mistake_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    found = mistakes(tmp_path, f"{LEAST}    health_checks:{WRONG}\n")
    assert [text.removeprefix("octopod.yaml:").replace("projects.shop.", "") for text in found] == [
        "9:9: health_checks.0.name: is missing; say what people call it, such as `name: login`",
        "9:16: health_checks.0.path: must be a path such as /healthz",
        "9:29: health_checks.0.host: is none of the project's hosts; did you mean web?",
        "9:44: health_checks.0.contains: must not be empty; leave it out",
        "9:57: health_checks.0.seconds: must be seconds from 0.1 to 60",
        "10:16: health_checks.1.name: must be at most 40 letters, digits, dashes and underscores, so that it can be "
        "typed",
        "10:34: health_checks.1.path: is taken as it is written; references mean something in headers and form only",
        "10:57: health_checks.1.status: must be 3xx with redirect, as nothing else leads anywhere",
        "10:57: health_checks.1.status: must be a status code from 100 to 599, or a list of them, such as [200, 204]",
        "10:73: health_checks.1.redirect: must be a path such as /login, or a URL",
        "10:93: health_checks.1.json.total: must be text; '' is the empty one",
        "11:31: health_checks.2.method: must be one of GET, HEAD, OPTIONS, POST; a health check changes nothing",
        "11:49: health_checks.2.headers.Host: is the staging's own; say which by `host`",
        "11:58: health_checks.2.headers.User-Agent: is the bot's own, so that checks are told from visits; leave it "
        "out",
        "11:76: health_checks.2.headers.a b: must be named as HTTP headers are, such as X-Api-Key",
        "11:87: health_checks.2.pth: is not a known key; did you mean path?",
        "12:16: health_checks.3.name: another check is called LOGIN already",
        "12:37: health_checks.3.contains: looks into a body, and HEAD has none; say method: GET",
        "12:82: health_checks.3.status: must be 3xx with redirect, as nothing else leads anywhere",
        "13:16: health_checks.4.name: must not be for, which is a word of commands",
        "13:38: health_checks.4.headers.X-Key: ${secret.API_KEI} is no secret of the project or of its profiles; did "
        "you mean ${secret.API_KEY}?",
        "13:66: health_checks.4.headers.X-Url: ${url.web} is no secret of the project or of its profiles; known are "
        "${secret.API_KEY}",
        "13:91: health_checks.4.contains: must not hold a secret, as people are told what was expected",
        "14:22: health_checks.5.session.path: is missing; say where the form is sent, such as `path: /login`",
        "14:44: health_checks.5.session.form.user: must be text; '' is the empty one",
        "14:57: health_checks.5.session.form.password: ${secret.NONE} is no secret of the project or of its profiles; "
        "known are ${secret.API_KEY}",
        "14:87: health_checks.5.headers.Cookie: is what session brings; leave one out",
        "15:25: health_checks.6.tcp: ${hots.web} means nothing here; did you mean ${host.web}?",
        "15:45: health_checks.6.path: is for HTTP, and tcp only connects; leave one out",
        "15:54: health_checks.6.session: is for HTTP, and tcp only connects; leave one out",
        "16:26: health_checks.7.tcp: must be a host and a port, such as db.${namespace}.svc:5432",
        "17:9: health_checks.8: must have keys of its own, as lines of `key: value` below it",
        "19:16: witnesses: must be ask or auto",
        "20:17: good_after: must be a duration such as 3d, 12h or 1h30m, or none",
        "21:14: people.alice: must be an e-mail address, as commits have it, such as alice@home.example",
        '21:49: people.Bob@home.example: must be a Slack user, such as "@alice" or U0123ABCD',
        "21:54: people.bob@home.example: is here twice; capitals do not tell addresses apart",
        '21:72: people.bob@home.example: must be a Slack user, such as "@alice" or U0123ABCD',
    ]


def test_there_is_an_end_to_it(tmp_path: Path) -> None:
    many = ", ".join(f"{{name: n{n}}}" for n in range(21))
    assert told(tmp_path, f"[{many}]") == [": must be at most 20, as each of them is asked of every staging"]


def test_an_heir_has_them_or_its_own(tmp_path: Path) -> None:
    text = f"""{LEAST}    secrets: {{API_KEY: "env:SHOP_API_KEY"}}
    people: {{alice@home.example: "@alice", bob@home.example: "@bob"}}
    health_checks: [{{name: login, headers: {{X-Key: "${{secret.API_KEY}}"}}}}]
  heir: {{extends: shop, people: {{bob@home.example: }}}}
  free: {{extends: shop, health_checks: []}}
"""
    projects = load_projects(written(tmp_path, text)).projects
    assert projects["heir"].health_checks == projects["shop"].health_checks != ()
    assert projects["heir"].people == {"alice@home.example": "@alice"}
    assert projects["free"].health_checks == ()


def test_a_mistake_that_is_inherited_is_told_of_who_made_it(tmp_path: Path) -> None:
    text = f"{LEAST}    health_checks: [{{name: login, host: api}}]\n  heir: {{extends: shop}}\n"
    assert mistakes(tmp_path, text) == [
        "octopod.yaml:8:41: projects.shop.health_checks.0.host: is none of the project's hosts; they are web"
    ]


def test_what_can_be_asked_through_the_api_server(tmp_path: Path) -> None:
    kubernetes = (
        LEAST.replace("local", "kubernetes")
        + """    hosts: {web: "${staging}.shop.example.com"}
    url_probe: {from: cluster}
    secrets: {API_KEY: payments/key}
"""
    )
    said = 'health_checks: [{name: x, headers: {X-Key: "${secret.API_KEY}"}}, {name: db, tcp: "db.example.com:5432"}]'
    assert all(check.inside for check in project(tmp_path, said, kubernetes).health_checks)
    wrong = "[{name: login, method: POST, session: {path: /}, headers: {authorization: x}}]"
    why = "is not possible with url_probe.from: cluster, which asks through the API server"
    found = mistakes(tmp_path, f"{kubernetes}    health_checks: {wrong}\n")
    assert [text.partition("health_checks.0.")[2] for text in found] == [
        f"method: {why}; it only takes GET",
        f"session: {why}",
        f"headers.authorization: {why} and keeps this header for itself",
    ]
