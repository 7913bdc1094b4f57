"""`health_checks:` in octopod.yaml, and what goes with it."""

from datetime import timedelta
from pathlib import Path

from test_projects import LEAST, mistakes, project

from bot.domain.checks import HealthCheck, Session
from bot.domain.project import Witnesses

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
