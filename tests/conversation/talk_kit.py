"""A whole bot in this process, behind the stand-in for Slack: people say things, the engine reports, all can look.

Real: the store on a file, bolt, service, worker, doors, git, renderer. Fake: the engine and the prober. The clock goes
on by itself and can be moved.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp import web
from cryptography.fernet import Fernet
from fakes import FakeEngine, FakeProber
from git_kit import Origin, a_cache
from standin_kit import Json, Workspace, in_socket_mode, workspace

from bot.app import Bot, Neighbours, Slack
from bot.domain.checking import BEAT
from bot.domain.following import Rhythm
from bot.domain.project import Follow, Manifests, Project, Roles
from bot.environment import Places
from bot.hosts.hosts import NoHosts
from bot.keys import read_keys
from bot.ports import Checker, GitHosts, Images
from bot.probe.checks import NoChecks
from bot.render.helm import HelmRenderer
from bot.render.helm_program import HelmProgram
from bot.render.renderer import SourceRenderer
from bot.site import site
from bot.store.store import Store
from bot.worker.pump import Pace
from handlers import compare, health, tombstone, webhooks

PACE = Pace(first_retry=0.02, longest_retry=0.1, longest_wait=0.2, edits=0.0, reports=0.0)
PAYLOADS = Path(__file__).parents[1] / "forge" / "payloads"
SECRET = "a secret of webhooks"
# Slack waits for three seconds. Here everything is one process, and beside it run several others of the same kind.
PATIENT = {"ack_seconds": 30.0, "trigger_seconds": 30.0}
RHYTHM = Rhythm(apart=timedelta(), settle=timedelta())
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "${image}", command: [python, web.py]}]
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message, and the channel that it stands in."""

    channel: str
    ts: str
    raw: Json

    @property
    def text(self) -> str:
        """All that there is to read, buttons included."""
        return "\n".join(_texts(self.raw["blocks"])) if self.raw["blocks"] else str(self.raw["text"])

    @property
    def buttons(self) -> dict[str, Json]:
        rows = (block["elements"] for block in self.raw["blocks"] if block["type"] == "actions")
        return {element["action_id"]: element for row in rows for element in row}


def _texts(thing: Any) -> list[str]:
    if isinstance(thing, list):
        return [text for item in thing for text in _texts(item)]
    if not isinstance(thing, dict):
        return []
    if isinstance(thing.get("text"), str):
        return [thing["text"]]
    return [text for key in ("text", "fields", "elements") for text in _texts(thing.get(key))]


