"""Who may do what, and the rules that a project sets."""

from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

import pytest
from builders import a_staging

from bot.domain.errors import UserError
from bot.domain.model import Phase
from bot.domain.policy import Person, may_deploy, policy_of, require_change, require_deploy, require_room
from bot.domain.project import Limits, Manifests, ProbeFrom, Project, Roles, UrlProbe

BOB = Person("UBOB", "bob", frozenset({"payments-team", "qa"}))
STRANGER = Person("UX")
SHOP = Project(
    name="shop",
    repo="/repos/shop.git",
    source=Manifests(PurePosixPath("deploy")),
    channel="stagings",
    alerts="stagings-alerts",
    ttl=timedelta(hours=8),
)


@pytest.mark.parametrize(
    ("roles", "bob", "stranger"),
    [
        (Roles(), True, True),
        (Roles(deploy=("everyone",)), True, True),
        (Roles(deploy=()), False, False),
        (Roles(deploy=("UBOB",)), True, False),
        (Roles(deploy=("@bob",)), True, False),
        (Roles(deploy=("bob",)), True, False),
        (Roles(deploy=("@payments-team",)), True, False),
        (Roles(deploy=("@alice", "@qa")), True, False),
        (Roles(deploy=("@alice",)), False, False),
        (Roles(deploy=("",)), False, False),
        (Roles(deploy=("@",)), False, False),
        (Roles(deploy=("@alice",), admin=("@bob",)), True, False),
    ],
    ids=str,
)
def test_who_may_deploy(roles: Roles, bob: bool, stranger: bool) -> None:
    assert (may_deploy(BOB, roles), may_deploy(STRANGER, roles)) == (bob, stranger)


def test_whoever_may_not_is_told_who_may_and_whom_to_ask() -> None:
    project = replace(SHOP, roles=Roles(deploy=("@payments-team", "@qa"), admin=("@platform",)))
    require_deploy(BOB, project)
    with pytest.raises(UserError) as refused:
        require_deploy(STRANGER, project)
    assert refused.value.text == (
        "You may not change stagings of shop: its `roles.deploy` lists @payments-team, @qa. Ask @platform to add you."
    )


def test_without_admins_the_keeper_of_the_file_is_asked() -> None:
    with pytest.raises(UserError, match=r"lists nobody\. Ask whoever keeps octopod\.yaml to add you\."):
        require_deploy(STRANGER, replace(SHOP, roles=Roles(deploy=())))


@pytest.mark.parametrize(
    ("origin", "probes"), [(ProbeFrom.BOT, True), (ProbeFrom.CLUSTER, True), (ProbeFrom.OFF, False)]
)
def test_the_rules_come_from_the_project(origin: ProbeFrom, probes: bool) -> None:
    policy = policy_of(replace(SHOP, url_probe=UrlProbe(origin=origin)))
    assert (policy.ttl, policy.probes) == (timedelta(hours=8), probes)


def test_stagings_of_a_project_that_left_are_their_owners_and_admins() -> None:
    staging = a_staging(project="gone", owner=BOB.id)
    others = {"shop": replace(SHOP, roles=Roles(("everyone",), ("@qa", "UADMIN")))}
    require_change(BOB, staging, others)
    require_change(Person("UADMIN"), staging, others)
    with pytest.raises(UserError, match=r"gone, the project of .*, has left octopod.yaml. <@UBOB> can still remove it"):
        require_change(STRANGER, staging, others)
    require_change(STRANGER, a_staging(project="shop", owner=BOB.id), others)


def test_only_what_uses_compute_counts_against_limits() -> None:
    shop = replace(SHOP, limits=Limits(stagings=3, per_person=2))
    present = [a_staging(Phase.LIVE, id="s1", owner=BOB.id), a_staging(Phase.DELETING, id="s2", owner=BOB.id)]
    require_room(BOB.id, shop, present)
    with pytest.raises(
        UserError, match=r"^You have 2 of 2 stagings of shop\. Yours, the longest unchanged first: `ora"
    ):
        require_room(BOB.id, shop, [*present, a_staging(id="s3", owner=BOB.id)])
    with pytest.raises(UserError, match=r"^shop has 4 of 3 stagings\. None of them is yours"):
        require_room(STRANGER.id, shop, [a_staging(id=f"s{n}", owner="UO") for n in range(4)])
    require_room(STRANGER.id, SHOP, [a_staging(id=f"s{n}", owner=STRANGER.id) for n in range(40)])
