"""What anybody can send who knows the secret: git hooks of other hosts, and CI.

POST /webhooks/generic  {"repo": "https://…", "branch": "feature-x", "commit": "40 hex digits"}
                        {"repo": "https://…", "branch": "feature-x", "deleted": true}
                        {"repo": "https://…", "branch": "feature-x", "merged": true}
POST /api/ci            {"repo": "https://…", "commit": "…", "state": "running | passed | failed | …", "url": "https://…"}
"""

from bot.domain.hearsay import CiRun, CiState, Merged, Pushed
from bot.forge import address
from bot.forge.reading import NOBODY, Body, Told, ci_state


def pushed(raw: bytes) -> Told:
    """`by` may say who did it. Raises Unreadable."""
    body = Body.of(raw)
    if body.text("branch").startswith("refs/") and not body.text("branch").startswith("refs/heads/"):
        return Told(note="Only branches are followed.")
    if body.flag("merged"):
        return body.told(_repo(body), Merged(body.branch("branch"), body.text("by")))
    gone = body.flag("deleted") or body.text("commit") == NOBODY
    said = Pushed(body.branch("branch"), None if gone else body.commit("commit"), body.text("by"))
    return body.told(_repo(body), said)


def ci(raw: bytes) -> Told:
    """`name`, `number` and `started_at` may be said, too. Raises Unreadable."""
    body = Body.of(raw)
    state = ci_state(body.text("state"))
    if state is None:
        words = "running, passed, failed or skipped"
        body.wrong("state", f"must be {words}" if body.has("state") else f"is missing: {words}")
    if body.has("url") and not body.url("url"):
        body.wrong("url", "must be an http:// or https:// URL")
    run = CiRun(
        body.commit("commit"),
        state or CiState.RUNNING,
        body.text("name"),
        body.text("number").removeprefix("#"),
        body.url("url"),
        body.moment("started_at"),
    )
    return body.told(_repo(body), run)


def _repo(body: Body) -> tuple[str]:
    """As in octopod.yaml, or another address of the same repository."""
    repo = body.text("repo", longest=2000)
    if address.read(repo) is None:
        what = "an address such as https://github.com/acme/shop.git"
        body.wrong("repo", f"must be {what}" if body.has("repo") else f"is missing: {what}")
    return (repo,)