class Clock:
    """The bot's time."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Talk:
    def __init__(
        self, slack: Workspace, bot: Bot, origin: Origin, engine: FakeEngine, prober: FakeProber, clock: Clock, url: str
    ) -> None:
        self.slack, self.bot, self.origin = slack, bot, origin
        self.engine, self.prober, self.clock, self.url = engine, prober, clock, url
        self._presses = 0
        self._pulls = timedelta()

    async def visit(self, url: str) -> tuple[int, str]:
        """The bot's own answer at one of the hosts that lead to it: status and page."""
        parts = urlsplit(url)
        async with self.slack.http.get(f"{self.url}{parts.path}", headers={"Host": parts.netloc}) as answer:
            return answer.status, await answer.text()

    # --- what people do. Each returns what they are then told privately.

    async def say(self, user: str, text: str, channel: str = "stagings", thread: Seen | None = None) -> str:
        before = await self._private(user)
        door = "command" if text.startswith("/") else "message"
        more = {"thread_ts": thread.ts} if thread else {}
        done = await self.slack.post(door, user=user, channel=channel, text=text, **more)
        assert done["ok"], done
        return await self._told(user, before)

    async def click(self, user: str, message: Seen, action: str, **more: Any) -> str:
        before = await self._private(user)
        where = {"user": user, "channel": message.channel, "ts": message.ts, "action_id": action}
        done = await self.slack.post("click", **where, **more)
        assert done["ok"], done
        return await self._told(user, before)

    async def deploy(self, branch: str, user: str = "alice") -> Seen:
        """Deployed, and live. The card."""
        await self.say(user, f"/octopod deploy {branch}")
        self.engine.ready(branch)
        await self.settled()
        return await self.card(branch)

    async def report(self, report: Callable[..., None], *facts: str) -> None:
        """The engine tells something, and what follows from it is done."""
        report(*facts)
        await self.settled()

    async def later(self, **time_passed: float) -> None:
        """What is under way ends; then time passes, and the clock's door notices."""
        await self.settled()
        self.clock.ahead += timedelta(**time_passed)
        self.bot.clock.poke()
        await self.bot.service.tick()
        await self.settled()

    async def checked(self, tries: int = 2) -> None:
        """Time passes in which each health check is made so often, and the clock's door notices."""
        await self.bot.health_checks.round()  # what is live since is taken up
        for _ in range(tries):
            self.clock.ahead += 2 * BEAT.usual
            await self.bot.health_checks.round()
        await self.later(seconds=0)

    async def hears(self, path: str, body: Json, event: str = "pull_request") -> tuple[int, str]:
        """Something is told at this door, and what follows from it is done."""
        said = await self.post_signed(path, body, event)
        await self.settled()
        return said

    async def post_signed(self, path: str, body: Json, event: str = "pull_request") -> tuple[int, str]:
        """What this door answers. `event`: as GitHub calls it."""
        raw = json.dumps(body).encode()
        signature = f"sha256={hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()}"
        headers = {"X-Octopod-Signature": signature, "X-Hub-Signature-256": signature, "X-GitHub-Event": event}
        headers |= {"Authorization": f"Bearer {SECRET}", "X-Gitlab-Token": SECRET}
        async with self.slack.http.post(f"{self.url}{path}", data=raw, headers=headers) as answer:
            return answer.status, await answer.text()

    async def tell(self, branch: str, commit: str) -> None:
        """The git host tells that a branch was pushed."""
        told = {"repo": str(self.origin.path), "branch": branch, "commit": commit}
        status, said = await self.hears("/webhooks/generic", told)
        assert status == 202, said

    async def push(self, branch: str, subject: str = "Change") -> str:
        """A commit is pushed, and the git host tells of it. The commit."""
        commit = self.origin.commit(branch, {"README": f"{subject}\n"}, subject)
        await self.tell(branch, commit)
        return commit

    async def merged(self, branch: str, by: str) -> None:
        """GitHub tells that somebody merged the branch."""
        await self.pull(branch, action="closed", by=by, state="closed", merged=True)

    async def pull(
        self, branch: str, *, number: int = 7, action: str = "opened", by: str = "zoe", fork: bool = False, **more: Any
    ) -> None:
        """GitHub tells of a pull request. `more`: what of it is otherwise. A fork's head is where GitHub shows it."""
        told = json.loads((PAYLOADS / "github_pull_request.json").read_text())
        commit = self.origin.git("rev-parse", f"refs/pull/{number}/head" if fork else f"refs/heads/{branch}")
        self._pulls += timedelta(seconds=1)
        told["pull_request"] |= {
            "number": number,
            "title": "Spreadsheet export",
            "html_url": f"https://github.com/acme/shop/pull/{number}",
            "updated_at": (datetime(2026, 5, 1, tzinfo=UTC) + self._pulls).isoformat(),
            "labels": [],
            **more,
        }
        told["pull_request"]["head"] |= {"ref": branch, "sha": commit, "repo": None if fork else {"id": 1}}
        told["pull_request"]["base"] |= {"repo": {"id": 1}}
        told |= {"action": action, "sender": {"login": by}}
        told["repository"] |= {"clone_url": str(self.origin.path)}
        status, said = await self.hears("/webhooks/github", told)
        assert status == 202, said

    async def drop(self, branch: str) -> None:
        """The branch is deleted, and the git host tells of it."""
        self.origin.delete(branch)
        gone = {"repo": str(self.origin.path), "branch": branch, "commit": "0" * 40, "deleted": True}
        status, said = await self.hears("/webhooks/generic", gone)
        assert status == 202, said

    # --- what can be seen

    async def seen(self, channel: str = "stagings") -> list[Seen]:
        """What all can read in a channel, its threads included."""
        return [Seen(channel, m["ts"], m) for m in await self.slack.messages(channel) if _public(m)]

    async def posts(self, channel: str = "stagings") -> list[Seen]:
        return [message for message in await self.seen(channel) if not message.raw["thread_ts"]]

    async def card(self, name: str) -> Seen:
        found = [m for m in await self.posts() if m.raw["by_app"] and f"*{name}*" in m.text]
        return found[-1]

    async def thread(self, parent: Seen) -> list[Seen]:
        return [m for m in await self.seen(parent.channel) if m.raw["thread_ts"] == parent.ts]

    async def replies(self, name: str) -> list[str]:
        """The texts in the thread of a staging's card, without the progress of its releases."""
        return [m.text for m in await self.thread(await self.card(name)) if not m.text.startswith("*Release")]

    async def progress(self, name: str) -> list[str]:
        return [m.text for m in await self.thread(await self.card(name)) if m.text.startswith("*Release")]

    async def private(self, user: str) -> list[Seen]:
        """What only this person sees, in the order in which it was said."""
        return sorted(await self._private(user), key=lambda message: message.ts)

    async def direct(self, user: str) -> list[Seen]:
        """The bot's direct messages to this person."""
        found = [one for one in (await self.slack.state())["channels"] if one["name"] == f"@{user}"]
        return [Seen(one["id"], m["ts"], m) for one in found for m in one["messages"] if _public(m)]

    async def until(self, condition: Callable[[Json], Any], seconds: float = 10) -> Any:
        return await self.slack.until(condition, seconds)

    async def settled(self) -> None:
        """Nothing is due, claimed or unread; seen twice in a row, as one kind of work makes another."""
        quiet = 0
        async with asyncio.timeout(30):
            while quiet < 2:
                await self.bot.doors.drained()
                await self.bot.settled()
                unread = self.engine.unread or self.bot.watch.unread or self.bot.doors.running
                quiet = 0 if unread else quiet + 1

    async def post(self, body: bytes, content_type: str, secret: str | None = None) -> int:
        """Straight to the door for Slack, signed (with another secret, if one is given)."""
        async with self._posted(body, content_type, secret) as answer:
            return answer.status

    async def post_for_answer(self, body: bytes, content_type: str) -> Json:
        """The same, and what the bot says in its ack."""
        async with self._posted(body, content_type, None) as answer:
            assert answer.status == 200
            text = await answer.text()
            return dict(json.loads(text)) if text else {}

    def _posted(
        self, body: bytes, content_type: str, secret: str | None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        stamp = str(int(time.time()))
        key = (secret or self.slack.secrets.signing_secret).encode()
        digest = hmac.new(key, f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}
        headers["Content-Type"] = content_type
        return self.slack.http.post(f"{self.url}/slack/events", data=body, headers=headers)

    async def press(self, user_id: str, drawn: Seen, action: str) -> int:
        """A button as it was drawn then, whatever the message shows by now: the second click of a double click."""
        self._presses += 1
        channel = {"id": "C02STAGINGS", "name": "stagings"}
        payload = {
            "type": "block_actions",
            "team": {"id": "T00OCTO"},
            "user": {"id": user_id},
            "channel": channel,
            "message": {"ts": drawn.ts},
            "container": {"type": "message", "message_ts": drawn.ts, "channel_id": channel["id"]},
            "trigger_id": f"pressed-{self._presses}",
            "actions": [drawn.buttons[action]],
        }
        form = urlencode({"payload": json.dumps(payload)}).encode()
        status = await self.post(form, "application/x-www-form-urlencoded")
        await self.settled()
        return status

    async def event(self, payload: Json) -> int:
        return await self.post(json.dumps(payload).encode(), "application/json")

    # --- helpers

    async def _told(self, user: str, before: list[Seen]) -> str:
        await self.settled()
        known = {(m.channel, m.ts) for m in before}
        return "\n\n".join(m.text for m in await self.private(user) if (m.channel, m.ts) not in known)

    async def _private(self, user: str) -> list[Seen]:
        state = await self.slack.state()
        id = next(person["id"] for person in state["users"] if person["name"] == user)
        return [
            Seen(channel["id"], message["ts"], message)
            for channel in state["channels"]
            for message in channel["messages"]
            if message["ephemeral_to"] == id
        ]


def _public(message: Json) -> bool:
    return message["ephemeral_to"] is None and not message["deleted"]


def shop(origin: Origin, name: str = "shop", **changes: Any) -> Project:
    given: dict[str, Any] = {
        "name": name,
        "repo": str(origin.path),
        "source": Manifests(PurePosixPath("deploy")),
        "channel": "stagings",
        "alerts": "stagings-alerts",
        "hosts": {"web": "${staging}.localhost"},
        "scheme": "http",
        "ttl": timedelta(days=3),
        "roles": Roles(),
        "follow": Follow(baseline=False),
        "good_after": timedelta(),
    }
    return Project(**{**given, **changes})


def branches(folder: Path) -> Origin:
    """`main`, `feature-x` (with data), `feature-y` (without)."""
    origin = Origin(folder)
    origin.commit("main", {"deploy/web.yaml": WEB}, "The shop")
    origin.commit("feature-x", {"deploy/data.yaml": CLAIM}, "Keep orders")
    origin.commit("feature-y", {"README": "y\n"}, "Say y")
    return origin


def a_renderer(folder: Path, helm: HelmRenderer | None) -> SourceRenderer:
    return SourceRenderer(helm or HelmRenderer(HelmProgram("no-helm-here", folder / "helm")))


@asynccontextmanager
async def talking(
    folder: Path,
    database: Path,
    *,
    way: str = "http",
    project: Mapping[str, Any] | None = None,
    faults: Sequence[Json] = (),
    images: Callable[[aiohttp.ClientSession], Images] | None = None,
    helm: HelmRenderer | None = None,
    environ: Mapping[str, str] | None = None,
    rhythm: Rhythm = RHYTHM,
    hosts: Callable[[aiohttp.ClientSession], GitHosts] | None = None,
    checker: Checker | None = None,
) -> AsyncIterator[Talk]:
    """`database`: a migrated one, which is copied, as is the repository beside it. `way`: http (signed), socket, or
    none yet. `project`: changes to the shop. `faults`: what goes wrong in Slack from before the bot's start. `images`:
    makes what asks the registry. `environ`: the bot's own environment. `rhythm`: how often branches are looked at.
    `hosts`: makes what knows the APIs of git hosts. `checker`: what health checks come to; else none can be made."""
    shutil.copy(database, folder / "octopod.db")
    origin = Origin(folder / "origin", of=database.with_name("origin"))
    clock, engine, prober = Clock(), FakeEngine(), FakeProber()
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with AsyncExitStack() as stack:
        events = f"{url}/slack/events" if way == "http" else None
        slack = await stack.enter_async_context(
            workspace(folder / "slack", events_url=events, retry_delays=(0.05, 0.05, 0.05), **PATIENT)
        )
        store = Store(f"sqlite+aiosqlite:///{folder / 'octopod.db'}")
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        connection = Slack(session, f"{slack.base}/api/", slack.secrets.bot_token, slack.secrets.signing_secret)
        for fault in faults:
            assert (await slack.post("fault", **fault))["ok"]
        await connection.workspace.greeted()
        await connection.directory.refresh()
        neighbours = Neighbours(
            a_cache(folder / "git"),
            a_renderer(folder, helm),
            engine,
            prober,
            images(session) if images else None,
            Places(environ or {}, None),
            hosts(session) if hosts else NoHosts(),
            checker or NoChecks(),
        )
        known = shop(origin, **(project or {}))
        keys = read_keys(Fernet.generate_key().decode())
        (folder / "trees").mkdir()
        trees = folder / "trees"
        bot = Bot(store, keys, {known.name: known}, neighbours, connection, trees, now=clock, pace=PACE, rhythm=rhythm)
        await stack.enter_async_context(_listening(bot, listening))
        if way == "socket":
            await stack.enter_async_context(in_socket_mode(slack, connection.bolt))
        await stack.enter_async_context(_running(bot))
        yield Talk(slack, bot, origin, engine, prober, clock, url)


@asynccontextmanager
async def _listening(bot: Bot, listening: socket.socket) -> AsyncIterator[None]:
    gone = tombstone.door(bot.service, bot.doors.back, lambda user: bot.slack.directory.person(user).handle)
    metrics = health.metrics(bot.metrics.registry, bot.count)
    healthz, readyz = health.healthz(lambda: True), health.readyz(lambda: True)
    pages = compare.door(bot.service, gone)
    hooks = webhooks.Webhooks(lambda name: [SECRET], bot.service.projects, bot.asker, visits=bot.visits)
    projects = bot.service.projects.values()
    app = site(bot.slack.bolt, healthz, readyz, metrics, pages, projects, more=hooks.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    try:
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _running(bot: Bot) -> AsyncIterator[None]:
    task = asyncio.create_task(bot.run())
    try:
        yield
    finally:
        assert not task.done(), "the bot stopped by itself"
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
