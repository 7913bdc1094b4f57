"""GitLab, of gitlab.com or one's own: https://docs.gitlab.com/api/rest/

Its statuses are jobs of a pipeline, so there is none while CI is still to build the image: a pipeline would go on for
as long as the staging waits for it. Deployments have no state for what sleeps or is broken, so they keep the one they
have; what is gone stops their environment.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.domain.errors import MessageGone, PermanentError
from bot.domain.hearsay import CiRun
from bot.domain.reporting import Deployment, Standing, Status
from bot.forge import gitlab
from bot.hosts.api import Api, NotThere, listed
from bot.hosts.heard import said

HEADERS = {"Accept": "application/json", "User-Agent": "octopod"}
RIGHTS = "The token needs the scope `api` and at least the role Developer in this project."
STATUSES = {
    Standing.STARTING: "running",
    Standing.LIVE: "success",
    Standing.BROKEN: "failed",
    Standing.FAILED: "failed",
    Standing.REPLACED: "canceled",
}
DEPLOYMENTS = {
    Standing.WAITING: "running",
    Standing.STARTING: "running",
    Standing.LIVE: "success",
    Standing.FAILED: "failed",
    Standing.REPLACED: "canceled",
}


class GitLab:
    def __init__(self, api: Api, repository: str) -> None:
        self._api, self._project = api, f"/projects/{quote(repository, safe='')}"

    @property
    def scarce(self) -> bool:
        return self._api.scarce

    async def pull(self, branch: str) -> int | None:
        found = listed(
            await self._api.get(f"{self._project}/merge_requests", state="opened", source_branch=branch, per_page=20)
        )
        own = [one for one in found if one.get("source_project_id") == one.get("target_project_id")]
        return max((int(one["iid"]) for one in own), default=None)

    async def comment(self, pull: int, mark: str, body: str, known: str) -> str:
        """A note; its id does not say of which merge request it is."""
        notes = f"{self._project}/merge_requests/{pull}/notes"
        if not known:
            there = await self._api.pages(notes, sort="asc", order_by="created_at")
            known = next((str(one["id"]) for one in there if (one.get("body") or "").startswith(mark)), "")
        if not known:
            return str((await self._api.send("POST", notes, {"body": body}))["id"])
        try:
            await self._api.send("PUT", f"{notes}/{known}", {"body": body})
        except NotThere as error:
            raise MessageGone("Somebody deleted the comment.") from error
        return known

    async def status(self, status: Status) -> bool:
        if status.standing not in STATUSES:
            return False
        body = {"state": STATUSES[status.standing], "name": f"octopod/{status.name}", "description": status.description}
        body |= {"target_url": status.url} if status.url else {}
        try:
            await self._api.send("POST", f"{self._project}/statuses/{status.commit}", body)
        except PermanentError as error:
            # It is in that state already: https://gitlab.com/gitlab-org/gitlab-foss/-/issues/25807
            if "Cannot transition status" not in error.text:
                raise
        return True

    async def deployment(self, deployment: Deployment, known: str) -> str:
        """Its id and that of its environment, "42/9"."""
        state = DEPLOYMENTS.get(deployment.standing)
        there = known or await self._deployment(deployment)
        if there and deployment.standing is Standing.GONE:
            await self._stop(there.partition("/")[2])
        elif there and state:
            await self._move(there.partition("/")[0], state)
        elif not there and state:
            there = await self._deploy(deployment, state)
        return there

    async def _deployment(self, deployment: Deployment) -> str:
        """One that was made, but of which no answer came."""
        there = await self._api.get(
            f"{self._project}/deployments",
            environment=deployment.environment,
            status="running",
            order_by="id",
            sort="desc",
            per_page=20,
        )
        return next((_ids(one) for one in listed(there) if one.get("sha") == deployment.commit), "")

    async def _deploy(self, deployment: Deployment, state: str) -> str:
        made = await self._api.send(
            "POST",
            f"{self._project}/deployments",
            {
                "environment": deployment.environment,
                "sha": deployment.commit,
                "ref": deployment.branch,
                "tag": False,
                "status": state,
            },
        )
        ids = _ids(made)
        if deployment.url:
            address = {"external_url": deployment.url, "tier": "staging"}
            await self._api.send("PUT", f"{self._project}/environments/{ids.partition('/')[2]}", address)
        return ids

    async def _move(self, id: str, state: str) -> None:
        """What has ended begins no more: it keeps its state while its release starts anew."""
        try:
            now = (await self._api.get(f"{self._project}/deployments/{id}")).get("status")
        except NotThere as error:
            raise MessageGone("Somebody deleted the deployment.") from error
        if now == state or (state in ("running", "canceled") and now not in ("created", "running")):
            return
        await self._api.send("PUT", f"{self._project}/deployments/{id}", {"status": state})

    async def _stop(self, environment: str) -> None:
        try:
            await self._api.send("POST", f"{self._project}/environments/{environment}/stop", {})
        except NotThere:
            return

    async def runs(self, commit: str) -> Sequence[CiRun]:
        found = await self._api.pages(f"{self._project}/pipelines", sha=commit)
        return [run for one in found for run in said(gitlab.told, _pipeline(one))]


def _ids(deployment: dict[str, Any]) -> str:
    return f"{deployment['id']}/{deployment['environment']['id']}"


def _pipeline(found: dict[str, Any]) -> dict[str, Any]:
    """As its webhook tells of it."""
    return {
        "object_kind": "pipeline",
        "project": {"git_http_url": "https://here/it"},
        "object_attributes": {**found, "url": found.get("web_url")},
    }
