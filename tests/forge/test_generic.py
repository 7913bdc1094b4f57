"""What anybody with the secret may send, and what registries do."""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import pytest
from forge_kit import COMMIT, payload
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.hearsay import CiRun, CiState, ImagePushed, Merged, Pushed
from bot.forge import generic, github, gitlab, registry
from bot.forge.reading import Told, Unreadable

REPO = "https://git.acme.example/shop.git"


def body(**said: object) -> bytes:
    return json.dumps(said).encode()


def mistakes(raw: bytes) -> tuple[str, ...]:
    with pytest.raises(Unreadable) as caught:
        generic.pushed(raw)
    return caught.value.mistakes


@pytest.mark.parametrize("branch", ["feature-x", "refs/heads/feature-x"])
def test_pushes(branch: str) -> None:
    pushed = generic.pushed(body(repo=REPO, branch=branch, commit=COMMIT.upper(), by="bob"))
    assert pushed == Told((REPO,), (Pushed("feature-x", COMMIT, "bob"),))
    for gone in ({"deleted": True}, {"deleted": True, "commit": COMMIT}, {"commit": "0" * 40}):
        assert generic.pushed(body(repo=REPO, branch=branch, **gone)).said == (Pushed("feature-x", None),)


def test_merges() -> None:
    merged = generic.pushed(body(repo=REPO, branch="refs/heads/feature-x", merged=True, by="bob"))
    assert merged == Told((REPO,), (Merged("feature-x", "bob"),))


def test_a_path_of_this_machine_is_a_repository() -> None:
    assert generic.pushed(body(repo="/srv/shop.git", branch="x", commit=COMMIT)).repositories == ("/srv/shop.git",)


def test_tags_are_no_branches() -> None:
    assert not generic.pushed(body(repo=REPO, branch="refs/tags/v1", commit=COMMIT)).said


def test_all_mistakes_are_told() -> None:
    assert mistakes(body(deleted="yes")) == (
        "deleted must be true or false.",
        "branch is missing: a branch.",
        "commit is missing: a commit of 40 hex digits.",
        "repo is missing: an address such as https://github.com/acme/shop.git.",
    )
    assert mistakes(body(repo="shop", branch="-x", commit="main")) == (
        "branch must be a branch as git allows it.",
        "commit must be 40 hex digits.",
        "repo must be an address such as https://github.com/acme/shop.git.",
    )


@pytest.mark.parametrize(
    ("raw", "mistake"),
    [
        (b"", "The body is no JSON: Expecting value: line 1 column 1 (char 0)."),
        (b"\xff", "The body is no JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte."),
        (b"[]", "The body must be a JSON object."),
        (b"[" * 100_000, "The body is nested too deep."),
    ],
)
def test_what_is_no_json_object(raw: bytes, mistake: str) -> None:
    assert mistakes(raw) == (mistake,)


@pytest.mark.parametrize(
    "branch", ["", "a b", "a..b", "a~1", ".a", "a/", "a.lock", "x\ud800", "@", "x" * 251, 7, ["a"]]
)
def test_what_is_no_branch(branch: object) -> None:
    assert len(mistakes(body(repo=REPO, branch=branch, commit=COMMIT))) >= 1


@pytest.mark.parametrize(
    ("state", "is_now"),
    [
        ("running", CiState.RUNNING),
        ("pending", CiState.RUNNING),
        ("passed", CiState.PASSED),
        ("Success", CiState.PASSED),
        ("failed", CiState.FAILED),
        ("failure", CiState.FAILED),
        ("cancelled", CiState.FAILED),
    ],
)
def test_runs_of_ci(state: str, is_now: CiState) -> None:
    said = {"repo": REPO, "commit": COMMIT, "state": state, "url": "https://ci.acme.example/812"}
    run = CiRun(COMMIT, is_now, "image", "812", "https://ci.acme.example/812")
    assert generic.ci(body(**said, name="image", number="#812")) == Told((REPO,), (run,))
    assert generic.ci(body(**said, number=812)).said == (CiRun(COMMIT, is_now, "", "812", run.url),)


def test_all_mistakes_of_a_run_are_told() -> None:
    with pytest.raises(Unreadable) as caught:
        generic.ci(body(repo=REPO, commit=COMMIT[:7], state="odd", url="ftp://ci.acme.example"))
    assert caught.value.mistakes == (
        "state must be running, passed, failed or skipped.",
        "url must be an http:// or https:// URL.",
        "commit must be 40 hex digits.",
    )


def test_images() -> None:
    assert registry.told(body(image="ghcr.io/acme/shop:1a")).said == (ImagePushed("ghcr.io/acme/shop:1a"),)
    assert registry.told(payload("registry_distribution")).said == (
        ImagePushed(f"registry.acme.example:5000/acme/shop:{COMMIT}"),
        ImagePushed("registry.acme.example:5000/acme/kiosk:latest"),
    )
    harbor = (ImagePushed(f"harbor.acme.example/acme/shop:{COMMIT}"),)
    assert registry.told(payload("registry_harbor")).said == harbor
    cloud_event = json.loads(payload("registry_harbor"))
    cloud_event |= {"specversion": "1.0", "type": "harbor.artifact.pushed", "data": cloud_event.pop("event_data")}
    assert registry.told(json.dumps(cloud_event).encode()).said == harbor
    assert not registry.told(payload("registry_harbor", type="SCANNING_COMPLETED")).said
    assert not registry.told(body(events=[])).said


@pytest.mark.parametrize("image", [None, "", "<!channel>", "a b", "x" * 600])
def test_what_is_no_image(image: str | None) -> None:
    with pytest.raises(
        Unreadable, match=r"^image (must be|is missing:) an image, such as ghcr\.io/acme/shop:1a2b3c\.$"
    ):
        registry.told(body(image=image))


KEYS = [
    "ref", "after", "deleted", "repository", "sender", "clone_url", "login", "action", "pull_request", "head", "base",
    "repo", "sha", "number", "labels", "name", "state", "check_run", "head_sha", "status", "conclusion", "started_at",
    "package", "package_version", "container_metadata", "tag", "package_url", "package_type", "object_kind", "project",
    "object_attributes", "iid", "last_commit", "id", "branch", "commit", "url", "events", "target", "request", "host",
    "image", "type", "event_data", "resources", "resource_url",
]  # fmt: skip
WORDS = ["push", "pull_request", "merge_request", "pipeline", "refs/heads/x", "opened", "open", COMMIT, "0" * 40]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)
EVENTS = ["push", "pull_request", "check_run", "check_suite", "workflow_run", "status", "package", "ping", "x"]
READERS: list[Callable[[bytes], Told]] = [generic.pushed, generic.ci, registry.told, gitlab.told]


@given(st.binary(max_size=60) | anything.map(lambda one: json.dumps(one).encode()), st.sampled_from(EVENTS))
def test_no_body_is_more_than_unreadable(raw: bytes, event: str) -> None:
    """Whatever is understood can be stored, as its texts are Unicode, and is about a repository, or an image."""
    readers = READERS + [partial(github.told, event, form) for form in (False, True)]
    for reader in readers:
        try:
            told = reader(raw)
        except Unreadable as error:
            assert error.mistakes and all(one.endswith(".") for one in error.mistakes)
        else:
            assert json.dumps(asdict(told), ensure_ascii=False, default=str).encode()
            assert bool(told.said) != bool(told.note)
            assert told.repositories or all(isinstance(one, ImagePushed) for one in told.said)
