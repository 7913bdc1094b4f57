"""What anybody can send who knows the secret: git hooks of other hosts, access logs, and CI.

POST /webhooks/generic  {"repo": "https://…", "branch": "feature-x", "commit": "40 hex digits"}
                        {"repo": "https://…", "branch": "feature-x", "deleted": true}
                        {"repo": "https://…", "branch": "feature-x", "merged": true}
POST /webhooks/visits   {"host": "feature-x.shop.example.com"}
POST /api/ci            {"repo": "https://…", "commit": "…", "state": "running | passed | failed | …", "url": "https://…"}
"""

import re

from bot.domain.hearsay import CiRun, CiState, Merged, Pushed, Visit
from bot.forge import address
from bot.forge.reading import NOBODY, Body, Told, ci_state

_HOST = re.compile(r"([a-z0-9_-][a-z0-9_.-]{0,252}?)\.?(?::[0-9]{1,5})?", re.ASCII)


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


def visited(raw: bytes) -> Told:
    """The host as requests carry it, with or without a port. Raises Unreadable."""
    body = Body.of(raw)
    found = _HOST.fullmatch(body.text("host", longest=300).lower())
    if not found:
        body.wrong("host", "must be a host" if body.has("host") else "is missing: a host, such as x.shop.example.com")
    body.checked()
    return Told(said=(Visit(found[1] if found else ""),))


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
