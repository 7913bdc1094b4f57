"""What a git host is still to be told."""

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from builders import a_release, a_staging

from bot.domain.model import Desired, Stage, Staging
from bot.domain.project import GitHost, HostKind, Manifests, Project
from bot.domain.reporting import Standing, Told, deployed, deployments, label, marked, standing, statuses

OLD, NEW = "1" * 40, "2" * 40
PENDING = Told(commit=OLD, standing="starting", description="so")
LIVE = Told(commit=OLD, standing="live", description="so")


def staging(stage: Stage = Stage.LIVE, commit: str = OLD, **changes: Any) -> Staging:
    release = a_release(id="r2", stage=stage, commit=commit)
    return replace(a_staging(attempt=release), live=release if stage is Stage.LIVE else None, **changes)


ASLEEP: dict[str, Any] = {"desired": Desired.ASLEEP}
GONE: dict[str, Any] = {"desired": Desired.ABSENT}


@pytest.mark.parametrize(
    ("now", "told", "wanted"),
    [
        pytest.param(staging(), Told(), [(OLD, "live", "so")], id="first"),
        pytest.param(staging(), LIVE, [], id="known"),
        pytest.param(staging(), PENDING, [(OLD, "live", "so")], id="went-live"),
        pytest.param(staging(Stage.FAILED), PENDING, [(OLD, "failed", "so")], id="failed"),
        pytest.param(
            staging(Stage.QUEUED, NEW),
            PENDING,
            [(OLD, "replaced", "replaced before it was live"), (NEW, "starting", "so")],
            id="replaced",
        ),
        pytest.param(staging(Stage.QUEUED, NEW), LIVE, [(NEW, "starting", "so")], id="what-was-live-keeps-its-mark"),
        pytest.param(staging(**ASLEEP), LIVE, [], id="sleeps"),
        pytest.param(staging(**GONE), LIVE, [], id="goes"),
        pytest.param(
            staging(Stage.QUEUED, **GONE),
            PENDING,
            [(OLD, "replaced", "deleted before it was live")],
            id="goes-too-soon",
        ),
        pytest.param(staging(**GONE), Told(), [], id="gone-and-never-told"),
    ],
)
def test_which_commits_are_marked(now: Staging, told: Told, wanted: list[tuple[str, str, str]]) -> None:
    assert list(statuses(now, told, "so")) == wanted
    for commit, state, said in statuses(now, told, "so"):
        told = marked(told, commit, state, said)
    assert not statuses(now, told, "so"), "told once"


FIRST = {"r1": ("d1", "live")}
SECOND = {"r2": ("d2", "live")}


@pytest.mark.parametrize(
    ("now", "told", "wanted"),
    [
        pytest.param(staging(), {}, [("r2", "live")], id="first"),
        pytest.param(staging(), SECOND, [], id="known"),
        pytest.param(staging(), FIRST, [("r1", "replaced"), ("r2", "live")], id="replaces"),
        pytest.param(staging(**ASLEEP), SECOND, [("r2", "asleep")], id="sleeps"),
        pytest.param(staging(**ASLEEP), {}, [], id="sleeps-and-never-told"),
        pytest.param(staging(**GONE), {**FIRST, **SECOND}, [("r1", "gone"), ("r2", "gone")], id="goes"),
        pytest.param(
            replace(staging(Stage.FAILED), live=a_release(id="r1", stage=Stage.LIVE), serving="r1"),
            FIRST,
            [("r2", "failed")],
            id="the-older-serves-on",
        ),
    ],
)
def test_which_deployments_are_told_of(
    now: Staging, told: dict[str, tuple[str, str]], wanted: list[tuple[str, str]]
) -> None:
    known = Told(deployments=told)
    assert list(deployments(now, known)) == wanted
    for release, state in deployments(now, known):
        known = deployed(known, release, "d", state)
    assert not deployments(now, known), "told once"


def test_every_phase_stands_somewhere() -> None:
    assert {standing(staging(stage)) for stage in Stage} <= set(Standing)


def test_names_are_told_apart_only_where_they_have_to_be() -> None:
    host = GitHost(HostKind.GITHUB, "https://api.github.com", "acme/shop", token="T")
    shop = Project("shop", "x", Manifests(PurePosixPath(".")), "a", "a", host=host)
    one = replace(a_staging(), project="shop", name="feature-x")
    elsewhere = replace(shop, name="docs", host=replace(host, repository="acme/docs"))
    assert label(one, {"shop": shop, "docs": elsewhere}) == "feature-x"
    assert label(one, {"shop": shop, "docs": replace(shop, name="docs")}) == "shop/feature-x"
