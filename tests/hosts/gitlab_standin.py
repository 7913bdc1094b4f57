"""A strict stand-in for the few calls of GitLab's API that are used, made from https://docs.gitlab.com/api/rest/."""

from typing import ClassVar

from standin import Call, Json, Refused, Route, Standin, a_commit, required

OVER = ("success", "failed", "canceled")


class GitLabStandin(Standin):
    """`merges` by number; `notes` by id; `statuses` by commit; `deployments` and `environments` by id; `pipelines`."""

    base = "/api/v4"
    headers: ClassVar = {"Accept": "application/json", "User-Agent": "octopod"}

    def __init__(self, repository: str = "acme%2Fshop") -> None:
        super().__init__()
        self.repository = repository
        self.merges: dict[int, Json] = {}
        self.notes: dict[int, Json] = {}
        self.statuses: dict[str, list[Json]] = {}
        self.deployments: dict[int, Json] = {}
        self.environments: dict[int, Json] = {}
        self.pipelines: list[Json] = []

    def open(self, branch: str, fork: bool = False) -> int:
        iid = self.new_id()
        self.merges[iid] = {"iid": iid, "state": "opened", "source_branch": branch, "target_project_id": 1}
        self.merges[iid]["source_project_id"] = 2 if fork else 1
        return iid

    def note_on(self, iid: int) -> str:
        (found,) = [one["body"] for one in self.notes.values() if one["iid"] == iid]
        return str(found)

    def routes(self) -> list[Route]:
        project = "/projects/{project}"
        body = required("body")
        return [
            Route("GET", f"{project}/merge_requests", self._merges, required("state source_branch target_branch")),
            Route("GET", f"{project}/merge_requests/{{iid}}/notes", self._notes, required("sort order_by")),
            Route("POST", f"{project}/merge_requests/{{iid}}/notes", self._note, body=body, needed=body, status=201),
            Route("PUT", f"{project}/merge_requests/{{iid}}/notes/{{id}}", self._edit, body=body, needed=body),
            Route(
                "POST",
                f"{project}/statuses/{{sha}}",
                self._status,
                body=required("state name context ref target_url description coverage pipeline_id"),
                needed=required("state"),
                status=201,
            ),
            Route(
                "GET",
                f"{project}/deployments",
                self._deployments,
                required("order_by sort updated_after updated_before environment status"),
            ),
            Route("GET", f"{project}/deployments/{{id}}", self._deployment),
            Route(
                "POST",
                f"{project}/deployments",
                self._deploy,
                body=required("environment sha ref tag status"),
                needed=required("environment sha ref tag status"),
                status=201,
            ),
            Route(
                "PUT",
                f"{project}/deployments/{{id}}",
                self._update,
                body=required("status"),
                needed=required("status"),
            ),
            Route(
                "PUT", f"{project}/environments/{{id}}", self._address, body=required("external_url tier description")
            ),
            Route("POST", f"{project}/environments/{{id}}/stop", self._stop, body=required("force")),
            Route(
                "GET",
                f"{project}/pipelines",
                lambda call: [one for one in self.pipelines if one["sha"] == call.query["sha"]],
                required(
                    "name order_by ref scope sha sort source status updated_after updated_before username yaml_errors"
                ),
            ),
        ]

    # --- what the calls do -------------------------------------------------------------------------------------------

    def _merges(self, call: Call) -> list[Json]:
        return [
            one
            for one in self.merges.values()
            if (one["state"], one["source_branch"]) == (call.query["state"], call.query["source_branch"])
        ]

    def _notes(self, call: Call) -> list[Json]:
        return [one for one in self.notes.values() if one["iid"] == int(call.place["iid"])]

    def _note(self, call: Call) -> Json:
        id, iid = self.new_id(), int(call.place["iid"])
        if iid not in self.merges:
            raise Refused(404, "404 Not found")
        self.notes[id] = {"id": id, "iid": iid, "body": call.body["body"], "system": False}
        return self.notes[id]

    def _edit(self, call: Call) -> Json:
        found = self.notes.get(int(call.place["id"]))
        if found is None or found["iid"] != int(call.place["iid"]):
            raise Refused(404, "404 Note Not Found")
        found["body"] = call.body["body"]
        return found

    def _status(self, call: Call) -> Json:
        """A job of a pipeline: one that is not over goes on, else there is a new one."""
        state, there = call.body["state"], self.statuses.setdefault(a_commit(call.place["sha"]), [])
        if state not in ("pending", "running", "success", "failed", "canceled", "skipped"):
            raise Refused(400, "state does not have a valid value")
        same = [one for one in there if one["name"] == call.body["name"] and one["state"] not in OVER]
        if same and same[-1]["state"] == state:
            raise Refused(
                400, f'Cannot transition status via :run from :{state} (Reason(s): Status cannot transition via "run")'
            )
        if same:
            same[-1] |= call.body
        else:
            there.append(dict(call.body))
        return call.body

    def _deployments(self, call: Call) -> list[Json]:
        found = [
            one
            for one in self.deployments.values()
            if one["environment"]["name"] == call.query["environment"] and one["status"] == call.query["status"]
        ]
        return sorted(found, key=lambda one: -one["id"])

    def _deployment(self, call: Call) -> Json:
        if int(call.place["id"]) not in self.deployments:
            raise Refused(404, "404 Not found")
        return self.deployments[int(call.place["id"])]

    def _deploy(self, call: Call) -> Json:
        a_commit(call.body["sha"])
        name = call.body["environment"]
        environment = next((one for one in self.environments.values() if one["name"] == name), None)
        if environment is None:
            environment = {"id": self.new_id(), "name": name, "state": "available"}
            self.environments[environment["id"]] = environment
        environment["state"] = "available"
        id = self.new_id()
        self.deployments[id] = {
            "id": id,
            "environment": environment,
            **{k: call.body[k] for k in ("sha", "ref", "status")},
        }
        return self.deployments[id]

    def _update(self, call: Call) -> Json:
        found = self._deployment(call)
        if call.body["status"] not in ("running", *OVER):
            raise Refused(400, "status does not have a valid value")
        if found["status"] in OVER and call.body["status"] in ("running", "canceled", found["status"]):
            raise Refused(400, "status cannot transition")
        found["status"] = call.body["status"]
        return found

    def _address(self, call: Call) -> Json:
        found = self.environments[int(call.place["id"])]
        found |= call.body
        return found

    def _stop(self, call: Call) -> Json:
        if int(call.place["id"]) not in self.environments:
            raise Refused(404, "404 Not found")
        self.environments[int(call.place["id"])]["state"] = "stopped"
        return self.environments[int(call.place["id"])]
