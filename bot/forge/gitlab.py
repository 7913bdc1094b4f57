"""GitLab's webhooks, of a project, a group or the whole instance. `object_kind` says which of these a body is.

https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from collections.abc import Iterable
from datetime import datetime

from bot.domain.hearsay import CiRun, PullRequest, PullState, Pushed
from bot.forge.reading import NO_STATE, NOBODY, Body, Told, ci_state

_MERGE_ACTIONS = {"open", "reopen", "update", "close", "merge"}
_MERGE_STATES = {"merged": PullState.MERGED, "closed": PullState.CLOSED}


def told(raw: bytes) -> Told:
    """Raises Unreadable."""
    body = Body.of(raw)
    match body.text("object_kind"):
        case "push":
            return _push(body)
        case "tag_push":
            return Told(_repositories(body), note="Only branches are followed.")
        case "merge_request":
            return _merge_request(body, body.within("object_attributes"))
        case "pipeline":
            return _pipeline(body, body.within("object_attributes"))
    return Told(note="Nothing follows from this event.")


def _repositories(body: Body) -> tuple[str, ...]:
    project = body.within("project")
    addresses = [project.text(key) for key in ("git_http_url", "git_ssh_url", "web_url")]
    return tuple(address for address in addresses if address)


def _push(body: Body) -> Told:
    gone = body.text("after") == NOBODY
    by = body.text("user_username") or body.text("user_name")
    said = Pushed(body.branch("ref"), None if gone else body.commit("after"), by)
    return body.told(_repositories(body), said)


def _merge_request(body: Body, merge: Body) -> Told:
    if (action := merge.text("action")) not in _MERGE_ACTIONS:
        return Told(_repositories(body), note="Nothing follows from this action.")
    by = body.within("user").text("username")
    request = PullRequest(
        number=merge.number("iid"),
        branch=merge.branch("source_branch"),
        commit=merge.within("last_commit").commit("id"),
        base=merge.branch("target_branch"),
        state=_MERGE_STATES.get(merge.text("state"), PullState.OPEN),
        title=merge.text("title"),
        url=merge.url("url"),
        # Of the author there is a number only.
        author=by if action == "open" else "",
        by=by,
        fork=merge.text("source_project_id") != merge.text("target_project_id"),
        labels=tuple(label.text("title") for label in body.each("labels")),
        updated_at=merge.moment("updated_at"),
    )
    return body.told(_repositories(body), request)


def _pipeline(body: Body, pipeline: Body) -> Told:
    state, number = ci_state(pipeline.text("status")), pipeline.text("id")
    if state is None:
        return Told(_repositories(body), note=NO_STATE)
    if pipeline.text("source") == "external":
        return Told(_repositories(body), note="It has only what others told GitLab, and Octopod may be one of them.")
    web = body.within("project").url("web_url")
    url = pipeline.url("url") or (f"{web}/-/pipelines/{number}" if web and number else "")
    name = pipeline.text("name") or "Pipeline"
    at = _newest([pipeline, *body.each("builds")])
    run = CiRun(pipeline.commit("sha"), state, name, number, url, pipeline.moment("created_at"), at)
    return body.told(_repositories(body), run)


def _newest(parts: Iterable[Body]) -> datetime | None:
    """GitLab does not say when a pipeline became what it is; its jobs do."""
    times = (part.moment(key) for part in parts for key in ("created_at", "started_at", "finished_at"))
    return max((at for at in times if at), default=None)
