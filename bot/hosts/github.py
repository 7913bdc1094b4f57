"""GitHub, GitHub Enterprise included: https://docs.github.com/en/rest

Deployments of stagings are transient, and never of production. They merge nothing and wait for no checks.
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from bot.domain.errors import MessageGone
from bot.domain.hearsay import CiRun
from bot.domain.reporting import Deployment, Standing, Status
from bot.forge import github
from bot.hosts.api import Api, NotThere, listed
from bot.hosts.heard import said

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "octopod"}
RIGHTS = (
    "A token or App needs, for this repository: Pull requests, Commit statuses and Deployments (read and write), "
    "Actions and Checks (read)."
)
STATUSES = {
    Standing.WAITING: "pending",
    Standing.STARTING: "pending",
    Standing.LIVE: "success",
    Standing.BROKEN: "error",
    Standing.FAILED: "failure",
    Standing.REPLACED: "error",
}
DEPLOYMENTS = {
    Standing.WAITING: "queued",
    Standing.STARTING: "in_progress",
    Standing.LIVE: "success",
    Standing.BROKEN: "error",
    Standing.FAILED: "failure",
    Standing.ASLEEP: "inactive",
    Standing.GONE: "inactive",
    Standing.REPLACED: "inactive",
}


class GitHub:
    def __init__(self, api: Api, repository: str) -> None:
        self._api, self._owner = api, repository.partition("/")[0]
        self._repo = f"/repos/{quote(repository)}"

    @property
    def scarce(self) -> bool:
        return self._api.scarce

    async def pull(self, branch: str) -> int | None:
        found = listed(
            await self._api.get(f"{self._repo}/pulls", state="open", head=f"{self._owner}:{branch}", per_page=10)
        )
        return max((int(one["number"]) for one in found), default=None)

    async def comment(self, pull: int, mark: str, body: str, known: str) -> str:
        if not known:
            there = await self._api.pages(f"{self._repo}/issues/{pull}/comments")
            known = next((str(one["id"]) for one in there if (one.get("body") or "").startswith(mark)), "")
        if not known:
            made = await self._api.send("POST", f"{self._repo}/issues/{pull}/comments", {"body": body})
            return str(made["id"])
        try:
            await self._api.send("PATCH", f"{self._repo}/issues/comments/{known}", {"body": body})
        except NotThere as error:
            raise MessageGone("Somebody deleted the comment.") from error
        return known

    async def status(self, status: Status) -> bool:
        body = {"state": STATUSES[status.standing], "context": f"octopod/{status.name}"}
        body |= {"description": status.description} | ({"target_url": status.url} if status.url else {})
        await self._api.send("POST", f"{self._repo}/statuses/{status.commit}", body)
        return True

    async def deployment(self, deployment: Deployment, known: str) -> str:
        id = known or await self._deployment(deployment) or await self._deploy(deployment)
        body: dict[str, Any] = {
            "state": DEPLOYMENTS[deployment.standing],
            "description": deployment.description,
            "auto_inactive": False,
        }
        body |= {"environment_url": deployment.url} if deployment.url else {}
        body |= {"log_url": deployment.log_url} if deployment.log_url else {}
        try:
            await self._api.send("POST", f"{self._repo}/deployments/{id}/statuses", body)
        except NotThere as error:
            raise MessageGone("Somebody deleted the deployment.") from error
        return id

    async def _deployment(self, deployment: Deployment) -> str:
        """One that was made, but of which no answer came."""
        there = await self._api.get(
            f"{self._repo}/deployments", environment=deployment.environment, sha=deployment.commit, per_page=100
        )
        return next((str(one["id"]) for one in listed(there) if _release(one) == deployment.release), "")

    async def _deploy(self, deployment: Deployment) -> str:
        made = await self._api.send(
            "POST",
            f"{self._repo}/deployments",
            {
                "ref": deployment.commit,
                "environment": deployment.environment,
                "description": deployment.description,
                "payload": {"octopod": deployment.release},
                "transient_environment": True,
                "production_environment": False,
                "auto_merge": False,
                "required_contexts": [],
            },
        )
        return str(made["id"])

    async def runs(self, commit: str) -> Sequence[CiRun]:
        """Workflow runs; then what Actions and other CI tell as checks; then statuses, the newest of each name."""
        workflows = await self._api.pages(f"{self._repo}/actions/runs", "workflow_runs", head_sha=commit)
        checks = await self._api.pages(f"{self._repo}/commits/{commit}/check-runs", "check_runs", filter="latest")
        statuses = await self._api.pages(f"{self._repo}/commits/{commit}/status", "statuses")
        return [
            *(run for one in workflows for run in self._said("workflow_run", {"workflow_run": one})),
            *(run for one in checks for run in self._said("check_run", {"check_run": one})),
            *(run for one in statuses for run in self._said("status", {**one, "sha": commit})),
        ]

    def _said(self, event: str, body: dict[str, Any]) -> Sequence[CiRun]:
        return said(
            lambda raw: github.told(event, False, raw), {**body, "repository": {"clone_url": "https://here/it"}}
        )


def _release(deployment: dict[str, Any]) -> str:
    """It comes back as it was given, or as text."""
    payload = deployment.get("payload")
    try:
        payload = json.loads(payload) if isinstance(payload, str) else payload
    except ValueError:
        return ""
    return str(payload.get("octopod", "")) if isinstance(payload, dict) else ""
