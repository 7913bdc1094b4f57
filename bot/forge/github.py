"""GitHub's webhooks: the header X-GitHub-Event says which of these a body is.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from dataclasses import replace
from urllib.parse import parse_qs

from bot.domain.hearsay import CiRun, CiState, ImagePushed, PullRequest, PullState, Pushed
from bot.forge.reading import NO_STATE, NOBODY, Body, Told, Unreadable, ci_state

_PULL_ACTIONS = {"opened", "reopened", "synchronize", "edited", "closed", "labeled", "unlabeled"}


def told(event: str, form: bool, raw: bytes) -> Told:
    """`form`: the body came as a form, which is what GitHub sends unless told otherwise. Raises Unreadable."""
    body = Body.of(_of_form(raw) if form else raw)
    match event:
        case "push":
            return _push(body)
        case "pull_request":
            return _pull_request(body)
        case "check_run" | "check_suite":
            return _check(body, body.within(event))
        case "workflow_run":
            return _workflow_run(body, body.within(event))
        case "status":
            return _status(body)
        case "package" | "registry_package":
            return _package(body.within(event), body.text("action"))
        case "ping":
            return Told(_repositories(body), note="GitHub is heard.")
    return Told(note="Nothing follows from this event.")


def _of_form(raw: bytes) -> bytes:
    try:
        return parse_qs(raw, max_num_fields=10)[b"payload"][0]
    except (ValueError, KeyError):
        raise Unreadable("The form has no payload.") from None


def _repositories(body: Body) -> tuple[str, ...]:
    repository = body.within("repository")
    addresses = [repository.text(key) for key in ("clone_url", "ssh_url", "html_url")]
    return tuple(address for address in addresses if address)


def _push(body: Body) -> Told:
    there, ref = _repositories(body), body.text("ref", longest=1000)
    if ref.startswith("refs/") and not ref.startswith("refs/heads/"):
        return Told(there, note="Only branches are followed.")
    gone = body.flag("deleted") or body.text("after") == NOBODY
    by = body.within("sender").text("login") or body.within("pusher").text("name")
    return body.told(there, Pushed(body.branch("ref"), None if gone else body.commit("after"), by))


def _pull_request(body: Body) -> Told:
    there, pull = _repositories(body), body.within("pull_request")
    if body.text("action") not in _PULL_ACTIONS:
        return Told(there, note="Nothing follows from this action.")
    head, base = pull.within("head"), pull.within("base")
    closed = PullState.MERGED if pull.flag("merged") else PullState.CLOSED
    request = PullRequest(
        number=pull.number("number"),
        branch=head.branch("ref"),
        commit=head.commit("sha"),
        base=base.branch("ref"),
        state=closed if pull.text("state") == "closed" else PullState.OPEN,
        title=pull.text("title"),
        url=pull.url("html_url"),
        author=pull.within("user").text("login"),
        by=body.within("sender").text("login"),
        # A fork that was deleted meanwhile is null.
        fork=not head.has("repo") or head.within("repo").text("id") != base.within("repo").text("id"),
        labels=tuple(label.text("name") for label in pull.each("labels")),
        updated_at=pull.moment("updated_at"),
    )
    return body.told(there, request)


def _check(body: Body, check: Body) -> Told:
    name = check.text("name") or check.within("app").text("name")
    url = check.url("html_url") or check.url("details_url")
    return _run(body, check, CiRun("", CiState.RUNNING, name, url=url, part=True), "started_at")


def _workflow_run(body: Body, run: Body) -> Told:
    about = CiRun("", CiState.RUNNING, run.text("name"), run.text("run_number"), run.url("html_url"))
    return _run(body, run, about, "run_started_at")


def _run(body: Body, run: Body, about: CiRun, started: str) -> Told:
    """`about`: what is not the same for all kinds of runs."""
    state = ci_state(run.text("conclusion") if run.text("status") == "completed" else run.text("status"))
    if state is None:
        return Told(_repositories(body), note=NO_STATE)
    began = run.moment(started) or run.moment("created_at")
    at = run.moment("updated_at") or run.moment("completed_at") or run.moment("started_at")
    said = replace(about, commit=run.commit("head_sha"), state=state, started_at=began, at=at)
    return body.told(_repositories(body), said)


def _status(body: Body) -> Told:
    if body.text("context").startswith("octopod/"):
        return Told(_repositories(body), note="It is Octopod's own.")
    state = ci_state(body.text("state"))
    if state is None:
        return Told(_repositories(body), note=NO_STATE)
    at, url = body.moment("updated_at"), body.url("target_url")
    run = CiRun(body.commit("sha"), state, body.text("context"), url=url, at=at, part=True)
    return body.told(_repositories(body), run)


def _package(package: Body, action: str) -> Told:
    """Of GitHub's own registry. Which repository its images are of is not for certain, so none is named."""
    version = package.within("package_version")
    tag = version.within("container_metadata").within("tag").text("name")
    kind = (package.text("package_type") or package.text("ecosystem")).lower()
    if action not in ("published", "updated") or kind not in ("container", "docker") or not tag:
        return Told(note="It is no new image with a tag.")
    # It ends with the tag, or with a colon alone.
    name = version.text("package_url").removesuffix(f":{tag}").removesuffix(":")
    image = version.image(f"{name}:{tag}", "package_url")
    version.checked()
    return Told(said=(ImagePushed(image),))
