"""A strict stand-in for the few calls of GitHub's API that are used, made from https://docs.github.com/en/rest."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from standin import Call, Json, Refused, Route, Standin, a_commit, required

DEPLOYMENT_STATES = required("error failure inactive in_progress queued pending success")


class GitHubStandin(Standin):
    """`pulls` by number; `comments` by id; `statuses` by commit, the newest last; `deployments` by id, each with its
    statuses; `workflows`, `checks`, `marks`: what CI says."""

    base = "/api/v3"
    headers: ClassVar = {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "octopod",
    }

    def __init__(self, repository: str = "acme/shop") -> None:
        super().__init__()
        self.repository = repository
        self.pulls: dict[int, Json] = {}
        self.comments: dict[int, Json] = {}
        self.statuses: dict[str, list[Json]] = {}
        self.deployments: dict[int, Json] = {}
        self.workflows: list[Json] = []
        self.checks: list[Json] = []
        self.marks: list[Json] = []
        self.app_key: rsa.RSAPrivateKey | None = None
        self.installed = True
        self.life = timedelta(hours=1)

    def open(self, branch: str, number: int | None = None) -> int:
        number = number or self.new_id()
        self.pulls[number] = {"number": number, "state": "open", "head": {"ref": branch, "label": f"acme:{branch}"}}
        return number

    def comment_on(self, pull: int) -> str:
        """The only one."""
        (found,) = [one["body"] for one in self.comments.values() if one["issue"] == pull]
        return str(found)

    def newest(self, commit: str) -> Json:
        return self.statuses[commit][-1]

    def last(self) -> str:
        """The newest state of the newest deployment."""
        return next((self.states(id)[-1] for id in reversed(self.deployments) if self.states(id)), "")

    def states(self, deployment: int) -> list[str]:
        return [one["state"] for one in self.deployments[deployment]["statuses"]]

    def key_of_app(self) -> str:
        """A new one, as PEM."""
        self.app_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        return self.app_key.private_bytes(*pem).decode()

    def is_app(self, token: str) -> bool:
        if self.app_key is None:
            return False
        claims = jwt.decode(token, self.app_key.public_key(), algorithms=["RS256"], leeway=3600)
        return bool(claims["iss"] == "12345" and 0 < claims["exp"] - claims["iat"] <= 600)

    def routes(self) -> list[Route]:
        repo = f"/repos/{self.repository}"
        deployment = "ref task auto_merge required_contexts payload environment description transient_environment "
        status = "state target_url log_url description environment environment_url auto_inactive"
        return [
            Route("GET", f"{repo}/pulls", self._pulls, required("state head base sort direction")),
            Route("GET", f"{repo}/issues/{{number}}/comments", self._comments, required("since")),
            Route(
                "POST",
                f"{repo}/issues/{{number}}/comments",
                self._comment,
                body=required("body"),
                needed=required("body"),
                status=201,
            ),
            Route(
                "PATCH", f"{repo}/issues/comments/{{id}}", self._edit, body=required("body"), needed=required("body")
            ),
            Route(
                "POST",
                f"{repo}/statuses/{{sha}}",
                self._status,
                body=required("state target_url description context"),
                needed=required("state"),
                status=201,
            ),
            Route("GET", f"{repo}/deployments", self._deployments, required("sha ref task environment")),
            Route(
                "POST",
                f"{repo}/deployments",
                self._deploy,
                body=required(f"{deployment} production_environment"),
                needed=required("ref"),
                status=201,
            ),
            Route(
                "POST",
                f"{repo}/deployments/{{id}}/statuses",
                self._deployed,
                body=required(status),
                needed=required("state"),
                status=201,
            ),
            Route(
                "GET",
                f"{repo}/actions/runs",
                self._workflows,
                required("actor branch event status created exclude_pull_requests check_suite_id head_sha"),
                key="workflow_runs",
            ),
            Route(
                "GET",
                f"{repo}/commits/{{sha}}/check-runs",
                self._checks,
                required("check_name status filter app_id"),
                key="check_runs",
            ),
            Route("GET", f"{repo}/commits/{{sha}}/status", self._marks, key="statuses"),
            Route("GET", f"{repo}/installation", self._installation, by_app=True),
            Route(
                "POST",
                "/app/installations/{id}/access_tokens",
                self._access,
                body=required("repositories repository_ids permissions"),
                status=201,
                by_app=True,
            ),
        ]

    # --- what the calls do -------------------------------------------------------------------------------------------

    def _pulls(self, call: Call) -> list[Json]:
        of_head = (one for one in self.pulls.values() if one["head"]["label"] == call.query["head"])
        return [one for one in of_head if one["state"] == call.query.get("state", "open")]

    def _comments(self, call: Call) -> list[Json]:
        return [one for one in self.comments.values() if one["issue"] == int(call.place["number"])]

    def _comment(self, call: Call) -> Json:
        number = int(call.place["number"])
        if number not in self.pulls:
            raise Refused(404, "Not Found")
        id = self.new_id()
        self.comments[id] = {"id": id, "issue": number, "body": call.body["body"], "edits": 0}
        return self.comments[id]

    def _edit(self, call: Call) -> Json:
        found = self.comments.get(int(call.place["id"]))
        if found is None:
            raise Refused(404, "Not Found")
        found |= {"body": call.body["body"], "edits": found["edits"] + 1}
        return found

    def _status(self, call: Call) -> Json:
        if call.body["state"] not in ("error", "failure", "pending", "success") or len(call.body["description"]) > 140:
            raise Refused(422, "Validation Failed")
        self.statuses.setdefault(a_commit(call.place["sha"]), []).append(call.body)
        return call.body

    def _deployments(self, call: Call) -> list[Json]:
        wanted = {name: call.query[name] for name in ("sha", "environment") if name in call.query}
        return [one for one in self.deployments.values() if all(one[name] == value for name, value in wanted.items())]

    def _deploy(self, call: Call) -> Json:
        id = self.new_id()
        made = {"id": id, "statuses": [], **call.body, "sha": a_commit(call.body["ref"])}
        if made["required_contexts"] != [] or made["auto_merge"] or len(made["description"]) > 140:
            raise Refused(409, "Conflict merging main into it")
        self.deployments[id] = made
        return made

    def _deployed(self, call: Call) -> Json:
        if call.body["state"] not in DEPLOYMENT_STATES or len(call.body.get("description", "")) > 140:
            raise Refused(422, "Validation Failed")
        found = self.deployments.get(int(call.place["id"]))
        if found is None:
            raise Refused(404, "Not Found")
        found["statuses"].append(call.body)
        return call.body

    def _workflows(self, call: Call) -> list[Json]:
        return [one for one in self.workflows if one["head_sha"] == call.query["head_sha"]]

    def _checks(self, call: Call) -> list[Json]:
        return [one for one in self.checks if one["head_sha"] == call.place["sha"]]

    def _marks(self, call: Call) -> list[Any]:
        """The newest of each name; our own are among them."""
        own = {one["context"]: one for one in self.statuses.get(call.place["sha"], ())}
        return [*self.marks, *own.values()]

    def _installation(self, call: Call) -> Json:
        if not self.installed:
            raise Refused(404, "Not Found")
        return {"id": 77, "app_id": 12345}

    def _access(self, call: Call) -> Json:
        if call.place["id"] != "77" or call.body.get("repositories") != ["shop"]:
            raise Refused(422, "There is at least one repository that does not exist")
        token = f"ghs_{self.new_id()}"
        self.tokens.add(token)
        until = datetime.now(UTC) + self.life
        return {"token": token, "expires_at": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
